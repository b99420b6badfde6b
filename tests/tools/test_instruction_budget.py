"""tools/instruction_budget.py fails for what it should fail for, and reads callgrind's dumps."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from instruction_budget import compare, counts_in, message


@pytest.mark.parametrize(
    "counted, budget, limit, well, words",
    [
        (1000, 1000, None, True, ""),
        (1030, 1000, None, True, ""),
        (1031, 1000, None, False, "over its budget"),
        (970, 1000, None, True, ""),
        (969, 1000, None, True, "lower it"),
        (1000, 1000, 1000, True, ""),
        (1001, 1000, 1000, False, "over its limit"),
        (1000, None, None, False, "has no budget"),
        (None, 1000, None, False, "was not counted"),
    ],
)
def test_compares_with_budget_and_limit(capsys, counted, budget, limit, well, words):
    def only(number):
        return {} if number is None else {"case": number}

    assert compare(only(counted), only(budget), only(limit)) == well
    row = capsys.readouterr().out.splitlines()[1]
    assert words in row


def test_reads_a_count_from_the_end_of_a_dump(tmp_path):
    (tmp_path / "program").write_text("summary: 7\ntotals: 7\n")
    dump = "part: {0}\ndesc: Trigger: Client Request: 100 case {0}\nsummary: 9999\nfn=(1)\n3 4\n\ntotals: {1}\n"
    (tmp_path / "program.10").write_text(dump.format(10, 5000))
    (tmp_path / "program.2").write_text(dump.format(2, 250))
    assert list(counts_in(tmp_path).items()) == [("case 2", 2.5), ("case 10", 50)]


def test_makes_the_frames_of_a_message():
    # RFC 6455 section 5.7
    assert message(b"Hello") == (
        bytes.fromhex("818537fa213d7f9f4d5158"),
        bytes.fromhex("810548656c6c6f"),
    )

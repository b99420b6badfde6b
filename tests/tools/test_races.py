"""The races of bench/races: what they reckon, what they write, and that they take turns."""

import dataclasses
import json
import os
import statistics
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "races"))

import racing  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402
from cells import CELLS, FAMILIES  # noqa: E402
from racing import Cell, Length, Measurement, median, race, ratios  # noqa: E402


def measured(per_second=100.0, cpu_us=5.0, server_busy=1.0, connection_bytes=0.0, errors="", load_busy=0.5):
    return Measurement(per_second, cpu_us, 1.0, server_busy, load_busy, 10.0, 20.0, connection_bytes, errors)


def ratio(ours, theirs, idle=False):
    found, by = ratios(ours, theirs, idle)
    return statistics.median(found), by


def document(mode="echo", **more):
    """What `duplex bench --json` writes, as far as races read it."""
    return {
        "mode": mode,
        "messages": {"per_second": 1000.5},
        "connections": {"per_second": 77.0},
        "latency_us": {"p50": 12.0, "p99": 34.0},
        "errors": [],
        "load": {"busy": 0.8},
        "server": {
            "busy": 0.99,
            "cpu_us_per_message": 2.5,
            "user_us_per_message": 0.5,
            "memory_bytes_per_connection": 250.0,
        },
    } | more


def result_of(rounds, at_least=None, idle=False, bytes_max=None, not_run=""):
    return {
        "title": "Echo of something",
        "url": "ws://{}/echo",
        "load": ["-c", "50"],
        "note": "",
        "not_run": not_run,
        "idle": idle,
        "at_least": at_least or {},
        "bytes_max": bytes_max,
        "seconds": 1.5,
        "rounds": {name: [each and vars(each) for each in all_rounds] for name, all_rounds in rounds.items()},
        "date": "2000-01-01",
        "commit": "abcdef",
    }


# Reckoning.


def test_a_measurement_is_read_from_the_load_s_report():
    assert Measurement.of(document()) == Measurement(1000.5, 2.5, 0.5, 0.99, 0.8, 12.0, 34.0, 250.0, "")


def test_idle_connections_are_counted_by_how_fast_they_opened_and_have_no_latency():
    figures = document("idle", latency_us={}, server={"busy": 0.1, "memory_bytes_per_connection": 250.0})
    assert Measurement.of(figures) == Measurement(77.0, 0, 0, 0.1, 0.8, 0, 0, 250.0, "")


def test_errors_of_the_load_are_kept():
    errors = [{"kind": "reset", "count": 3, "example": "by peer"}, {"kind": "timeout", "count": 1, "example": ""}]
    assert Measurement.of(document(errors=errors)).errors == "3 × reset; 1 × timeout"


def test_the_median_is_that_of_each_figure_for_itself():
    rounds = [measured(100, 9), measured(300, 1, errors="3 × reset"), measured(200, 5)]
    assert median(rounds) == measured(200, 5, errors="3 × reset")


@pytest.mark.parametrize(
    "ours, theirs, idle, expected",
    [
        (measured(300, 3, 0.99), measured(200, 4, 0.96), False, (1.5, "rate")),
        (measured(300, 3, 0.94), measured(200, 6, 1.0), False, (2.0, "CPU")),
        (measured(300, 3, 1.0), measured(200, 6, 0.5), False, (2.0, "CPU")),
        (measured(300, 3, 1.0, load_busy=0.95), measured(200, 6, 1.0), False, (2.0, "CPU")),
        (measured(300, 3, 1.0), measured(200, 6, 1.0, load_busy=0.95), False, (2.0, "CPU")),
        (measured(connection_bytes=200), measured(connection_bytes=5000), True, (25.0, "memory")),
    ],
)
def test_ratios_are_by_rate_only_where_both_servers_were_the_limit_and_not_the_load(ours, theirs, idle, expected):
    assert ratio([ours], [theirs], idle) == expected


def test_a_ratio_is_the_median_of_those_within_each_round():
    # Slow rounds are slow for both.
    ours = [measured(300), measured(120), measured(330), measured(110)]
    theirs = [measured(200), measured(100), measured(220), measured(100)]
    assert ratio(ours, theirs) == (1.35, "rate")
    # A round that one of them has missed says nothing.
    assert ratio([None, *ours], [measured(1), *theirs]) == (1.35, "rate")
    assert ratio([measured(900), *ours], [None, *theirs]) == (1.35, "rate")
    # Nor does one that was too short to count anything.
    assert ratio([measured(900), *ours], [measured(0), *theirs]) == (1.35, "rate")
    assert ratio([measured(0), *ours], [measured(900), *theirs]) == (1.35, "rate")


def test_by_which_figure_is_seen_in_all_rounds_that_the_tables_tell_of():
    # Of the three rounds the load was at its limit in one, which is the only one that both have.
    ours = [measured(300, 3, load_busy=0.99), measured(300, 3), measured(300, 3)]
    assert ratio(ours, [measured(200, 4), None, None]) == (1.5, "rate")


def test_half_of_the_rounds_lie_in_the_middle():
    assert racing.middle_half([1.0, 5.0, 2.0, 4.0, 3.0]) == (2.0, 4.0)
    assert racing.middle_half([7.0]) == (7.0, 7.0)


# The report.


def test_what_is_required_is_judged_by_the_medians():
    result = result_of(
        {"duplex": [measured(90), measured(96), measured(99)], "bare": [measured(100)] * 3}, {"bare": 0.97}
    )
    (verdict,) = report.verdicts(result)
    assert (verdict.ratio, verdict.held) == (0.96, False)
    assert report.missed(result) == ["0.96 × bare (rate), at least 0.97 ✗ **missed**"]
    result["at_least"] = {"bare": 0.96}
    assert report.missed(result) == []


def test_a_rival_that_was_not_measured_is_a_shortfall():
    assert report.missed(result_of({"duplex": [measured()], "bare": []}, {"bare": 0.9})) == ["bare: not measured"]
    assert report.missed(result_of({"duplex": [], "bare": [measured()]}, {"bare": 0.9})) == ["bare: not measured"]


def test_idle_connections_are_judged_by_a_limit_too():
    result = result_of({"duplex": [measured(connection_bytes=257)]}, idle=True, bytes_max=256)
    assert report.missed(result) == ["257 bytes each"]
    result["bytes_max"] = 257
    assert report.missed(result) == []
    assert report.missed(result_of({"duplex": [measured()]}, idle=True, bytes_max=256)) == ["0 bytes each"]


def test_a_race_without_a_round_of_both_is_a_shortfall():
    result = result_of({"duplex": [measured()], "bare": [measured()]}, {"bare": 0.9})
    result["rounds"] = {"duplex": [None, vars(measured())], "bare": [vars(measured()), None]}
    assert report.missed(result) == ["bare: not measured"]
    result["rounds"]["duplex"].append(vars(measured(50)))
    result["rounds"]["bare"].append(vars(measured(100)))
    assert report.missed(result) == ["0.50 × bare (rate), at least 0.9 ✗ **missed**"]


def test_a_race_that_was_not_run_says_why():
    result = result_of({"duplex": [], "bare": []}, {"bare": 0.9}, not_run="too few descriptors")
    assert report.missed(result) == []
    assert "`x` was not run: too few descriptors." in report.section("x", result)
    assert "| x | not run | 0.9 × bare |" in report.requirements({"x": result})


def test_errors_of_ours_are_a_shortfall():
    result = result_of({"duplex": [measured(), measured(errors="2 × reset")], "bare": [measured(errors="1 × x")]})
    assert report.missed(result) == ["errors, 2 × reset"]


def test_another_duplex_is_no_rival():
    result = result_of({"duplex": [measured()], "duplex, inflating": [measured()], "bare": [measured()]})
    assert [each.rival for each in report.verdicts(result)] == ["bare"]


def test_a_section_has_all_that_was_measured():
    text = report.section(
        "echo-x",
        result_of(
            {
                "duplex": [measured(1000), measured(3000), measured(2000)],
                "bare": [measured(4000, errors="2 × reset")] * 3,
                "slow": [None, None, None],
            },
            {"bare": 0.4},
        ),
    )
    assert "### Echo of something\n" in text
    assert "`echo-x`: `duplex bench ws://HOST:PORT/echo -c 50`, 3 rounds of 1.5 s, 2000-01-01, commit abcdef." in text
    assert "| duplex | 2,000 | 1,000 … 3,000 | 5.000 µs | 1.000 µs | 100% | 50% | 10 µs | 20 µs |" in text
    assert "duplex: 0.50 × bare (rate), at least 0.4 ✓." in text
    assert "bare: **errors**, 2 × reset." in text
    assert "Could not be measured: slow." in text


def test_a_load_at_its_limit_is_named():
    fast = dataclasses.replace(measured(), load_busy=0.96)
    text = report.section("x", result_of({"duplex": [measured()], "bare": [fast]}))
    assert "The load was at its own limit with bare." in text


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    rounds = {"duplex": [measured(connection_bytes=100)], "bare": [measured(connection_bytes=50)]}
    results = {
        "a": result_of(rounds | {"other": [measured(cpu_us=10, server_busy=0.5)]}, {"bare": 2}),
        "b": result_of(rounds, idle=True, bytes_max=256),
        "c": result_of({"duplex": []}, {"bare": 0.9}),
    }
    text = report.document(results, "Machine: none.\n")
    widths = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            widths.append(line.count("|"))
        else:
            assert len(set(widths)) <= 1
            widths = []
    assert "| a | 100/s | 2 × bare | 1.00 | 1.00 … 1.00 | rate | ✗ **missed** |" in text
    assert "| b | 100 bytes | at most 256 bytes each |  |  | memory | ✓ |" in text
    assert "| c | not measured | 0.9 × bare |  |  |  | ✗ **missed** |" in text
    assert "| race | duplex | bare | other |" in text
    assert "| a | 100/s | 1.00 | 2.00* |" in text
    assert "| b | 100 bytes | 0.50 |  |" in text
    assert "Machine: none." in text


# The races.


def test_each_race_has_one_name_and_duplex_in_it():
    assert len(CELLS) == sum(len(family.CELLS) for family in FAMILIES)
    for name, cell in CELLS.items():
        assert "duplex" in cell.racers and set(cell.at_least) <= set(cell.racers), name
        assert cell.url.count("{}") == 1


def listed(*words):
    command = [sys.executable, "-B", ROOT / "bench" / "races", "--bin", ".", "--list", *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_races_are_chosen_by_name_and_by_pattern():
    assert [line.split()[0] for line in listed().stdout.splitlines()] == list(CELLS)
    chosen = [line.split()[0] for line in listed("file-1k", "echo-1?", "file-*").stdout.splitlines()]
    assert chosen == ["file-1k", "echo-1k", "echo-1m", "file-64k", "file-100k", "file-10m"]
    quick = {line.split()[0] for line in listed("--quick").stdout.splitlines()}
    assert {name for name, cell in CELLS.items() if cell.at_least} <= quick < set(CELLS)


def test_a_race_that_does_not_exist_is_refused():
    refused = listed("echo-20", "ecko")
    assert refused.returncode == 1 and "no race is called ecko" in refused.stderr


@pytest.mark.parametrize("template", ["nginx.conf", "nginx_tls.conf", "h2o.conf"])
def test_a_configuration_is_filled_in(template, tmp_path):
    with servers.Track(tmp_path) as track:
        values = {"port": 1, "clear_port": 2, "certificate": "c", "key": "k"}
        text = track.configured(template, **values).read_text()
        assert "@" not in text and str(track.folder) in text


FAKE_DUPLEX = """#!/usr/bin/python3
import json, os, signal, sys
with open({journal!r}, "a") as journal:
    journal.write(json.dumps(sys.argv[1:]) + "\\n")
if "--pid" not in sys.argv:  # hold connections
    signal.pause()
if "refuse" in sys.argv: sys.exit("nobody answers")
pid = int(sys.argv[sys.argv.index("--pid") + 1])
os.kill(pid, 0)
print({document!r})
"""

FAKE_SERVER_SOURCE = """
import os, sys
print("port 7", flush=True)
connections = [os.dup(0) for _ in range(600)]
sys.stdin.read()
"""

FAKE_SERVER = ["/usr/bin/python3", "-c", FAKE_SERVER_SOURCE]


@pytest.fixture
def fake(tmp_path):
    """A folder with a load that writes down what it is asked, and a way to read that."""
    journal = tmp_path / "journal"
    program = tmp_path / "duplex"
    program.write_text(FAKE_DUPLEX.format(journal=str(journal), document=json.dumps(document())))
    program.chmod(0o755)
    return tmp_path, lambda: [json.loads(line) for line in journal.read_text().splitlines()]


def fake_cell(*load, **more):
    begin = lambda track: track.start(FAKE_SERVER)  # noqa: E731
    return Cell("x", "X", "ws://{}/echo", load, {"duplex": begin, "bare": begin, "other": begin}, **more)


two_cores = pytest.mark.skipif(not {0, 1} <= os.sched_getaffinity(0), reason="races need two cores")


@two_cores
def test_racers_take_turns_and_each_round_begins_with_another(fake):
    folder, asked = fake
    said = []
    cell = fake_cell("-s", "20", at_least={"bare": 0.9, "other": 0.9})
    result = race(cell, folder, Length(3, 0.5, 0.1), said.append)
    assert [line.split()[0] for line in said] == [
        "duplex", "bare", "other", "bare", "other", "duplex", "other", "duplex", "bare",
    ]  # fmt: skip
    assert [len(rounds) for rounds in result["rounds"].values()] == [3, 3, 3]
    assert asked()[0][:4] == ["bench", "ws://127.0.0.1:7/echo", "-s", "20"]
    pids = [words[words.index("--pid") + 1] for words in asked()]
    assert len(set(pids)) == 3 and pids[0] == pids[5] == pids[7]


@two_cores
def test_those_who_matter_have_a_turn_in_each_round_and_the_others_in_each_second(fake):
    folder, _ = fake
    said = []
    result = race(fake_cell(at_least={"bare": 0.9}), folder, Length(3, 0.5, 0.1), said.append)
    assert [line.split()[0] for line in said] == [
        "duplex", "bare", "other", "bare", "duplex", "other", "duplex", "bare",
    ]  # fmt: skip
    taken = {name: [each is not None for each in rounds] for name, rounds in result["rounds"].items()}
    assert taken == {"duplex": [True] * 3, "bare": [True] * 3, "other": [True, False, True]}


@two_cores
def test_where_nobody_matters_there_are_half_as_many_rounds_and_who_begins_changes(fake):
    folder, _ = fake
    said = []
    cell = fake_cell()
    del cell.racers["other"]
    result = race(cell, folder, Length(5, 0.5, 0.1), said.append)
    assert [line.split()[0] for line in said] == ["duplex", "bare", "bare", "duplex", "duplex", "bare"]
    assert [len(rounds) for rounds in result["rounds"].values()] == [3, 3]


@two_cores
def test_only_those_who_matter_are_raced_quickly(fake):
    folder, _ = fake
    cell = fake_cell(at_least={"bare": 0.9})
    result = race(cell, folder, Length(1, 0.5, 0.1, required_only=True), lambda _: None)
    assert list(result["rounds"]) == ["duplex", "bare"]


@two_cores
def test_a_racer_that_fails_leaves_the_others_in_the_race(fake):
    folder, _ = fake
    said = []
    cell = fake_cell()
    cell.racers["bare"] = lambda track: track.start(["/bin/true"])
    result = race(cell, folder, Length(1, 0.5, 0.1), said.append)
    assert [len(racing.measured(rounds)) for rounds in result["rounds"].values()] == [1, 0, 1]
    assert "does not say where it listens" in said[1]


@two_cores
def test_a_load_that_fails_says_why(fake):
    folder, _ = fake
    said = []
    result = race(fake_cell("refuse"), folder, Length(1, 0.5, 0.1), said.append)
    assert result["rounds"] == {"duplex": [None], "bare": [None], "other": [None]}
    assert "nobody answers" in said[0]


@two_cores
def test_idle_connections_have_one_round_and_a_server_that_has_some_already(fake):
    folder, asked = fake
    result = race(fake_cell("--mode", "idle", "-c", "9", idle=True), folder, Length(3, 0.5, 0.1), lambda _: None)
    assert [len(rounds) for rounds in result["rounds"].values()] == [1, 1, 1]
    measuring = [words for words in asked() if "--pid" in words]
    assert all("-c 9" in " ".join(words) and "--warmup" not in words for words in measuring)
    assert len({words[words.index("--pid") + 1] for words in measuring}) == 3


@two_cores
def test_who_can_be_several_processes_is_where_one_may_not_have_enough_files_open(fake):
    folder, asked = fake
    begun = []

    def several(processes):
        begun.append(processes)
        return lambda track: track.start(FAKE_SERVER)

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    cell = fake_cell("-c", "9", descriptors=2 * allowed, several={"duplex": several})
    result = race(cell, folder, Length(1, 0.5, 0.1), lambda _: None)
    assert begun == [3], "the system does not spread connections evenly"
    assert list(result["rounds"]) == ["duplex"] and not result["not_run"]
    assert "-c 9 --threads 3" in " ".join(asked()[0])
    assert "3 processes share the port" in result["note"]


def test_a_race_for_which_the_system_allows_too_little_is_not_run(fake):
    folder, _ = fake
    result = race(fake_cell(descriptors=1 << 40), folder, Length(3, 0.5, 0.1), lambda _: None)
    assert "allowed here" in result["not_run"] and not any(result["rounds"].values())

"""Our server and our client, examined by `duplex check`: every case is right, but for those that are listed here, where
we do what is allowed and not what the check likes best."""

import json
import os
import subprocess

import pytest
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT, program_path

# More than a message may have by default.
LARGE = {"limits/text-4-mib", "limits/binary-4-mib", "limits/text-16-mib", "limits/binary-16-mib"}
LARGE_WHEN_INFLATED = {"deflate/bomb-16-mib", "deflate/bomb-16-mib-in-fragments"}
# Pages of other sites may not connect: by default that is refused, in HTTP's words.
ORIGINS = {"handshake/origin", "handshake/origin-null"}
# Nothing depends on them.
HANDSHAKE = {"handshake/key-not-canonical", "handshake/protocol-doubled", "handshake/protocol-not-a-token"}
# Senders that forget the empty block at the end are common, and are understood.
COMPRESSED_ENDS = {"deflate/no-bytes", "deflate/final-block-without-end"}


def judged(report):
    """What is not right, by verdicts; and how many are."""
    assert report["good"] and report["not_run"] == 0
    cases = {"wrong": set(), "acceptable": set()}
    for case in report["cases"]:
        if case["verdict"] in cases:
            cases[case["verdict"]].add(case["id"])
    assert cases["wrong"] == set()
    return cases["acceptable"], report["counts"]


def check(folder, *arguments):
    # A machine that has much else to do is no fault of ours.
    patient = ("--timeout", str(2 * DEADLINE_S))
    return subprocess.Popen(
        [str(program_path("duplex")), "check", "--json", "report.json", *patient, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=SANITIZER_OPTIONS,
    )


def finish(process):
    output, errors = process.communicate(timeout=4 * DEADLINE_S)
    assert not SANITIZER_REPORT.search(errors), errors
    assert process.returncode == 0, output + errors


def check_server(folder, url, *arguments):
    finish(check(folder, *arguments, url))
    return judged(json.loads((folder / "report.json").read_text()))


def check_client(folder, *options, arguments=(), environment=None):
    process = check(folder, "--listen", 0, *arguments)
    url = process.stdout.readline().split()[-1]
    client = subprocess.run(
        [str(program_path("examples/echo_client")), url, *options],
        capture_output=True,
        text=True,
        timeout=4 * DEADLINE_S,
        env={**SANITIZER_OPTIONS, **(environment or {})},
    )
    assert client.returncode == 0, client.stderr
    finish(process)
    return judged(json.loads((folder / "report.json").read_text()))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--compress",),
        ("--compress", "--compress-keep"),
        ("--compress", "--compress-keep", "--compress-window", "9", "--compress-level", "9"),
    ],
    ids=" ".join,
)
def test_our_server_is_right(start_duplex, tmp_path, options):
    acceptable, counts = check_server(tmp_path, start_duplex(*options).websocket_url + "/echo")
    compressed = LARGE_WHEN_INFLATED | COMPRESSED_ENDS if options else set()
    assert acceptable == LARGE | ORIGINS | HANDSHAKE | compressed
    assert counts["right"] >= (1250 if options else 990)


def test_our_server_is_right_without_limits(start_duplex, tmp_path):
    server = start_duplex("--compress", "--max-message", "64M", "--origin", "*")
    acceptable, _ = check_server(tmp_path, server.websocket_url + "/echo")
    assert acceptable == HANDSHAKE | COMPRESSED_ENDS


def test_our_server_is_right_when_encrypted(start, duplex_program, certificates, tmp_path):
    encrypted = ("--tls-listen", "127.0.0.1:0", *certificates.here.arguments)
    url = start(duplex_program, "serve", *encrypted, "--compress").websocket_url + "/echo"
    acceptable, counts = check_server(tmp_path, url, "--cacert", certificates.root)
    assert acceptable == LARGE | ORIGINS | HANDSHAKE | LARGE_WHEN_INFLATED | COMPRESSED_ENDS
    assert counts["right"] >= 1250


@pytest.mark.parametrize("options", [(), ("keep",)], ids=["anew", "keep"])
def test_our_client_is_right(tmp_path, options):
    acceptable, counts = check_client(tmp_path, *options)
    assert acceptable == (COMPRESSED_ENDS if options else set())
    assert counts["right"] >= 1040


def test_our_client_is_right_when_encrypted(certificates, tmp_path):
    encryption = ("--cert", certificates.here.chain, "--key", certificates.here.key)
    environment = {"SSL_CERT_FILE": str(certificates.root), "PATH": os.environ["PATH"]}
    _, counts = check_client(tmp_path, arguments=encryption, environment=environment)
    assert counts["right"] >= 1040

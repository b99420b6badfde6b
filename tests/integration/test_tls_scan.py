"""testssl.sh, which looks for what should not be offered, and for the holes of the past."""

import json
import subprocess

import pytest


@pytest.fixture(scope="module")
def findings(start_tls_server_for_module, certificates, tmp_path_factory):
    """What it found: identifier -> (severity, words). Some parts are left out here, which take long: the
    simulated clients and each suite on its own."""
    server = start_tls_server_for_module("--threads", "2", certificate=[certificates.here, certificates.here_rsa])
    report = tmp_path_factory.mktemp("scan") / "report.json"
    done = subprocess.run(
        [
            *("testssl", "--openssl", "/usr/bin/openssl", "--add-ca", certificates.root, "--ip", "127.0.0.1"),
            *("--color", "0", "--warnings", "off", "--jsonfile", report),
            # Protocols, suites, forward secrecy, Heartbleed, CCS, ticketbleed, ROBOT, renegotiation,
            # compression.
            *("-p", "-s", "-f", "-H", "-I", "-T", "-BB", "-R", "-C", f"localhost:{server.secure.port}"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
    )
    assert report.exists(), done.stdout.decode()
    return {one["id"]: (one["severity"], one["finding"]) for one in json.loads(report.read_text())}


def test_nothing_is_found_wanting(findings):
    """What it says of itself, that this openssl lacks old and weak things, is no finding."""
    found = {name: told for name, told in findings.items() if name not in ("engine_problem", "scanTime")}
    assert {name: told for name, told in found.items() if told[0] not in ("OK", "INFO")} == {}
    assert len(found) > 20


@pytest.mark.parametrize("protocol", ["SSLv2", "SSLv3", "TLS1", "TLS1_1"])
def test_nothing_below_tls_1_2_is_offered(findings, protocol):
    assert findings[protocol][1] == "not offered"


@pytest.mark.parametrize("protocol", ["TLS1_2", "TLS1_3"])
def test_tls_1_2_and_1_3_are_offered(findings, protocol):
    assert findings[protocol][0] == "OK" and findings[protocol][1].startswith("offered")


@pytest.mark.parametrize("kind", ["NULL", "aNULL", "EXPORT", "LOW", "3DES_IDEA", "AVERAGE"])
def test_no_weak_suite_is_offered(findings, kind):
    assert findings[f"cipherlist_{kind}"][1] == "not offered"


def test_all_suites_are_forward_secret(findings):
    assert findings["PFS"] == ("OK", "offered")
    suites = set(findings["PFS_ciphers"][1].split())
    assert suites == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        *(f"ECDHE-ECDSA-{rest}" for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")),
        *(f"ECDHE-RSA-{rest}" for rest in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")),
    }
    assert {"prime256v1", "X25519"} <= set(findings["PFS_ECDHE_curves"][1].split())


HOLES = ["heartbleed", "CCS", "ticketbleed", "ROBOT", "secure_renego", "secure_client_renego", "CRIME_TLS"]


@pytest.mark.parametrize("hole", HOLES)
def test_the_holes_of_the_past_are_not_there(findings, hole):
    severity, words = findings[hole]
    assert severity == "OK", words

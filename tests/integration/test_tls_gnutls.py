"""TLS with GnuTLS, whose code has nothing in common with the OpenSSL that the server and most other
clients use."""

import subprocess

import pytest
from support.program import DEADLINE_S


@pytest.fixture(scope="module")
def server(start_tls_server_for_module, certificates):
    return start_tls_server_for_module("--threads", "2", certificate=[certificates.here, certificates.here_rsa])


@pytest.fixture
def gnutls(tmp_path, certificates):
    """gnutls(server, *arguments, request): what the server answered, and what gnutls-cli told."""

    def run(server, *arguments, request="GET /tls HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"):
        log = tmp_path / "log"
        done = subprocess.run(
            [
                *("gnutls-cli", "--x509cafile", certificates.root, "--port", str(server.secure.port)),
                *("--alpn", "http/1.1", "--logfile", log, *map(str, arguments), "localhost"),
            ],
            input=request.encode(),
            capture_output=True,
            timeout=DEADLINE_S * 4,  # it writes each byte on its own, which takes seconds on a busy machine
        )
        return done.stdout.decode(), log.read_text() + done.stderr.decode()

    return run


VERSIONS = {"TLSv1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2", "TLSv1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3"}
SUITES = ["AES-128-GCM", "AES-256-GCM", "CHACHA20-POLY1305"]
GROUPS = ["SECP256R1", "SECP384R1", "X25519"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("group", GROUPS)
def test_every_suite_with_every_group(server, gnutls, version, suite, group):
    priority = f"{VERSIONS[version]}:-CIPHER-ALL:+{suite}:-GROUP-ALL:+GROUP-{group}"
    answer, told = gnutls(server, "--priority", priority)
    assert f"protocol: {version}\n" in answer, told
    assert suite.replace("-", "_") in answer
    assert "The certificate is trusted." in told
    assert "application protocol: http/1.1\nserver name: localhost\n" in answer


@pytest.mark.parametrize("version", VERSIONS)
def test_a_session_is_resumed(server, gnutls, version):
    answer, told = gnutls(server, "--resume", "--waitresumption", "--priority", VERSIONS[version])
    assert "This is a resumed session" in told
    assert "resumed: yes\n" in answer


@pytest.mark.parametrize("version", VERSIONS)
def test_who_knows_only_rsa_gets_the_rsa_certificate(server, gnutls, version):
    """Whose chain, by an authority of ECDSA, it can't check."""
    priority = VERSIONS[version] + ":-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256"
    answer, told = gnutls(server, "--no-ca-verification", "--priority", priority)
    assert f"protocol: {version}\n" in answer and "RSA" in told.split("Description:")[1], told


@pytest.mark.parametrize("what", ["%COMPAT", "%NO_TICKETS", "%NO_SESSION_HASH", "%DUMBFW", "%SAFE_RENEGOTIATION"])
@pytest.mark.parametrize("version", VERSIONS)
def test_unusual_habits(server, gnutls, version, what):
    answer, told = gnutls(server, "--priority", f"{VERSIONS[version]}:{what}")
    assert f"protocol: {version}\n" in answer, told


@pytest.mark.parametrize("version", ["-VERS-ALL:+VERS-TLS1.0", "-VERS-ALL:+VERS-TLS1.1"])
def test_old_versions_are_refused(server, gnutls, version):
    answer, told = gnutls(server, "--priority", f"LEGACY:{version}")
    assert answer == "" and "protocol: " not in answer
    assert "alert" in told.lower(), told


def test_cbc_is_refused(server, gnutls):
    answer, told = gnutls(server, "--priority", VERSIONS["TLSv1.2"] + ":-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC")
    assert answer == "" and "Handshake failed" in told


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_certificate(start_tls_server, certificates, gnutls, version):
    server = start_tls_server("--tls-client-ca", certificates.root)
    shown = ["--x509certfile", certificates.client.chain, "--x509keyfile", certificates.client.key]
    answer, told = gnutls(server, *shown, "--priority", VERSIONS[version])
    assert "subject: CN=device 7,O=Example\n" in answer, told
    answer, told = gnutls(server, "--priority", VERSIONS[version])
    assert answer == "" and "alert" in told.lower(), told


@pytest.mark.parametrize("version", VERSIONS)
def test_large_content(server, gnutls, version):
    asked = "GET /generated?bytes=3000000 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    answer, _ = gnutls(server, "--priority", VERSIONS[version], request=asked)
    assert "2990000\n" in answer and answer.endswith("\r\n0\r\n\r\n")


@pytest.mark.parametrize("size", [600, 1024, 4096])
@pytest.mark.parametrize("version", VERSIONS)
def test_records_no_longer_than_it_wants(server, gnutls, version, size):
    """RFC 8449, which the server may pass over, and RFC 6066 section 4, which it knows."""
    asked = "GET /generated?bytes=100000 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
    answer, told = gnutls(server, "--priority", VERSIONS[version], "--recordsize", size, request=asked)
    assert "90000\n" in answer and answer.endswith("\r\n0\r\n\r\n"), told

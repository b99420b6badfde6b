"""What an operator reads about connections that could not be encrypted: who, and why."""

import contextlib
import json
import re
import socket
import ssl

import pytest
from support.frames import handshake
from support.http import Connection, eventually
from support.s_client import s_client
from support.tls import TLS_1_2, HandshakeScript, client_context, tls_connection


@pytest.fixture(scope="module")
def server(start_duplex_for_module, certificates):
    return start_duplex_for_module("--tls-listen", "127.0.0.1:0", *certificates.here.arguments, urls=2)


@pytest.fixture(scope="module")
def strict(start_duplex_for_module, certificates):
    return start_duplex_for_module(
        *("--tls-listen", "127.0.0.1:0", *certificates.here.arguments, "--tls-client-ca", certificates.root), urls=2
    )


def clear_http(server, certificates):
    with Connection(server.secure.address) as raw:
        raw.send(handshake()).rest()


def garbage(server, certificates):
    with Connection(server.secure.address) as raw:
        raw.send(bytes(100)).rest()


def old_version(server, certificates):
    s_client(server.secure.address, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")


def no_common_suite(server, certificates):
    with pytest.raises(ssl.SSLError):
        tls_connection(server.secure, client_context(version=TLS_1_2, ciphers="AES128-SHA"))


def distrust(server, certificates):
    """The client says that it does not know who has signed our certificate, and goes with a part of
    our answer unread, hence by a reset: the system may have forgotten it when the line is written.
    Often, since it may be in time."""
    context = client_context(certificates.other_authority.root)
    for _ in range(100):
        with socket.create_connection(server.secure.address) as raw, pytest.raises(ssl.SSLError):
            context.wrap_socket(raw, server_hostname="localhost")


def gone(server, certificates):
    with Connection(server.secure.address) as raw:
        raw.send(HandshakeScript(client_context()).step())
        raw.read(5)


FAILURES = {
    clear_http: "HTTP request came in clear",
    garbage: "wrong version number|no TLS|not TLS",
    old_version: "unsupported protocol|version",
    no_common_suite: "no shared cipher|no suite",
    distrust: "unknown ca|unknown CA",
}


def lines_about(server, pattern):
    return [line for line in server.errors().splitlines() if re.search(pattern, line)]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.__name__)
def test_a_failure_is_logged_with_its_reason_and_the_peer(server, certificates, failure):
    failure(server, certificates)
    lines = eventually(lambda: lines_about(server, FAILURES[failure]))
    assert all("127.0.0.1:" in line for line in lines), lines


@pytest.mark.parametrize("who", ["nobody", "stranger"])
def test_a_client_that_is_not_let_in_is_logged(strict, certificates, who):
    client = certificates.strange_client if who == "stranger" else None
    with contextlib.suppress(ssl.SSLError, OSError, EOFError):
        with tls_connection(strict.secure, client_context(certificates.root, client=client)) as connection:
            connection.get("/").answer()
    reason = "self-signed|local issuer|refused" if client else "did not return a certificate|no certificate"
    eventually(lambda: lines_about(strict, reason))


def test_who_comes_and_goes_makes_no_noise(server, certificates):
    """Scanners, and load balancers that look whether we are there."""
    before = len(server.errors().splitlines())
    for _ in range(20):
        Connection(server.secure.address).close()
        gone(server, certificates)
    with tls_connection(server.secure, client_context(certificates.root)) as connection:
        assert json.loads(connection.get("/_duplex/health").answer().body)
    assert len(server.errors().splitlines()) - before <= 1  # the request itself

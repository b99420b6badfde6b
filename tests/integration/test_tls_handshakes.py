"""Thousands of handshakes, one after another and cut off: the server's memory stays what it was."""

import json
import socket
import ssl
import threading

import pytest
from support.http import eventually, get
from support.tls import TLS_1_2, TLS_1_3, HandshakeScript, client_context

GROWTH_BYTES_MAX = 1 << 20


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--threads", "2")


def once_idle(server):
    def look():
        statistics = json.loads(get(server, "/statistics").body)
        return statistics if statistics["connections_open"] == 1 else None

    return eventually(look)


def together(count, work):
    """Runs work(times) in two threads, `count` times in all."""
    failures = []

    def guarded():
        try:
            work(count // 2)
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def whole_handshakes(server, context, resume=False):
    def work(times):
        session = None
        for number in range(times):
            with socket.create_connection(server.secure.address) as raw:
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with context.wrap_socket(raw, server_hostname="localhost", session=session) as tls:
                    if number % 100 == 0 or resume:
                        tls.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                        assert tls.recv(4096).startswith(b"HTTP/1.1 200 ")
                    if resume:
                        session = tls.session

    return work


def growth_over(server, count, work):
    """What the server's memory has grown by since the first tenth of `count` times of work."""
    together(count // 10, work)
    once_idle(server)
    before = server.rss_bytes()
    together(count - count // 10, work)
    once_idle(server)
    return server.rss_bytes() - before


def test_10_000_handshakes_one_after_another_leave_nothing_behind(server):
    before = once_idle(server)["tls_handshakes"]
    work = whole_handshakes(server, client_context(version=TLS_1_3))
    assert growth_over(server, 10_000, work) < server.may_hold(GROWTH_BYTES_MAX)
    statistics = once_idle(server)
    assert statistics["tls_handshakes"] - before == 10_000
    assert statistics["tls_resumptions"] == 0


def test_nor_do_those_of_tls_1_2(server):
    work = whole_handshakes(server, client_context(version=TLS_1_2))
    assert growth_over(server, 2_000, work) < server.may_hold(GROWTH_BYTES_MAX)


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_nor_do_resumptions(server, version):
    before = once_idle(server)["tls_resumptions"]
    work = whole_handshakes(server, client_context(version=version), resume=True)
    assert growth_over(server, 2_000, work) < server.may_hold(GROWTH_BYTES_MAX)
    # Each of two threads begins twice without a session.
    assert once_idle(server)["tls_resumptions"] - before == 2_000 - 4


def test_nor_do_client_certificates(start_tls_server, certificates):
    server = start_tls_server("--tls-client-ca", certificates.root, "--threads", "2")
    work = whole_handshakes(server, client_context(client=certificates.client))
    assert growth_over(server, 2_000, work) < server.may_hold(GROWTH_BYTES_MAX)


def test_nor_do_handshakes_that_fail(server):
    """Cut off after the hello, garbage in place of the Finished, and no common suite."""
    context, hopeless = client_context(version=TLS_1_3), client_context(version=TLS_1_2, ciphers="AES128-SHA")

    def work(times):
        for number in range(times):
            with socket.create_connection(server.secure.address) as raw:
                if number % 3 == 2:
                    with pytest.raises(ssl.SSLError):
                        hopeless.wrap_socket(raw, server_hostname="localhost")
                    continue
                raw.sendall(HandshakeScript(context).step())
                raw.recv(1 << 16)
                if number % 3 == 1:
                    raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
                    while raw.recv(1 << 16):
                        pass

    assert growth_over(server, 3_000, work) < server.may_hold(GROWTH_BYTES_MAX)

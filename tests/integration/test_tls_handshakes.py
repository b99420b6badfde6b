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
    server = start_tls_server_for_module("--threads", "2")
    fill_caches(server, client_context(), 4000)
    return server


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
                    tls.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                    assert tls.recv(4096).startswith(b"HTTP/1.1 200 ")
                    session = tls.session if resume else None

    return work


def fill_caches(server, context, count):
    """What each worker keeps for later has limits; it gets there."""
    together(count, whole_handshakes(server, context, resume=True))


def growth_over(server, count, work):
    """What the server's memory has grown by in `count` times of work, after a few of them."""
    together(200, work)
    once_idle(server)
    before = server.rss_bytes()
    together(count, work)
    once_idle(server)
    return server.rss_bytes() - before


def test_10_000_handshakes_one_after_another_leave_nothing_behind(server):
    before = once_idle(server)
    work = whole_handshakes(server, client_context(version=TLS_1_3))
    assert growth_over(server, 10_000, work) < server.may_hold(GROWTH_BYTES_MAX)
    after = once_idle(server)
    assert after["tls_handshakes"] - before["tls_handshakes"] == 10_200
    assert after["tls_resumptions"] == before["tls_resumptions"]


def test_nor_do_those_of_tls_1_2(server):
    work = whole_handshakes(server, client_context(version=TLS_1_2))
    assert growth_over(server, 1_000, work) < server.may_hold(GROWTH_BYTES_MAX)


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_nor_do_resumptions(server, version):
    before = once_idle(server)["tls_resumptions"]
    work = whole_handshakes(server, client_context(version=version), resume=True)
    assert growth_over(server, 1_000, work) < server.may_hold(GROWTH_BYTES_MAX)
    # Each of two threads begins twice without a session.
    assert once_idle(server)["tls_resumptions"] - before == 1_200 - 4


def test_nor_do_client_certificates(start_tls_server, certificates):
    server = start_tls_server("--tls-client-ca", certificates.root)
    context = client_context(client=certificates.client)
    fill_caches(server, context, 2000)
    work = whole_handshakes(server, context)
    assert growth_over(server, 1_000, work) < server.may_hold(GROWTH_BYTES_MAX)


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

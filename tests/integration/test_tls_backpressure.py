"""Who reads slowly, or not at all, costs an encrypted server no more memory than a clear one."""

import threading

import pytest
from support.frames import BINARY, Client, frame
from support.http import get
from support.tls import TLS_1_2, TLS_1_3, Tls, client_context, tls_connection

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--message-bytes", str(2 * MIB))


@pytest.fixture(params=[TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def context(request, certificates):
    return client_context(certificates.root, request.param)


@pytest.mark.parametrize("way", ["generated", "streamed"])
def test_a_download_that_is_not_read_waits_outside_of_the_memory(server, context, way):
    with tls_connection(server.secure, context, receive_buffer=16_384) as connection:
        before = server.rss_bytes()
        connection.get(f"/{way}?bytes=100000000").read(10_000)
        for _ in range(200):
            assert get(server, "/").body == b"root"
        assert server.rss_bytes() - before < server.may_hold(4 * MIB)
        rest = connection.read_until(b"99990000\n")
        assert len(rest) > 99_000_000


def test_echoes_that_are_not_read_stop_what_is_sent(server, context):
    """The messages that fit on the way come back whole and in order once they are read."""
    sent = 0
    with Client(server.secure, tls=Tls(context)) as client:
        client.socket.settimeout(0.5)
        before = server.rss_bytes()
        held = bytearray()
        client.socket.transmit = held.extend
        for number in range(60):
            client.send(frame(BINARY, number.to_bytes(4, "big") + bytes(MIB)))
        view = memoryview(held)
        try:
            while sent < len(view):
                sent += client.socket.raw.send(view[sent : sent + 65_536])
        except TimeoutError:
            pass
        assert sent < len(view), "the server takes no end of it"
        assert server.rss_bytes() - before < server.may_hold(8 * MIB)
        client.socket.settimeout(client.deadline_s)
        writing = threading.Thread(target=client.socket.raw.sendall, args=(view[sent:],))
        writing.start()
        for number in range(60):
            opcode, payload = client.next_message()
            assert (opcode, len(payload), payload[:4]) == (BINARY, MIB + 4, number.to_bytes(4, "big"))
        writing.join()


def test_a_hundred_who_do_not_read_cost_what_is_written_ahead_for_each(server, context):
    """256 KiB, in clear as well; what encryption adds to it is little."""
    before = server.rss_bytes()
    connections = [tls_connection(server.secure, context, receive_buffer=4096) for _ in range(100)]
    try:
        for connection in connections:
            connection.get("/generated?bytes=100000000").read(100)
        assert get(server, "/").body == b"root"
        assert server.rss_bytes() - before < server.may_hold(100 * 330 * 1024)
        assert connections[50].read(1_000_000)
    finally:
        for connection in connections:
            connection.close()

"""Clients that take their time, or too much else: each is let go, and none costs much."""

import contextlib
import select
import time

import pytest
from support.frames import Client
from support.http import Connection, eventually, get, request
from support.program import DEADLINE_S

KIB = 1024
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    """A quarter of a second for everything."""
    return start_test_server_for_module(
        "--head-ms", "250", "--body-ms", "250", "--idle-ms", "250", "--stalled-write-ms", "250"
    )


@contextlib.contextmanager
def takes(least_s, most_s=10):
    start = time.monotonic()
    yield
    taken = time.monotonic() - start
    assert least_s <= taken <= most_s, taken


def check_408_or_close(connection):
    rest = connection.rest()
    assert rest == b"" or rest.startswith(b"HTTP/1.1 408 "), rest


def dribble(connection, text, pause_s):
    """Sends byte by byte with pauses, until all is sent or something comes back."""
    for letter in text:
        try:
            connection.send(letter)
        except (BrokenPipeError, ConnectionResetError):
            return
        if not connection.silent(pause_s):
            return


def test_a_client_that_says_nothing(server):
    with Connection(server.address) as connection, takes(0.2):
        check_408_or_close(connection)


def test_half_a_head(server):
    with Connection(server.address) as connection, takes(0.2):
        connection.send("GET / HTTP/1.1\r\nHost: te")
        answer = connection.answer()
        assert (answer.status, answer["Connection"]) == (408, "close")
        assert connection.closed()


def test_dribbling_a_head_wins_no_time(server):
    with Connection(server.address) as connection, takes(0.2, 3):
        dribble(connection, "GET / HTTP/1.1\r\nHost: test\r\nX: " + "y" * 1000, 0.02)
        check_408_or_close(connection)


def test_a_second_head_that_never_ends(server):
    with Connection(server.address) as connection, takes(0.2):
        connection.get("/").send("GET / HT")
        assert connection.answer().body == b"root"
        check_408_or_close(connection)


def test_an_idle_connection_is_closed_without_a_word(server):
    with Connection(server.address) as connection:
        assert connection.get("/").answer().body == b"root"
        with takes(0.2):
            assert connection.closed()


def test_content_that_stops(server):
    for target in ("/body", "/count"):
        with Connection(server.address) as connection, takes(0.2):
            connection.get(target, "Content-Length: 10", method="POST").send("12345")
            answer = connection.answer()
            assert (answer.status, answer["Connection"]) == (408, "close")
            assert connection.closed()


def test_content_that_comes_slowly_but_comes(server):
    with Connection(server.address) as connection, takes(0.5):
        connection.get("/body", "Content-Length: 10", method="POST")
        dribble(connection, "0123456789", 0.06)
        assert connection.answer().body == b"0123456789"


@pytest.mark.parametrize("target", ["/streamed", "/generated"])
def test_a_client_that_stops_reading_is_let_go(server, target):
    with Connection(server.address, receive_buffer=4096) as connection:
        connection.get(f"{target}?bytes={1 << 32}").read(1000)
        eventually(lambda: get(server, "/statistics").body.startswith(b'{"connections_open":1,'))


def test_of_a_client_that_reads_nothing_nothing_is_left(server):
    with Connection(server.address, receive_buffer=4 * KIB) as connection:
        connection.get("/generated?bytes=1000000000").read(100)
        poll = select.poll()
        poll.register(connection.socket, 0)
        # A reset: with an orderly end, the system would keep what was sent and not taken.
        assert poll.poll(DEADLINE_S * 1000) == [(connection.socket.fileno(), select.POLLERR | select.POLLHUP)]


def test_a_client_that_reads_slowly_is_served(start_test_server):
    server = start_test_server("--stalled-write-ms", "2000")
    with Connection(server.address, receive_buffer=64 * KIB) as connection, takes(3):
        connection.get("/streamed?bytes=20000000")
        for _ in range(10):  # about what the buffers on the way hold, over more than the limit's time
            connection.read(1_000_000)
            time.sleep(0.3)
        connection.read(10_000_000)


def test_a_slow_handler_is_not_a_slow_client(server):
    with Connection(server.address) as connection:
        assert connection.get("/sleep/600").answer().body == b"awake"


def test_a_handler_that_does_not_read_is_not_a_slow_client(server):
    with Connection(server.address) as connection:
        connection.get("/count/patience", "Content-Length: 10000000", method="POST")
        connection.send(bytes(100_000))
        assert connection.silent(0.6)
        request(server, "POST", "/gate/patience", "")
        connection.send(bytes(9_900_000))
        assert connection.answer().body == b"10000000"


def test_a_silent_event_stream_and_a_silent_websocket_stay(server):
    with Connection(server.address) as stream, Client(server, "/topic/quiet") as socket:
        stream.get("/topic/quiet").read_head()
        stream.read_until(b": open\n\n\r\n")
        assert stream.silent(0.6)
        request(server, "POST", "/topic/quiet", "at last")
        stream.read_until(b"data: at last")
        assert socket.text() == "at last"


# Memory


def test_slow_heads_hold_no_more_than_their_limit(start_test_server):
    server = start_test_server()
    before = server.rss_bytes()
    count = 200
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.address)) for _ in range(count)]
        for connection in connections:
            connection.send("GET / HTTP/1.1\r\nHost: test\r\nX: " + "y" * 60 * KIB)
        for connection in connections:
            connection.silent(0)
        get(server, "/")
        growth = server.rss_bytes() - before
        assert growth < server.may_hold(count * 160 * KIB), f"{growth / count / KIB} KiB for each"


def test_idle_connections_hold_next_to_nothing(start_test_server):
    server = start_test_server()
    get(server, "/")
    before = server.rss_bytes()
    count = 1000
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(Connection(server.address))
            assert connection.post("/body", "x" * 10_000).answer().status == 200
            assert connection.post("/count", "x" * 10_000).answer().status == 200
        growth = server.rss_bytes() - before
        assert growth < server.may_hold(count * 2 * KIB), f"{growth / count} bytes for each"


def test_connections_that_say_nothing_hold_less(start_test_server):
    server = start_test_server()
    get(server, "/")
    before = server.rss_bytes()
    count = 2000
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Connection(server.address))
        open_ones = f'"connections_open":{count + 1}'.encode()
        assert eventually(lambda: open_ones in request(server, "GET", "/statistics").body)
        growth = server.rss_bytes() - before
        assert growth < server.may_hold(count * 400), f"{growth / count} bytes for each"


# How many


def test_connections_have_a_limit(start_test_server):
    server = start_test_server("--connections-max", "3")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.address)) for _ in range(3)]
        for connection in connections:
            assert connection.get("/").answer().status == 200
        with Connection(server.address) as one_more:
            answer = one_more.answer()
            assert (answer.status, answer["Connection"]) == (503, "close")
            assert one_more.closed()
        connections[0].close()

        def again():
            with Connection(server.address) as connection:
                return connection.get("/").answer().status == 200

        eventually(again)


def test_connections_of_one_address_have_a_limit(start_test_server):
    server = start_test_server("--per-address", "3", "--unix", "/tmp/duplex-test-%d" % time.time_ns())
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.address)) for _ in range(3)]
        for connection in connections:
            assert connection.get("/").answer().status == 200
        with Connection(server.address) as one_more:
            assert one_more.answer().status in (429, 503)
            assert one_more.closed()
        statistics = connections[0].get("/statistics").answer().body
        assert b'"connections_refused":1' in statistics
        connections[1].close()
        eventually(lambda: get(server, "/").status == 200)


def test_loopback_has_no_limit_of_its_own(start_test_server):
    server = start_test_server()
    with contextlib.ExitStack() as stack:
        for _ in range(5000):
            stack.enter_context(Connection(server.address))
        assert get(server, "/").status == 200

"""Stopping: nobody new, everybody's answer, 1001 for WebSockets, and done by the deadline."""

import contextlib
import signal
import socket
import subprocess
import time

import pytest
from support.frames import Client, close_frame
from support.http import Connection, eventually, request
from support.program import DEADLINE_S


def refuses_connections(server):
    with socket.socket() as probe:
        return probe.connect_ex(server.address) != 0


def begin_to_stop(server, number=signal.SIGTERM):
    server.signal(number)
    eventually(lambda: refuses_connections(server))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_at_once(start_duplex, number):
    server = start_duplex()
    with Connection(server.address) as connection:
        connection.get("/_duplex/health").answer()
        server.signal(number)
        assert connection.closed()
        start = time.monotonic()
        assert server.wait() == 0
        assert time.monotonic() - start < 5


def test_answers_under_way_are_finished(start_test_server):
    server = start_test_server("--threads", "2")
    with contextlib.ExitStack() as stack:
        download, slow, upload, half, silent = (stack.enter_context(Connection(server.address)) for _ in range(5))
        download.get("/streamed?bytes=30000000").read(1000)
        slow.get("/sleep/500").get("/")
        upload.get("/count", "Content-Length: 10", method="POST").send("12345")
        half.get("/").answer()
        eventually(lambda: request(server, "GET", "/statistics").body.find(b'"connections_open":6') > 0)
        start = time.monotonic()
        begin_to_stop(server)
        assert half.closed()
        assert silent.closed()
        assert slow.answer().body == b"awake"
        upload.send("67890")
        assert upload.answer().body == b"10"
        rest = download.rest()
        assert len(rest) > 29_000_000 and rest.endswith(b"0\r\n\r\n")
        for connection in (slow, upload):
            assert connection.closed()
        assert server.wait() == 0
        assert time.monotonic() - start < 5, "it waited for its deadline"


def test_websockets_get_1001(start_test_server):
    server = start_test_server("--threads", "2")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(server, path)) for path in ("/echo", "/session", "/topic/a") * 20]
        begin_to_stop(server)
        for client in clients:
            assert client.close_code()[0] == 1001
            client.send(close_frame(1001))
            assert client.closed()
        assert server.wait() == 0


def test_messages_before_the_close_frame_arrive(start_test_server):
    server = start_test_server()
    with Client(server) as client:
        client.send_text("x" * 900_000)
        assert len(client.text()) == 900_000
        client.send_text("y" * 900_000)
        client.read(1)
        begin_to_stop(server)
        client.buffer[:0] = b"\x81"
        assert client.text() == "y" * 900_000
        assert client.close_code()[0] == 1001
        client.send(close_frame(1001))
        assert client.closed()


def test_the_deadline_holds(start_test_server):
    server = start_test_server("--deadline-ms", "500", "--threads", "2")
    with contextlib.ExitStack() as stack:
        never = stack.enter_context(Connection(server.address))
        never.get("/wait/never")
        mute = stack.enter_context(Client(server))  # does not answer the close frame
        stuck = stack.enter_context(Connection(server.address, receive_buffer=4096))
        stuck.get(f"/generated?bytes={1 << 33}").read(1000)
        full = stack.enter_context(Client(server, "/obey", receive_buffer=4096))
        full.send_text("burst 2000 10000").read(1000)
        events = stack.enter_context(Connection(server.address))
        events.get("/topic/forever").read_head()
        eventually(lambda: request(server, "GET", "/gate/never").body == b"1")
        start = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - start < 5
        assert mute.close_code()[0] == 1001
        never.rest()


def test_a_server_that_was_never_talked_to_stops(start_test_server):
    start_test_server("--threads", "4").stop()


def test_the_port_is_free_again(start_test_server, start_duplex, duplex_program, start):
    server = start_duplex()
    with Client(server) as client:
        port = server.port
        server.signal(signal.SIGTERM)
        client.close_code()
        server.wait()
    again = start(duplex_program, "serve", "--listen", f"127.0.0.1:{port}")
    assert again.port == port


def test_a_new_server_takes_over_a_port_that_is_shared(start_duplex, start, duplex_program, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(name)
    old = start_duplex("--reuse-port", tmp_path / "old")
    listen = ("--listen", f"127.0.0.1:{old.port}")
    start(duplex_program, "serve", *listen, "--reuse-port", tmp_path / "new")
    with contextlib.ExitStack() as stack:
        clients = {b"old": [], b"new": []}
        for _ in range(64):
            client = stack.enter_context(Connection(old.address))
            clients[client.get("/name").answer().body].append(client)
        assert clients[b"old"] and clients[b"new"]
        old.signal(signal.SIGTERM)
        for client in clients[b"old"]:
            assert client.closed()
        assert old.wait() == 0
        for client in clients[b"new"]:
            assert client.get("/name").answer().body == b"new"
        for _ in range(16):
            assert request(old, "GET", "/name").body == b"new"


def test_a_port_is_shared_by_those_only_who_say_so(start_duplex, duplex_program):
    for theirs, ours, complaint in (
        (["--reuse-port"], [], "another program listens there"),
        (["--threads", "1"], ["--reuse-port"], "does not share the port"),
    ):
        server = start_duplex(*theirs)
        done = subprocess.run(
            [duplex_program, "serve", "--listen", f"127.0.0.1:{server.port}", *ours],
            capture_output=True, text=True, timeout=DEADLINE_S,
        )
        assert done.returncode == 1 and complaint in done.stderr, done

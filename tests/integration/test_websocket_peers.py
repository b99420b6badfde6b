"""Peers that are not ours: Python's websockets, libwebsockets' test client, nginx in between."""

import asyncio
import json
import os
import signal
import socket
import subprocess

import pytest
import websockets
from support.frames import Client, frame, handshake, PING, PONG, TEXT
from support.http import Connection, eventually, get
from support.nginx import reachable
from support.program import DEADLINE_S

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    return start_test_server_for_module("--message-bytes", str(64 * MIB), "--threads", "2")


class Proxied:
    """The server, seen through nginx."""

    def __init__(self, path):
        self.path = path
        self.address = str(path)

    def connect(self):
        return Connection(self.address, family=socket.AF_UNIX)


@pytest.fixture(scope="module")
def nginx(server, tmp_path_factory):
    """nginx as a reverse proxy in front of the server, on a Unix socket."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "nginx.conf").write_text(
        f"""
        daemon off;
        worker_processes 1;
        error_log stderr;
        pid {folder}/pid;
        {"user root;" if os.geteuid() == 0 else ""}
        events {{}}
        http {{
          access_log off;
          client_body_temp_path {folder}/body;
          proxy_temp_path {folder}/proxy;
          fastcgi_temp_path {folder}/fastcgi;
          uwsgi_temp_path {folder}/uwsgi;
          scgi_temp_path {folder}/scgi;
          client_max_body_size 64m;
          map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
          upstream duplex {{ server 127.0.0.1:{server.port}; keepalive 8; }}
          server {{
            listen unix:{folder}/socket;
            location / {{
              proxy_pass http://duplex;
              proxy_http_version 1.1;
              proxy_set_header Host $http_host;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection $connection_upgrade;
              proxy_buffering off;
            }}
          }}
        }}
        """
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"])
    try:
        eventually(lambda: reachable(str(folder / "socket"), socket.AF_UNIX))
        yield Proxied(folder / "socket")
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


@pytest.fixture(params=["direct", "through nginx"])
def connect(request, server):
    """connect(path): a connection of the websockets library."""
    if request.param == "direct":
        return lambda path, **options: websockets.connect(server.websocket_url + path, max_size=None, **options)
    proxied = request.getfixturevalue("nginx")
    return lambda path, **options: websockets.unix_connect(
        str(proxied.path), f"ws://test{path}", max_size=None, **options
    )


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE_S * 2))


# Python websockets


def test_echo(connect):
    async def talk():
        async with connect("/echo") as client:
            for message in ("hello", "ä€𐍈", "", b"", bytes(range(256)), "x" * 70_000):
                await client.send(message)
                assert await client.recv() == message
            assert client.extensions == []  # it offers permessage-deflate, which is not switched on here
        assert client.close_code == 1000

    run(talk())


def test_fragments(connect):
    async def talk():
        async with connect("/echo") as client:
            await client.send(["one ", "", "message ", "in pieces"])
            assert await client.recv() == "one message in pieces"
            await client.send([b"\0" * 1000] * 100)
            assert await client.recv() == b"\0" * 100_000

    run(talk())


def test_pings_of_both_sides(connect):
    async def talk():
        async with connect("/obey") as client:
            await asyncio.wait_for(await client.ping(b"payload"), DEADLINE_S)
            await client.send("ping from the server")
            assert await client.recv() == "pong from the server"

    run(talk())


def test_the_server_s_close_code_arrives(connect):
    async def talk():
        async with connect("/obey") as client:
            await client.send("close 4242 enough")
            with pytest.raises(websockets.ConnectionClosed):
                await client.recv()
            assert (client.close_code, client.close_reason) == (4242, "enough")

    run(talk())


def test_the_client_s_close_code_arrives(connect, server):
    async def talk():
        async with connect("/echo") as client:
            await client.close(4321, "from the client")

    run(talk())
    eventually(lambda: b"4321 from the client" in get(server, "/diary").body)


def test_subprotocols(connect):
    async def talk():
        async with connect("/subprotocols", subprotocols=["v1.chat", "v2.chat"]) as client:
            assert client.subprotocol == "v1.chat"

    run(talk())


def test_a_refusal_arrives(connect):
    async def talk():
        with pytest.raises(websockets.InvalidStatusCode) as refusal:
            async with connect("/decide?refuse=1"):
                pass
        assert refusal.value.status_code == 401

    run(talk())


def test_20_mib(connect):
    async def talk():
        message = os.urandom(MIB) * 20
        async with connect("/echo") as client:
            await client.send(message)
            assert await client.recv() == message

    run(talk())


def test_a_hundred_clients_at_once(connect):
    async def one(n):
        async with connect("/echo") as client:
            for index in range(20):
                await client.send(f"{n} {index}")
            for index in range(20):
                assert await client.recv() == f"{n} {index}"

    async def all_of_them():
        await asyncio.gather(*(one(n) for n in range(100)))

    run(all_of_them())


def test_a_topic(connect):
    async def talk():
        async with connect("/topic/peers") as one, connect("/topic/peers") as two:
            await one.send("hello")
            assert await two.recv() == "hello"

    run(talk())


# libwebsockets


def test_the_test_client_of_libwebsockets(server):
    """It opens two sockets, one that is counted at and one that is mirrored, reconnecting the
    latter now and then; the server must not find any fault with it."""
    before = json.loads(get(server, "/statistics").body)["messages_received"]
    client = subprocess.Popen(
        ["libwebsockets-test-client", "127.0.0.1", f"--port={server.port}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    try:
        eventually(lambda: json.loads(get(server, "/statistics").body)["messages_received"] > before + 2000)
    finally:
        client.send_signal(signal.SIGINT)
        output = client.communicate(timeout=DEADLINE_S)[0].decode(errors="replace")
    assert "LWS_CALLBACK_CLIENT_ESTABLISHED" in output, output
    diary = get(server, "/diary").body.decode()
    assert not any(line.startswith(("1002", "1007", "1009", "1011")) for line in diary.splitlines()), diary


# nginx in between


def test_http_through_nginx(nginx):
    with nginx.connect() as connection:
        for _ in range(3):
            assert connection.get("/").answer().body == b"root"
        assert connection.post("/body", "x" * 100_000).answer().body == b"x" * 100_000
        connection.get("/body", "Transfer-Encoding: chunked", method="POST").send("5\r\nhello\r\n0\r\n\r\n")
        assert connection.answer().body == b"hello"
        assert len(connection.get("/generated?bytes=3000000").answer().body) == 3_000_000
        assert connection.get("/", method="HEAD").answer("HEAD")["Content-Length"] == "4"
        assert connection.get("/status/204").answer().status == 204


def test_events_through_nginx(nginx):
    with nginx.connect() as connection:
        assert b"event 2" in connection.get("/events?count=3").answer().body


def test_raw_frames_through_nginx(nginx):
    with Client(nginx, family=socket.AF_UNIX) as client:
        client.send(frame(TEXT, "in ", fin=False) + frame(PING, "p") + frame(0, "pieces"))
        assert client.next_frame() == (True, PONG, b"p")
        assert client.text() == "in pieces"
        client.close_normally(4000, "bye")


def test_a_pipelined_frame_through_nginx(nginx):
    with nginx.connect() as connection:
        connection.send(handshake() + frame(TEXT, "at once"))
        assert connection.read_head().status == 101
        assert connection.read(9) == b"\x81\x07at once"

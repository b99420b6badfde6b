"""WebSockets of the client with peers that are not ours: Python's websockets, libwebsockets' test
server, and nginx in between."""

import asyncio
import os
import ssl
import subprocess
from urllib.parse import quote

import pytest
import websockets
from support.http import eventually
from support.nginx import PROXIED, free_port, nginx
from support.peers import running
from support.websocket_server import WebSocketServer

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server():
    with WebSocketServer() as running_one:
        yield running_one


@pytest.fixture(scope="module")
def secure(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.here.chain, certificates.here.key)
    with WebSocketServer(tls=context) as running_one:
        yield running_one


@pytest.fixture
def trusting(start_client, certificates):
    return start_client(tls={"ca": certificates.root})


def test_what_is_told_of_an_open_socket(client, server):
    socket = client.connect(server.url + "/echo")
    assert socket.opened["peer"] == f"127.0.0.1:{server.port}"
    assert (socket.opened["subprotocol"], socket.opened["secure"]) == ("", False)
    shown = socket.event("handshake")
    assert shown["request"].startswith("GET /echo HTTP/1.1\r\n")
    assert shown["response"].startswith("HTTP/1.1 101 ")
    assert socket.close() == (1000, "")


def test_echo(client, server):
    socket = client.connect(server.url + "/echo")
    for text in ("hello", "", "ä€𐍈", "x" * 125, "x" * 126, "x" * 65_535, "x" * 65_536):
        assert socket.send(text=text) in ("accepted", "backlogged")
        assert socket.receive() == text
    binary = os.urandom(3 * MIB)
    socket.send(binary=binary.decode("latin-1"))
    assert socket.receive() == binary
    assert socket.do("echo", count=2000, bytes=100) == {"echoed": 2000}
    assert socket.close(4000, "enough") == (4000, "enough")


def test_fragments_both_ways(client, server):
    socket = client.connect(server.url + "/echo")
    socket.send(text="in many pieces", fragments=3)
    assert socket.receive() == "in many pieces"
    socket = client.connect(server.url + "/fragments")
    assert socket.receive() == "one two three"
    assert socket.receive() == b"\x00\x01\xff"
    socket.close()


def test_pieces_of_messages_as_they_arrive(client, server):
    limits = {"deliver_chunks": True, "message_bytes_max": 8 * MIB}
    socket = client.connect(server.url + f"/large/{5 * MIB}", limits=limits)
    bytes, last, first = 0, False, []
    while not last:
        chunk = socket.do("receive_chunk")
        bytes, last = bytes + len(chunk["binary"]), chunk["last"]
        first.append(chunk["first"])
    assert bytes == 5 * MIB and first == [True] + [False] * (len(first) - 1) and len(first) > 1


def test_pings_both_ways(client, server):
    socket = client.connect(server.url + "/ping")
    assert socket.receive() == "a pong came"
    assert 0 < socket.do("round_trip")["us"] < 5_000_000


def test_close_codes(client, server):
    for code, reason in [(1000, ""), (1001, "going"), (1011, "broken"), (3000, "registered"), (4999, "ours – ü")]:
        assert client.connect(f"{server.url}/close/{code}/{quote(reason)}").until_closed() == (code, reason)
    assert client.connect(server.url + "/abort").until_closed()[0] == 1006


def test_nothing_is_sent_after_the_end(client, server):
    socket = client.connect(server.url + "/close/1000")
    socket.until_closed()
    assert socket.send(text="too late") == "closed"
    assert socket.do("round_trip") == {}
    assert socket.receive() == (1000, "")


@pytest.mark.parametrize(
    ("offered", "agreed"), [([], ""), (["v1.chat"], "v1.chat"), (["v2.chat", "v1.chat"], "v2.chat"), (["v9"], "")]
)
def test_subprotocols(client, server, offered, agreed):
    socket = client.connect(server.url + "/subprotocol", subprotocols=offered)
    assert socket.opened["subprotocol"] == agreed
    assert socket.receive() == (agreed or "none")


def test_fields_of_the_request(client, server):
    socket = client.connect(
        server.url + "/fields", origin="https://example.test", fields=[["X-Mine", "1"]], basic=["user", "pass"]
    )
    lines = dict(line.lower().split(": ", 1) for line in socket.receive().split("\n"))
    assert lines["host"] == f"127.0.0.1:{server.port}"
    assert (lines["origin"], lines["x-mine"]) == ("https://example.test", "1")
    assert lines["authorization"] == "basic dxnlcjpwyxnz"
    assert lines["user-agent"] == "duplex"
    assert lines["sec-websocket-version"] == "13"


def test_each_handshake_has_a_key_of_its_own(client, server):
    keys = set()
    for _ in range(20):
        socket = client.connect(server.url + "/fields")
        lines = dict(line.split(": ", 1) for line in socket.receive().split("\n"))
        keys.add(lines["Sec-WebSocket-Key"])
        socket.close()
    assert len(keys) == 20


def test_a_message_beyond_the_limit(client, server):
    socket = client.connect(server.url + "/large/1001", limits={"message_bytes_max": 1000})
    assert socket.receive()[0] == 1009


def test_frames_are_shown(client, server):
    socket = client.connect(server.url + "/echo", frames=True)
    socket.send(text="seen")
    socket.receive()
    out, back = socket.event("frame"), socket.event("frame")
    assert (out["incoming"], out["opcode"], out["bytes"]) == (False, 1, 4)
    assert (back["incoming"], back["opcode"], back["bytes"]) == (True, 1, 4)


def test_a_silent_server_counts_as_dead(client):
    """It answers no ping, which Python's would."""
    from support.scripted import Scripted, upgrade

    def script(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visitor.until_closed()

    with Scripted(script) as silent:
        limits = {"heartbeat_ms": 50, "heartbeat_answer_ms_max": 50}
        assert client.connect(silent.websocket_url, limits=limits).receive()[0] == 1006


def test_a_server_that_does_not_answer_close(client):
    from support.scripted import Scripted, upgrade

    def script(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visitor.until_closed()

    with Scripted(script) as silent:
        assert client.connect(silent.websocket_url, limits={"close_ms_max": 50}).close()[0] == 1006


def test_other_ways_to_use_a_socket(client, server):
    told = client.do("connect", url=server.url + "/echo", way="wait", messages=["a", "ü"])
    assert told["received"] == ["a", "ü"]
    assert told["pinged"] and told["waited_in_vain"]
    assert told["closed"] == {"code": 1000, "reason": ""}
    going = client.begin("connect", url=server.url + "/echo", way="callbacks", messages=["one", "two"])
    assert going.event("open")["peer"] == f"127.0.0.1:{server.port}"
    assert going.event("pong")["payload"] == "callbacks"
    assert going.result()["closed"] == {"code": 1000, "reason": ""}
    for way in ("wait", "callbacks"):
        failed = client.do("connect", url="ws://127.0.0.1:1/", way=way)
        assert failed.failure == "connect: std::errc::connection_refused"


def test_many_sockets(client, server):
    sockets = [client.connect(server.url + "/echo") for _ in range(50)]
    going = [socket.begin("echo", count=20) for socket in sockets]
    assert all(one.result() == {"echoed": 20} for one in going)
    for socket in sockets:
        socket.close()
    eventually(lambda: client.statistics()["connections_open"] == 0)


def test_encrypted(trusting, secure):
    socket = trusting.connect(secure.url + "/echo")
    assert socket.opened["secure"]
    assert socket.opened["tls"]["protocol"] == "TLSv1.3"
    assert socket.do("echo", count=500, bytes=5000) == {"echoed": 500}
    assert socket.close() == (1000, "")


def test_both_ways_at_once(trusting, secure):
    """A peer in Python, which is slow: its own server takes the million (test_client_both_ways)."""
    told = trusting.do("both_ways", url=secure.url + "/count/5000", count=5000, bytes=50)
    assert (told["sent"], told["received"], told["wrong"]) == (5000, 5000, "")
    assert told["total"] == f"total {told['sent_bytes']}"


# libwebsockets


@pytest.fixture(scope="module")
def libwebsockets():
    port = free_port()
    command = ["libwebsockets-test-server", "--port", port, "-i", "lo"]
    with running(*command, port=port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield f"ws://127.0.0.1:{port}/"


def test_libwebsockets_counts(client, libwebsockets):
    socket = client.connect(libwebsockets, subprotocols=["dumb-increment-protocol"])
    assert socket.opened["subprotocol"] == "dumb-increment-protocol"
    first = int(socket.receive())
    assert [int(socket.receive()) for _ in range(5)] == list(range(first + 1, first + 6))
    assert socket.close()[0] == 1000


def test_libwebsockets_mirrors(client, libwebsockets):
    socket, other = (client.connect(libwebsockets, subprotocols=["lws-mirror-protocol"]) for _ in range(2))
    socket.send(text="d 1 2 3;")
    assert other.receive() == "d 1 2 3;"
    socket.close()
    other.close()


# nginx


@pytest.fixture(scope="module")
def fronts(server, secure, certificates, tmp_path_factory):
    """nginx that ends TLS before a server in clear, and one that passes TLS through."""
    ends, passes = free_port(), free_port()
    http = f"""
      server {{
        listen 127.0.0.1:{ends} ssl;
        ssl_certificate {certificates.renewed.chain};
        ssl_certificate_key {certificates.renewed.key};
        location / {{ proxy_pass http://127.0.0.1:{server.port}; {PROXIED} }}
        location /refused {{ return 403 "not here\\n"; }}
        location /moved {{ return 302 wss://localhost:{ends}/echo; }}
      }}
    """
    stream = f"server {{ listen 127.0.0.1:{passes}; proxy_pass 127.0.0.1:{secure.port}; }}"
    with nginx(tmp_path_factory.mktemp("nginx"), ends, http, stream):
        yield {"ends": f"wss://localhost:{ends}", "passes": f"wss://localhost:{passes}"}


@pytest.mark.parametrize("role", ["ends", "passes"])
def test_through_nginx(trusting, fronts, role):
    socket = trusting.connect(fronts[role] + "/echo")
    assert socket.do("echo", count=200, bytes=3000) == {"echoed": 200}
    binary = os.urandom(3 * MIB)
    socket.send(binary=binary.decode("latin-1"))
    assert socket.receive() == binary
    assert socket.do("round_trip")["us"] > 0
    assert socket.close(4001, "bye") == (4001, "bye")


def test_a_refusal_comes_with_its_response(trusting, fronts):
    failed = trusting.try_connect(fronts["ends"] + "/refused")
    assert failed.failure == "handshake: client::ClientError::upgrade_refused"
    assert (failed.refusal["status"], failed.refusal.content) == (403, b"not here\n")


def test_redirections_are_followed_when_asked_for(trusting, fronts):
    failed = trusting.try_connect(fronts["ends"] + "/moved")
    assert failed.failure == "handshake: client::ClientError::upgrade_refused"
    assert failed.refusal["status"] == 302
    socket = trusting.connect(fronts["ends"] + "/moved", redirects_max=1)
    assert socket.do("echo") == {"echoed": 1}
    socket.close()


# A test of the tests: what the peer does is what websockets' own client sees.


def test_the_server_does_what_its_own_client_expects(server):
    async def talk():
        async with websockets.connect(server.url + "/fragments") as other:
            assert await other.recv() == "one two three"

    asyncio.run(talk())

"""The upgrade from HTTP to WebSocket: every check, and what stands around it on the wire."""

import pytest
from support.frames import KEY, TEXT, Client, accept_for, close_frame, frame, handshake
from support.http import Connection, eventually, get, request


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    return start_test_server_for_module()


def opening(**changes):
    """The lines of an opening request; a change of None leaves a line out."""
    lines = {
        "request": "GET /echo HTTP/1.1",
        "Host": "test",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    changes = {name.replace("_", "-") if name != "request" else name: value for name, value in changes.items()}
    lines.update(changes)
    first = lines.pop("request")
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{first}\r\n{fields}\r\n"


def speaks_websocket(connection):
    connection.send(frame(TEXT, "are you there?"))
    data = connection.read(16)
    return data == b"\x81\x0eare you there?"


def test_the_answer_to_a_good_handshake(server):
    with Connection(server.address) as connection:
        answer = connection.send(handshake()).read_head()
        assert answer.version == "HTTP/1.1" and answer.status == 101
        assert answer["Upgrade"].lower() == "websocket"
        assert answer["Connection"].lower() == "upgrade"
        assert answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" == accept_for(KEY)
        for name in ("Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding"):
            assert answer[name] is None
        assert speaks_websocket(connection)


ACCEPTED = {
    "any case": opening(Upgrade="WebSocket", Connection="UPGRADE"),
    "a list of connection options": opening(Connection="keep-alive, Upgrade"),
    "a list of protocols": opening(Upgrade="h2c, websocket"),
    "lists in two lines": opening(Connection="keep-alive\r\nConnection: upgrade"),
    "names in any case": handshake().decode().replace("Sec-WebSocket-Key", "sec-websocket-KEY"),
    "an extension that we do not speak": opening(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits"),
    "an unknown subprotocol": opening(Sec_WebSocket_Protocol="nonsense"),
    "absolute-form": opening(request="GET http://test/echo HTTP/1.1"),
    "a query": opening(request="GET /echo?a=b HTTP/1.1"),
    "a body of nothing": opening(Content_Length="0"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_handshake_is_accepted_with(server, name):
    with Connection(server.address) as connection:
        answer = connection.send(ACCEPTED[name]).read_head()
        assert answer.status == 101, answer
        assert answer["Sec-WebSocket-Extensions"] is None
        assert answer["Sec-WebSocket-Protocol"] is None
        assert speaks_websocket(connection)


REFUSED = {
    "no upgrade": (426, opening(Upgrade=None, Connection=None)),
    "another upgrade": (426, opening(Upgrade="h2c")),
    "connection without upgrade": (400, opening(Connection="keep-alive")),
    "no connection field": (400, opening(Connection=None)),
    "no version": (426, opening(Sec_WebSocket_Version=None)),
    "version 8": (426, opening(Sec_WebSocket_Version="8")),
    "version 14": (426, opening(Sec_WebSocket_Version="14")),
    "version 13 twice": ((400, 426), opening(Sec_WebSocket_Version="13\r\nSec-WebSocket-Version: 13")),
    "no key": (400, opening(Sec_WebSocket_Key=None)),
    "an empty key": (400, opening(Sec_WebSocket_Key="")),
    "two keys": (400, opening(Sec_WebSocket_Key=f"{KEY}\r\nSec-WebSocket-Key: {KEY}")),
    "a key of 15 bytes": (400, opening(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25j")),
    "a key of 17 bytes": (400, opening(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZVg=")),
    "a key that is not base64": (400, opening(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25!ZQ==")),
    "a key without padding": (400, opening(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ")),
    "malformed extensions": (400, opening(Sec_WebSocket_Extensions="permessage-deflate;")),
    "too many extensions": (400, opening(Sec_WebSocket_Extensions=", ".join(["x"] * 17))),
    "POST": (405, opening(request="POST /echo HTTP/1.1", Content_Length="0")),
    "a body": (400, opening(Content_Length="5") + "hello"),
    "HTTP/1.0": ((400, 426), opening(request="GET /echo HTTP/1.0")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_handshake_is_refused_with(server, name):
    statuses, text = REFUSED[name]
    statuses = statuses if isinstance(statuses, tuple) else (statuses,)
    with Connection(server.address) as connection:
        answer = connection.send(text).answer()
        assert answer.status in statuses, answer
        assert answer["Sec-WebSocket-Accept"] is None
        assert answer.body, "a refusal says why"
        if answer.status == 426:
            assert answer["Upgrade"].lower() == "websocket"
            assert "upgrade" in answer["Connection"].lower()
            assert answer["Sec-WebSocket-Version"] == "13"


def test_a_plain_request_learns_what_to_do_and_the_connection_goes_on(server):
    with Connection(server.address) as connection:
        answer = connection.get("/echo").answer()
        assert answer.status == 426 and answer["Upgrade"].lower() == "websocket"
        assert b"WebSocket" in answer.body
        assert connection.get("/").answer().body == b"root"
        assert connection.send(handshake()).read_head().status == 101


def test_an_unknown_path_is_not_found(server):
    with Connection(server.address) as connection:
        assert connection.send(handshake("/nowhere")).answer().status == 404


def test_a_plain_route_ignores_the_upgrade(server):
    with Connection(server.address) as connection:
        answer = connection.send(handshake("/reflect")).answer()
        assert answer.status == 200
        assert connection.get("/").answer().body == b"root"


ORIGINS = {
    "the same": (101, "http://test"),
    "the same in capitals": (101, "HTTP://TEST"),
    "the same with the port": (101, "http://test:80"),
    "another host": (403, "http://evil.example"),
    "another scheme": (403, "https://test"),
    "another port": (403, "http://test:8080"),
    "a subdomain": (403, "http://sub.test"),
    "a longer host": (403, "http://test.evil.example"),
    "null": (403, "null"),
    "nonsense": (403, "test"),
    "empty": (403, ""),
    "two": (403, "http://test\r\nOrigin: http://evil.example"),
}


@pytest.mark.parametrize("name", ORIGINS)
def test_browsers_of_another_origin_are_refused(server, name):
    status, origin = ORIGINS[name]
    with Connection(server.address) as connection:
        assert connection.send(handshake("/echo", f"Origin: {origin}")).read_head().status == status


@pytest.mark.parametrize(
    "allowed, origin, status",
    [
        ("https://example.com", "https://example.com", 101),
        ("https://example.com", "https://www.example.com", 403),
        ("https://*.example.com", "https://www.example.com", 101),
        ("https://*.example.com", "https://a.b.example.com", 101),
        ("https://*.example.com", "https://example.com", 403),
        ("https://*.example.com", "http://www.example.com", 403),
        ("https://*.example.com", "https://wwwexample.com", 403),
        ("*", "https://anywhere.example", 101),
    ],
)
def test_origins_may_be_allowed(start_test_server, allowed, origin, status):
    server = start_test_server("--origin", allowed)
    with Connection(server.address) as connection:
        assert connection.send(handshake("/echo", f"Origin: {origin}")).read_head().status == status


@pytest.mark.parametrize(
    "offered, chosen",
    [
        (["v1.chat"], "v1.chat"),
        (["v1.chat, v2.chat"], "v1.chat"),
        (["v2.chat", "v1.chat"], "v2.chat"),
        (["nonsense", "other,v2.chat"], "v2.chat"),
        (["V1.CHAT"], None),
        (["nonsense"], None),
        ([], None),
    ],
)
def test_the_client_s_first_choice_of_subprotocol_is_taken(server, offered, chosen):
    fields = [f"Sec-WebSocket-Protocol: {names}" for names in offered]
    with Client(server, "/subprotocols", *fields) as client:
        assert client.response["Sec-WebSocket-Protocol"] == chosen
        assert client.send_text("which?").text() == (chosen or "")


def test_on_upgrade_may_refuse_with_any_response(server):
    with Connection(server.address) as connection:
        answer = connection.send(handshake("/decide?refuse=1")).answer()
        assert (answer.status, answer.body, answer["X-Reason"]) == (401, b"no entry", "test")
        assert connection.get("/").answer().body == b"root"


def test_on_upgrade_may_give_state_fields_and_a_subprotocol(server):
    with Client(server, "/decide?name=Ada&subprotocol=b", "Sec-WebSocket-Protocol: a, b") as client:
        assert client.response["X-Greeting"] == "hello"
        assert client.response["Sec-WebSocket-Protocol"] == "b"
        assert client.send_text("who am I?").text() == "Ada"


def test_on_upgrade_may_take_its_time(server):
    with Connection(server.address) as early:
        early.send(handshake("/decide-later?name=early") + frame(TEXT, "who am I?"))
        eventually(lambda: get(server, "/gate/decide").body == b"1")
        assert early.silent(0.05)
        request(server, "POST", "/gate/decide", "")
        assert early.read_head().status == 101
        assert early.read(7) == b"\x81\x05early"
    with Client(server, "/decide-later?name=Ada") as client:
        assert client.send_text("who am I?").text() == "Ada"


def test_a_client_that_leaves_before_the_decision(start_test_server):
    server = start_test_server()
    with Connection(server.address) as connection:
        connection.send(handshake("/decide-later"))
        eventually(lambda: get(server, "/gate/decide").body == b"1")
    request(server, "POST", "/gate/decide", "")
    assert get(server, "/").body == b"root"


def test_frames_right_behind_the_handshake(server):
    behind = b"".join(frame(TEXT, f"message {n}") for n in range(100))
    with Client(server, behind=behind + close_frame()) as client:
        for n in range(100):
            assert client.text() == f"message {n}"
        client.ends_with(1000)


def test_requests_before_the_handshake(server):
    with Connection(server.address) as connection:
        connection.get("/").get("/generated?bytes=20000").send(handshake() + frame(TEXT, "hi"))
        assert connection.answer().body == b"root"
        assert len(connection.answer().body) == 20000
        assert connection.read_head().status == 101
        assert connection.read(4) == b"\x81\x02hi"


def test_a_handshake_waits_for_slow_answers_before_it(server):
    with Connection(server.address) as connection:
        connection.get("/wait/upgrade").send(handshake() + frame(TEXT, "hi"))
        assert connection.silent(0.05)
        request(server, "POST", "/gate/upgrade", "")
        assert connection.answer().body == b"through upgrade"
        assert connection.read_head().status == 101
        assert connection.read(4) == b"\x81\x02hi"


def test_a_handshake_may_come_byte_by_byte(server):
    with Connection(server.address) as connection:
        connection.send_byte_by_byte(handshake() + frame(TEXT, "hi"))
        assert connection.read_head().status == 101
        assert connection.read(4) == b"\x81\x02hi"


def test_http_behind_the_upgrade_is_not_http(server):
    with Client(server) as client:
        client.get("/")
        client.ends_with(1002)

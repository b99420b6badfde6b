"""Live channels, `/live/{channel}`: WebSocket, POST and server-sent events side by side."""

import pytest
from support.frames import BINARY, TEXT, Client, handshake
from support.http import Connection, get, request

ELSEWHERE = "Origin: https://elsewhere.example"


@pytest.fixture
def server(start_duplex):
    return start_duplex("--threads", "2", "--log", "off")


def events(server, channel, *fields):
    """A connection that receives server-sent events; its head is read."""
    connection = Connection(server.address)
    connection.get(f"/live/{channel}", "Accept: text/event-stream", *fields)
    head = connection.read_head()
    assert head.status == 200, head
    assert head["Content-Type"].startswith("text/event-stream")
    connection.head = head
    return connection


def test_all_subscribers_receive_a_message_its_sender_too(server):
    with Client(server, "/live/news") as one, Client(server, "/live/news") as other:
        one.send_text("first")
        other.text()
        other.send_text("second")
        assert [one.text(), one.text()] == ["first", "second"]
        assert other.text() == "second"


def test_channels_are_apart(server):
    with Client(server, "/live/a") as one, Client(server, "/live/b") as other:
        one.send_text("for a")
        other.send_text("for b")
        assert (one.text(), other.text()) == ("for a", "for b")


def test_post_publishes_text_or_binary(server):
    with Client(server, "/live/news") as client:
        for content, opcode in (("Grüße".encode(), TEXT), (b"\xff\x00", BINARY), (b"", TEXT)):
            answer = request(server, "POST", "/live/news", content)
            assert answer.status == 204, answer
            assert client.next_message() == (opcode, content)


def test_server_sent_events_receive_what_is_published(server):
    with events(server, "news") as stream:
        assert request(server, "POST", "/live/news", "hello").status == 204
        assert b"data: hello" in stream.read_until(b"data: hello")
        with Client(server, "/live/news") as client:
            client.send_text("from a socket")
            stream.read_until(b"data: from a socket")


def test_other_gets_are_told_to_upgrade(server):
    for accept in ("*/*", "text/html"):
        answer = get(server, "/live/news", f"Accept: {accept}")
        assert answer.status == 426
        assert answer["Upgrade"] == "websocket"
        assert b"WebSocket" in answer.body


@pytest.mark.parametrize("name", ["a%20b", "%0a", "x" * 129, "%C3%BC"])
def test_a_bad_name_is_refused_however_it_is_used(server, name):
    assert request(server, "POST", f"/live/{name}", "x").status == 400
    answer = get(server, f"/live/{name}", "Accept: text/event-stream")
    assert answer.status == 400
    assert b"1 to 128" in answer.body
    with Connection(server.address) as connection:
        assert connection.send(handshake(f"/live/{name}")).answer().status == 400


def test_pages_of_other_origins_are_refused_however_they_come(server):
    answer = request(server, "POST", "/live/news", "x", ELSEWHERE)
    assert answer.status == 403
    assert b"--origin" in answer.body
    assert get(server, "/live/news", "Accept: text/event-stream", ELSEWHERE).status == 403
    assert request(server, "OPTIONS", "/live/news", None, ELSEWHERE).status == 403
    with Connection(server.address) as connection:
        assert connection.send(handshake("/live/news", ELSEWHERE)).answer().status == 403


def test_own_pages_may_publish(server):
    own = f"Origin: http://127.0.0.1:{server.port}"
    with Connection(server.address) as connection:
        head = f"POST /live/news HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{own}\r\n"
        answer = connection.send(head + "Content-Length: 1\r\n\r\nx").answer()
    assert answer.status == 204, answer


def test_an_origin_that_is_allowed_may_do_all(start_duplex):
    server = start_duplex("--origin", "https://elsewhere.example")
    origin = "https://elsewhere.example"
    answer = request(server, "OPTIONS", "/live/news", None, ELSEWHERE)
    assert (answer.status, answer["Access-Control-Allow-Origin"]) == (204, origin)
    assert "POST" in answer["Access-Control-Allow-Methods"]
    with Client(server, "/live/news", ELSEWHERE) as client:
        with events(server, "news", ELSEWHERE) as stream:
            assert stream.head["Access-Control-Allow-Origin"] == origin
            answer = request(server, "POST", "/live/news", "x", ELSEWHERE)
            assert (answer.status, answer["Access-Control-Allow-Origin"]) == (204, origin)
            assert client.text() == "x"
            stream.read_until(b"data: x")


def test_a_message_limit_holds_for_post_as_for_websocket(start_duplex):
    server = start_duplex("--max-message", "1000")
    assert request(server, "POST", "/live/news", "x" * 1000).status == 204
    answer = request(server, "POST", "/live/news", "x" * 1001)
    assert answer.status == 413
    assert b"--max-message" in answer.body
    with Connection(server.address) as connection:
        connection.get("/live/news", "Transfer-Encoding: chunked", method="POST")
        connection.send("3e9\r\n" + "x" * 1001 + "\r\n0\r\n\r\n")
        assert connection.answer().status == 413


def test_a_large_limit_holds_for_post_too(start_duplex):
    server = start_duplex("--max-message", "20M")
    with Client(server, "/live/news") as client:
        content = b"x" * (17 << 20)
        assert request(server, "POST", "/live/news", content).status == 204
        assert client.next_message() == (TEXT, content)

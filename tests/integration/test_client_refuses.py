"""A server that misbehaves at every step of a response and of the opening handshake, and what the
client says of it."""

import threading

import pytest
from support.client import enumerators
from support.frames import TEXT, frame
from support.http import eventually
from support.scripted import Scripted, answering, response, upgrade
from support.wrong_answers import CUT, DEFLATE, FRAMES, HANDSHAKES, OFFER, RESPONSES, chunked, head, length

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def client(start_client_for_module):
    return start_client_for_module()


def ids(table):
    seen = {}
    for row in table:
        seen[row[0]] = seen.get(row[0], 0) + 1
        yield row[0] if seen[row[0]] == 1 else f"{row[0]} {seen[row[0]]}"


# Responses


@pytest.mark.parametrize(("error", "answer"), RESPONSES, ids=ids(RESPONSES))
def test_responses(client, error, answer):
    with Scripted(answering(answer, stays=True)) as server:
        failed = client.get(server.url)
        assert failed.failure == f"protocol: http1::Error::{error}"
        assert failed["error"]["peer"] == server.authority
        assert not failed["error"]["timed_out"] and not failed["error"]["cancelled"]
        # Nothing that follows on this connection can be trusted.
        assert client.get(server.url).failure and server.visits == 2


def test_folded_lines_are_put_together(client):
    """A user agent has to (RFC 9112 section 5.2)."""
    answer = head("X: one\r\n\ttwo", "Content-Length:\r\n 4", "Connection: close") + b"good"
    with Scripted(answering(answer)) as server:
        answer = client.get(server.url)
    assert answer.content == b"good"
    assert answer.field("X") == "one   two"


def test_a_stream_meets_the_same(client):
    for error, answer in RESPONSES:
        with Scripted(answering(answer, stays=True)) as server:
            assert client.stream(server.url).failure == f"protocol: http1::Error::{error}"


@pytest.mark.parametrize(("error", "answer"), CUT, ids=ids(CUT))
def test_responses_that_are_cut(client, error, answer):
    with Scripted(answering(answer)) as server:
        assert client.get(server.url).failure == f"protocol: http1::Error::{error}"
    with Scripted(answering(answer)) as server:
        failed = client.stream(server.url)
        assert failed.failure == f"protocol: http1::Error::{error}"
        if error == "incomplete_content":
            assert failed["status"] == 200, "the head had come"


@pytest.mark.parametrize(
    "answer",
    [
        length(5) + b"hello",
        chunked("5\r\nhello\r\n0\r\nA: b\r\n\r\n"),
        head(status="HTTP/1.1 103 Early Hints") + length(0),
    ],
    ids=["length", "chunked", "interim"],
)
def test_cut_at_every_byte(client, answer):
    """What is not all is told from what is."""
    cuts = iter(range(len(answer)))

    def script(visitor):
        visitor.read_head()
        visitor.send(answer[: next(cuts)])

    with Scripted(script) as server:
        for _ in range(len(answer)):
            error = client.get(server.url).failure
            assert error in {f"protocol: http1::Error::{name}" for name, _ in CUT}
    with Scripted(answering(answer)) as server:
        assert client.get(server.url).failure is None


def test_a_response_may_end_with_its_connection(client):
    """Then an early end can't be told from the end (RFC 9112 section 8), but a reset can."""
    with Scripted(answering(head() + b"up to the end")) as server:
        assert client.get(server.url).content == b"up to the end"
    with Scripted(answering(head(status="HTTP/1.0 200 OK") + b"old")) as server:
        assert client.get(server.url)["version"] == "1.0"

    received = threading.Event()

    def script(visitor):
        visitor.read_head()
        visitor.send(head() + b"some of it")
        received.wait()
        visitor.reset()

    with Scripted(script) as server:
        going = client.begin("stream", url=server.url, hold=True)
        going.event("waits")
        received.set()
        client.do("go", what=going.number)
        assert going.result().failure == "protocol: client::ClientError::connection_closed"


def test_byte_by_byte(client):
    answer = head(status="HTTP/1.1 103 Early Hints") + chunked("5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n")

    def script(visitor):
        visitor.read_head()
        for byte in answer:
            visitor.send(bytes([byte]))

    with Scripted(script) as server:
        answer = client.get(server.url)
        assert (answer.content, answer["trailers"]) == (b"hello", [["A", "b"]])


def test_bytes_that_answer_nothing(client):
    """What comes behind a response is no response to the next request: the connection ends."""
    poison = response("200 OK", "poison")
    with Scripted(answering(response("200 OK", "good") + poison, stays=True)) as server:
        assert client.get(server.url).content == b"good"
        again = client.get(server.url)
        assert (again.content, again["reused"]) == (b"good", False)
        assert server.visits == 2


def test_bytes_that_come_while_nothing_was_asked(client):
    """The same when they come later, on a connection that is idle."""
    ask = threading.Event()

    def script(visitor):
        visitor.read_head()
        visitor.send(response("200 OK", "good"))
        ask.wait()
        visitor.send(response("200 OK", "poison"))
        visitor.until_closed()

    with Scripted(script) as server:
        assert client.get(server.url).content == b"good"
        idle = client.statistics()["connections_idle"]
        ask.set()
        eventually(lambda: client.statistics()["connections_idle"] == idle - 1)
        assert client.get(server.url).content == b"good"
        assert server.visits == 2


def test_every_error_of_a_response_is_provoked():
    seen = {error for error, _ in [*RESPONSES, *CUT]} | {"unsolicited_response"}
    names = list(enumerators("http1").values())
    of_requests = set(names[: names.index("missing_host") + 3]) - {
        "bare_carriage_return", "bare_line_feed", "folded_line", "space_before_colon", "empty_field_name",
        "invalid_field_name", "invalid_field_value", "head_too_large", "too_many_fields", "unsupported_version",
    }  # fmt: skip
    # A response has no such limit of its own: who collects content has one.
    assert set(names) - of_requests - seen == {"repeated_content_length", "content_too_large"}


# The opening handshake


@pytest.mark.parametrize(("error", "answer"), HANDSHAKES, ids=ids(HANDSHAKES))
def test_handshakes(client, error, answer):
    with Scripted(answering(answer, stays=True)) as server:
        failed = client.try_connect(server.websocket_url, **OFFER)
        assert failed.failure == f"handshake: websocket::ClientHandshakeError::{error}"
        assert failed["error"]["peer"] == server.authority


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "302 Found", "401 Unauthorized", "404 Not Found",
                                    "426 Upgrade Required", "503 Service Unavailable"])  # fmt: skip
def test_refusals_come_with_their_response(client, status):
    content = "" if status.startswith("204") else "why not"
    answer = response(status, content, "X-Why: because")
    if status.startswith("204"):
        answer = head("X-Why: because", status="HTTP/1.1 204 No Content")
    with Scripted(answering(answer)) as server:
        failed = client.try_connect(server.websocket_url)
        assert failed.failure == "handshake: client::ClientError::upgrade_refused"
        assert failed.refusal["status"] == int(status.split()[0])
        assert failed.refusal["content"] == content
        assert failed.refusal.field("X-Why") == "because"
        assert status.split()[0] in failed.reason


def test_http_1_0_switches_to_nothing(client):
    with Scripted(answering(lambda head: upgrade(head, status="HTTP/1.0 101 Switching Protocols"))) as server:
        failed = client.try_connect(server.websocket_url)
        assert failed.failure == "handshake: http1::Error::unexpected_upgrade"


def test_a_refusal_of_any_size(client):
    """Of its content only the first part is kept."""
    with Scripted(answering(response("403 Forbidden", "x" * (20 * MIB)))) as server:
        failed = client.try_connect(server.websocket_url)
        assert failed.failure == "handshake: client::ClientError::upgrade_refused"
        assert 1024 <= len(failed.refusal["content"]) <= MIB


def test_responses_that_are_none_instead_of_101(client):
    """What is no HTTP at all is found by the same rules as in any response."""
    for error, answer in RESPONSES:
        if b"chunked\r\n\r\n" in answer or error == "unexpected_upgrade":
            continue
        with Scripted(answering(answer, stays=True)) as server:
            failed = client.try_connect(server.websocket_url)
            assert failed.failure == f"handshake: http1::Error::{error}", answer[:80]


def test_handshakes_cut_at_every_byte(client):
    lengths = []

    def script(visitor):
        answer = upgrade(visitor.read_head())
        lengths.append(len(answer))
        visitor.send(answer[: server.visits - 1])

    with Scripted(script) as server:
        failures = [client.try_connect(server.websocket_url).failure for _ in range(129)]
        assert min(lengths) >= 128
    assert failures[0] == "handshake: http1::Error::no_response"
    assert set(failures[1:128]) == {"handshake: http1::Error::incomplete_head"}


def test_a_handshake_byte_by_byte_with_frames_behind(client):
    def script(visitor):
        answer = upgrade(visitor.read_head(), also=["Sec-WebSocket-Protocol: chat"])
        for byte in answer + frame(TEXT, "at once", mask=False):
            visitor.send(bytes([byte]))
        visitor.until_closed()

    with Scripted(script) as server:
        socket = client.connect(server.websocket_url, subprotocols=["chat"])
        assert (socket.opened["subprotocol"], socket.receive()) == ("chat", "at once")


def test_what_a_handshake_may_look_like(client):
    """Names in any case, values in any case where that is allowed, lists, blanks, an interim
    response before it."""

    def answer(request):
        good = upgrade(request, connection="keep-alive, UPGRADE", upgrade="WebSocket")
        good = good.replace(b"Sec-WebSocket-Accept: ", b"sec-websocket-ACCEPT:   ")
        return head(status="HTTP/1.1 103 Early Hints") + good

    with Scripted(answering(answer, stays=True)) as server:
        assert client.connect(server.websocket_url).opened["peer"] == server.authority


def test_every_error_of_the_handshake_is_provoked():
    seen = {error for error, _ in HANDSHAKES}
    # Any other status is a refusal, which comes with its response; and with HTTP/1.0, 101 is none.
    assert set(enumerators("websocket handshake").values()) - seen == {"not_switching_protocols", "not_http_1_1"}


# Behind it


@pytest.mark.parametrize(("error", "code", "frames"), FRAMES, ids=ids(FRAMES))
def test_frames(client, error, code, frames):
    received = []

    def script(visitor):
        visitor.send(upgrade(visitor.read_head()) + frames)
        received.append(visitor.until_closed())

    with Scripted(script) as server:
        got, reason = client.connect(server.websocket_url).until_closed()
        assert got == code and reason
        eventually(lambda: received)
    # The client's close frame, masked.
    assert received[0][:1] == b"\x88" and received[0][1] & 0x80
    mask, payload = received[0][2:6], received[0][6:8]
    assert bytes(a ^ b for a, b in zip(payload, mask)) == code.to_bytes(2, "big")


def test_a_message_that_cannot_be_inflated(client):
    """compressed_data_invalid, which takes an agreement first."""

    def script(visitor):
        agreed = [f"Sec-WebSocket-Extensions: {DEFLATE}"]
        visitor.send(upgrade(visitor.read_head(), also=agreed) + b"\xc1\x01\x07")
        visitor.until_closed()

    with Scripted(script) as server:
        got, reason = client.connect(server.websocket_url, **OFFER).until_closed()
        assert got == 1007 and "inflated" in reason


def test_every_error_of_frames_is_provoked():
    provoked = {error for error, _, _ in FRAMES} | {"compressed_data_invalid"}
    assert set(enumerators("websocket").values()) - provoked == {"unmasked_frame_from_client"}


# Time


SILENCES = {
    "no TLS": ("tls", "handshake", lambda visitor: visitor.until_closed(), "https"),
    "no head": ("protocol", "head", lambda visitor: visitor.until_closed(), "http"),
    "half a head": ("protocol", "head", lambda visitor: visitor.send(b"HTTP/1.1 2"), "http"),
    "interim only": ("protocol", "head", lambda visitor: visitor.send(head(status="HTTP/1.1 103 Hints")), "http"),
    "no content": ("protocol", "progress", lambda visitor: visitor.send(length(5)), "http"),
    "half the content": ("protocol", "progress", lambda visitor: visitor.send(length(5) + b"he"), "http"),
    "no next chunk": ("protocol", "progress", lambda visitor: visitor.send(chunked("2\r\nhe\r\n")), "http"),
    "no answer to an upgrade": ("handshake", "head", lambda visitor: visitor.until_closed(), "ws"),
    "half an upgrade": ("handshake", "head", lambda visitor: visitor.send(b"HTTP/1.1 101 S\r\nUpg"), "ws"),
}


@pytest.mark.parametrize("silence", SILENCES)
def test_silence(start_client, silence):
    step, limit, script, scheme = SILENCES[silence]

    def stay(visitor):
        script(visitor)
        visitor.until_closed()

    client = start_client(time_limits_ms={limit: 100})
    with Scripted(stay) as server:
        url = f"{scheme}://{server.authority}/"
        failed = client.try_connect(url) if scheme == "ws" else client.get(url)
        assert failed.failure == f"{step}: std::errc::timed_out"
        assert failed["error"]["timed_out"]


def test_a_head_that_comes_drop_by_drop(start_client):
    """A byte now and then is no progress: all of the head has one limit."""
    stop = threading.Event()

    def drip(visitor):
        visitor.read_head()
        visitor.send(b"HTTP/1.1 200 OK\r\nA: ")
        while not stop.wait(0.02):
            visitor.send(b"b")

    client = start_client(time_limits_ms={"head": 300})
    with Scripted(drip) as server:
        assert client.get(server.url).failure == "protocol: std::errc::timed_out"
        stop.set()


def test_a_server_that_takes_nothing(start_client):
    def script(visitor):
        visitor.read_head()
        stop.wait(30)

    stop = threading.Event()
    client = start_client(time_limits_ms={"stalled_write": 200})
    with Scripted(script) as server:
        failed = client.post(server.url, {"streamed": {"bytes": 200 * MIB}})
        assert failed.failure == "protocol: std::errc::timed_out"
        assert 0 < failed["upload"]["bytes"] < 100 * MIB
        stop.set()

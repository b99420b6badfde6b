"""What is no TLS, not yet TLS, or not what the client said: refused, in a sentence where somebody
could read it, and never seen by a handler."""

import collections
import contextlib
import json
import os
import re
import ssl
import time

import pytest
from support.frames import Client, frame, handshake, TEXT
from support.http import Connection, eventually, get
from support.proxy import Proxy, RecordChanger
from support.tls import TLS_1_2, TLS_1_3, HandshakeScript, Tls, client_context, tls_connection

HANDSHAKE_MS = 700  # of `hasty`


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    """`/statistics` is asked on the listener in clear, each time on a connection of its own."""
    return start_tls_server_for_module("--threads", "2")


@pytest.fixture(scope="module")
def hasty(start_tls_server_for_module):
    """One that waits for handshakes shorter than an ordinary one may need on a busy machine."""
    return start_tls_server_for_module("--threads", "2", "--handshake-ms", str(HANDSHAKE_MS))


@pytest.fixture
def context(certificates):
    return client_context(certificates.root)


asked = collections.Counter()  # how often whom; each is a request, too


def statistics(server):
    found = json.loads(get(server, "/statistics").body)
    found["requests"] -= asked[server.port]
    asked[server.port] += 1
    return found


@contextlib.contextmanager
def handling_nothing(server):
    """Checks at the end that the server handled no request but those for its statistics."""
    before = statistics(server)
    yield
    after = once_idle(server)
    for name in ("requests", "messages_received"):
        assert after[name] == before[name], name


@pytest.fixture
def nothing_handled(server):
    with handling_nothing(server):
        yield


def once_idle(server):
    """The statistics as soon as nobody but who asks for them is connected."""

    def look():
        found = statistics(server)
        return found if found["connections_open"] == 1 else None

    return eventually(look)


# What is no TLS

CLEAR = {
    "GET": b"GET /secret HTTP/1.1\r\nHost: test\r\n\r\n",
    "HEAD": b"HEAD / HTTP/1.1\r\nHost: test\r\n\r\n",
    "POST": b"POST /body HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nsecret",
    "PUT": b"PUT /body HTTP/1.1\r\nHost: test\r\nContent-Length: 6\r\n\r\nsecret",
    "OPTIONS": b"OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n",
    "PATCH": b"PATCH / HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n",
    "DELETE": b"DELETE / HTTP/1.1\r\nHost: test\r\n\r\n",
    "CONNECT": b"CONNECT test:443 HTTP/1.1\r\nHost: test:443\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: test\r\n\r\n",
    "a WebSocket's handshake": handshake(),
    "a frame behind it": handshake() + frame(TEXT, "secret"),
}


@pytest.mark.parametrize("kind", CLEAR)
def test_clear_http_on_the_encrypted_port_is_told_so(server, nothing_handled, kind):
    with Connection(server.secure.address) as raw:
        answer = raw.send(CLEAR[kind]).answer("HEAD" if kind == "HEAD" else "GET")
        assert answer.status == 400
        assert answer["Connection"] == "close"
        if kind == "HEAD":
            raw.rest()  # who is asked for what can't be read
        else:
            assert re.search(rb"https|TLS|encrypted", answer.body), answer.body
            assert answer["Content-Length"] == str(len(answer.body))
            assert b"secret" not in answer.body
        assert raw.closed()


@pytest.mark.parametrize("size", [1, 3, 5, 12])
def test_clear_http_in_pieces_is_told_so_too(server, nothing_handled, size):
    with Connection(server.secure.address) as raw:
        for begin in range(0, len(CLEAR["GET"]), size):
            if not raw.silent(0.01):
                break
            raw.send(CLEAR["GET"][begin : begin + size])
        assert raw.answer().status == 400
        assert raw.closed()


def ends_without_http(raw):
    """The connection ends, perhaps with an alert, which is a record of seven bytes (RFC 8446 6)."""
    rest = raw.rest()
    assert rest == b"" or (rest[:2] == b"\x15\x03" and len(rest) == 7), rest
    return True


GARBAGE = {
    "zeros": bytes(1000),
    "0xff": b"\xff" * 1000,
    "SIP": b"sip: nobody\r\n",
    "SSLv2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + bytes(16),
    "SSLv3": bytes.fromhex("16030000040100") + bytes(100),
    "an alert": bytes.fromhex("15030300020100"),
    "application data": b"\x17\x03\x03\x00\x20" + bytes(32),
    "a huge record": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "an empty hello": b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
    "a hello of lies": b"\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + bytes(32) + b"\xff" + bytes(9),
    "a server's hello": b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + bytes(36),
    "SMB": b"\0\0\0\x85\xffSMBr" + bytes(128),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_on_the_encrypted_port_ends_the_connection(server, nothing_handled, kind):
    with Connection(server.secure.address) as raw:
        with contextlib.suppress(OSError):
            raw.send(GARBAGE[kind])
        assert ends_without_http(raw)


def test_random_bytes_end_the_connection(server, nothing_handled):
    for _ in range(200):
        with Connection(server.secure.address) as raw:
            with contextlib.suppress(OSError):
                raw.send(b"\x16\x03\x01" + os.urandom(300)).finish_sending()
            assert ends_without_http(raw)


def test_a_hello_with_any_byte_changed_does_no_harm(server, context, nothing_handled):
    """Some of them are good hellos still; the server answers those, and must outlive all."""
    hello = HandshakeScript(context).step()
    for place in range(0, len(hello), 3):
        changed = bytearray(hello)
        changed[place] ^= 0x55
        with Connection(server.secure.address) as raw:
            with contextlib.suppress(OSError):
                raw.send(changed).finish_sending()
            raw.rest()


def test_tls_on_the_clear_port_is_refused(server, context):
    with pytest.raises(ssl.SSLError):
        tls_connection(server, context)


def test_refusals_are_counted(server, context):
    before = statistics(server)["tls_failures"]
    with Connection(server.secure.address) as raw:
        raw.send(CLEAR["GET"]).rest()
    with Connection(server.secure.address) as raw:
        raw.send(bytes(1000)).rest()
    eventually(lambda: statistics(server)["tls_failures"] >= before + 2)


# Who does not finish the handshake


def half_open(server, context, bytes_sent):
    raw = Connection(server.secure.address)
    raw.send(HandshakeScript(context).step()[:bytes_sent])
    return raw


@pytest.mark.parametrize("bytes_sent", [0, 1, 5, 100, None], ids=str)
def test_a_handshake_that_does_not_go_on_ends_in_time(hasty, context, bytes_sent):
    begin = time.monotonic()
    with handling_nothing(hasty), half_open(hasty, context, bytes_sent) as raw:
        raw.rest()
        assert HANDSHAKE_MS / 1000 * 0.8 < time.monotonic() - begin < 5


def test_a_handshake_in_drops_ends_in_time(hasty, context):
    """The limit is for all of it, not for each byte."""
    begin = time.monotonic()
    with handling_nothing(hasty), Connection(hasty.secure.address) as raw:
        for byte in HandshakeScript(context).step():
            if not raw.silent(0.05):
                break
            try:
                raw.send(bytes([byte]))
            except OSError:
                break
        raw.rest()
        assert HANDSHAKE_MS / 1000 * 0.8 < time.monotonic() - begin < 5


def test_who_waits_with_the_request_is_not_cut_off_by_the_handshake_s_limit(start_tls_server, context):
    limit_ms = 2000  # for this handshake to end within it, wherever the test runs
    server = start_tls_server("--handshake-ms", str(limit_ms))
    with tls_connection(server.secure, context) as connection:
        assert connection.silent(limit_ms / 1000 * 1.25)
        assert connection.get("/").answer().body == b"root"


def test_half_open_handshakes_leave_room_for_others(server, context):
    with contextlib.ExitStack() as stack:
        for n in range(300):
            stack.enter_context(half_open(server, context, n % 300))
        for _ in range(5):
            with tls_connection(server.secure, context) as connection:
                assert connection.get("/").answer().body == b"root"
    once_idle(server)


def test_who_goes_in_the_middle_of_a_handshake_is_forgotten(server, context):
    for bytes_sent in (0, 1, 5, 50, 200, None) * 5:
        half_open(server, context, bytes_sent).close()
    once_idle(server)


# Who changes what is not theirs


RECORDS = {"Finished": (TLS_1_3, 1), "request": (TLS_1_3, 2), "request of TLS 1.2": (TLS_1_2, 1)}


@pytest.mark.parametrize("at", [-1, 5, 12], ids=["last byte", "first byte", "in the middle"])
@pytest.mark.parametrize("record", RECORDS)
def test_a_changed_byte_ends_the_connection_before_a_handler(server, certificates, nothing_handled, record, at):
    version, number = RECORDS[record]
    before = statistics(server)["tls_failures"]
    with Proxy(server.secure.address, to_server=lambda: RecordChanger(number, at)) as proxy:
        with pytest.raises(ssl.SSLError, match="(?i)alert (bad record mac|decrypt error)|bad_record_mac"):
            with tls_connection(proxy, client_context(certificates.root, version)) as connection:
                connection.post("/body", b"to nobody" * 5).answer()
    eventually(lambda: statistics(server)["tls_failures"] == before + 1)


def test_a_changed_byte_of_a_frame_ends_the_websocket(server, certificates):
    before = statistics(server)["messages_received"]
    with Proxy(server.secure.address, to_server=lambda: RecordChanger(4)) as proxy:
        with Client(proxy, tls=Tls(client_context(certificates.root, TLS_1_3))) as client:
            client.send_text("whole")
            assert client.text() == "whole"
            client.send_text("changed")
            with pytest.raises(ssl.SSLError):
                client.text()
    assert statistics(server)["messages_received"] == before + 1


def test_a_changed_byte_of_the_server_s_handshake_is_noticed_by_the_client(server, context, nothing_handled):
    with Proxy(server.secure.address, to_client=lambda: RecordChanger(1)) as proxy:
        with pytest.raises(ssl.SSLError):
            tls_connection(proxy, context)

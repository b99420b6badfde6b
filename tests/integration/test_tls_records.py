"""How TLS's bytes may be cut: records over segments, requests over records, and how it all ends."""

import contextlib
import json
import socket
import ssl

import pytest
from support.frames import TEXT, Client, close_frame, frame, handshake
from support.http import Connection, get
from support.tls import (
    ALERT,
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HANDSHAKE,
    TLS_1_2,
    TLS_1_3,
    Forger,
    HandshakeScript,
    Tls,
    TlsSocket,
    client_context,
    records,
    tls_connection,
)

REQUEST = b"GET /reflect?q=whole HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--threads", "2")


@pytest.fixture(params=[TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def context(request, certificates):
    return client_context(certificates.root, request.param)


@pytest.fixture
def forger(server, certificates, tmp_path):
    """A TLS 1.3 connection after its handshake, and who writes its records."""
    keylog = tmp_path / "keys"
    with tls_connection(server.secure, client_context(certificates.root, TLS_1_3, keylog=keylog)) as connection:
        yield connection, Forger(connection, keylog)


def reads_the_answer(connection):
    answer = connection.answer()
    assert (answer.status, b"query q: whole" in answer.body) == (200, True), answer
    return True


class OneByteSegments:
    """A socket of which everything leaves in segments of one byte."""

    def __init__(self, raw):
        self._raw = raw

    def sendall(self, data):
        for byte in data:
            self._raw.sendall(bytes([byte]))

    def __getattr__(self, name):
        return getattr(self._raw, name)


class Slowly(Tls):
    def over(self, raw):
        return TlsSocket(OneByteSegments(raw), self.context, self.server_name)


def test_everything_byte_by_byte(server, context):
    with Connection(server.secure.address, tls=Slowly(context)) as connection:
        connection.send(REQUEST)
        assert reads_the_answer(connection)
        connection.send(REQUEST * 2)
        assert reads_the_answer(connection) and reads_the_answer(connection)


def cuts():
    """Where a ClientHello is cut: in the record's header, the message's, and here and there."""
    return [[1], [4], [5], [6], [9], [1, 2, 3, 4, 5, 6], [100], [50, 100, 150, 200], [-1]]


@pytest.mark.parametrize("places", cuts(), ids=str)
def test_a_client_hello_in_many_segments(server, context, places):
    script = HandshakeScript(context)
    with Connection(server.secure.address) as raw:
        hello = script.step()
        begin = 0
        for place in [*(place % len(hello) for place in places), len(hello)]:
            raw.send(hello[begin:place])
            begin = place
        finish(raw, script)
        raw.send(sealed(script, REQUEST))
        assert b"query q: whole" in opened(raw, script)


def test_a_client_hello_in_many_records(server, context):
    """RFC 8446 section 5.1: handshake messages may be cut anywhere."""
    script = HandshakeScript(context)
    with Connection(server.secure.address) as raw:
        message = script.step()[5:]
        for begin in range(0, len(message), 50):
            piece = message[begin : begin + 50]
            raw.send(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece)
        finish(raw, script)
        raw.send(sealed(script, REQUEST))
        assert b"query q: whole" in opened(raw, script)


def finish(raw, script, behind=b"", held_back=0):
    """The handshake up to and including the client's Finished, `behind` in the same segment, but
    for the last `held_back` bytes, which it gives."""
    while True:
        raw._more()
        answer = script.step(bytes(raw.buffer))
        raw.buffer.clear()
        done = script.tls.version() and is_done(script)
        if done and behind:
            script.tls.write(behind)
            answer += script.outgoing.read()
        sent = len(answer) - (held_back if done else 0)
        raw.send(answer[:sent])
        if done:
            return answer[sent:]


def is_done(script):
    try:
        script.tls.do_handshake()
        return True
    except ssl.SSLWantReadError:
        return False


def sealed(script, *pieces):
    """Each of `pieces` in a record of its own."""
    for piece in pieces:
        script.tls.write(piece)
    return script.outgoing.read()


def opened(raw, script):
    """Whatever plaintext comes next."""
    while True:
        try:
            return script.tls.read(1 << 16)
        except ssl.SSLWantReadError:
            raw._more()
            script.incoming.write(bytes(raw.buffer))
            raw.buffer.clear()


def test_a_request_in_the_flight_of_the_client_s_finished(server, certificates):
    """Only TLS 1.3 lets a client speak there; a request saves a round trip."""
    script = HandshakeScript(client_context(certificates.root, TLS_1_3))
    with Connection(server.secure.address) as raw:
        raw.send(script.step())
        finish(raw, script, behind=REQUEST)
        assert b"query q: whole" in opened(raw, script)


@pytest.mark.parametrize("held_back", [1, 10, 50, len(REQUEST) + 17, len(REQUEST) + 21])
def test_a_part_of_a_request_in_the_segment_of_the_client_s_finished(server, certificates, held_back):
    script = HandshakeScript(client_context(certificates.root, TLS_1_3))
    with Connection(server.secure.address) as raw:
        raw.send(script.step())
        rest = finish(raw, script, REQUEST, held_back)
        get(server, "/")  # time for the server to read what has come
        raw.send(rest)
        assert b"query q: whole" in opened(raw, script)


def test_a_request_of_records_of_one_byte_in_one_segment(server, context):
    with tls_connection(server.secure, context) as connection:
        held = bytearray()
        connection.socket.transmit = held.extend
        for byte in REQUEST:
            connection.send(bytes([byte]))
        assert len(records(held)) == len(REQUEST)
        connection.socket.transmit = connection.socket.raw.sendall
        connection.socket.raw.sendall(held)
        assert reads_the_answer(connection)


def test_a_thousand_small_frames_in_one_segment_each_in_a_record(server, context):
    with Client(server.secure, tls=Tls(context)) as client:
        held = bytearray()
        client.socket.transmit = held.extend
        for number in range(1000):
            client.send_text(str(number))
        client.socket.transmit = client.socket.raw.sendall
        client.socket.raw.sendall(held)
        for number in range(1000):
            assert client.text() == str(number)
        client.close_normally()


@pytest.mark.parametrize("pieces", [2, 3, 50])
def test_a_record_that_spans_segments(server, context, pieces):
    with Client(server.secure, tls=Tls(context)) as client:
        held = bytearray()
        client.socket.transmit = held.extend
        payload = bytes(n % 251 for n in range(16_000))
        client.send_binary(payload)
        assert len(records(held)) == 1
        size = len(held) // pieces + 1
        for begin in range(0, len(held), size):
            client.socket.raw.sendall(held[begin : begin + size])
        assert client.next_message()[1] == payload


def test_a_record_and_a_half_in_each_segment(server, context):
    with Client(server.secure, tls=Tls(context)) as client:
        held = bytearray()
        client.socket.transmit = held.extend
        for number in range(60):
            client.send_text(f"{number} " + "x" * 1000)
        for begin in range(0, len(held), 1600):
            client.socket.raw.sendall(held[begin : begin + 1600])
        for number in range(60):
            assert client.text().startswith(f"{number} ")


@pytest.mark.parametrize("size", [1, 16_383, 16_384, 16_385, 40_000, 65_536, 300_000])
def test_answers_of_every_size_come_whole_in_full_records(server, context, size):
    with tls_connection(server.secure, context) as connection:
        content = bytes(n % 253 for n in range(size))
        assert connection.post("/body", content).answer().body == content
        # Each record costs about 30 bytes; a waste of records would show.
        connection.socket.received = 0
        assert connection.post("/body", content).answer().body == content
        assert connection.socket.received <= size + 300 + 30 * (size // 8192 + 2)


# Endings


def test_after_close_notify_the_answer_still_comes(server, context):
    with tls_connection(server.secure, context) as connection:
        connection.send(REQUEST).finish_sending()
        assert reads_the_answer(connection)
        assert connection.closed() and connection.socket.ended_by_peer


def test_after_close_notify_in_the_request_s_segment_the_answer_still_comes(server, context):
    with tls_connection(server.secure, context) as connection:
        held = bytearray()
        connection.socket.transmit = held.extend
        connection.send(REQUEST).finish_sending()
        connection.socket.raw.sendall(held)
        connection.socket.transmit = connection.socket.raw.sendall
        assert reads_the_answer(connection)
        assert connection.closed()


def test_a_large_answer_comes_whole_after_close_notify(server, context):
    with tls_connection(server.secure, context) as connection:
        connection.get("/generated?bytes=5000000").finish_sending()
        assert len(connection.answer().body) == 5_000_000
        assert connection.closed() and connection.socket.ended_by_peer


def test_an_end_without_close_notify_is_an_end(server, context):
    """RFC 8446 section 6.1: what was not said whole was not said; and nothing hangs."""
    for cut in (b"", REQUEST[:20], b"POST /count HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n12345"):
        with tls_connection(server.secure, context) as connection:
            if cut:
                connection.send(cut)
            connection.socket.raw.shutdown(socket.SHUT_WR)
            try:
                # What is known as cut off is not answered as if it were whole.
                assert b" 200 " not in connection.rest()
            except ssl.SSLError:
                pass
    assert get(server, "/").body == b"root"


def test_the_server_says_close_notify_behind_its_last_answer(server, context):
    with tls_connection(server.secure, context) as connection:
        assert connection.get("/close").answer().body == b"last"
        assert connection.closed() and connection.socket.ended_by_peer


def test_the_server_says_close_notify_behind_the_closing_handshake(server, context):
    with Client(server.secure, tls=Tls(context)) as client:
        client.send(close_frame(1000))
        assert client.close_code()[0] == 1000
        assert client.closed() and client.socket.ended_by_peer


def test_a_pipelined_frame_behind_the_upgrade_in_the_same_record(server, context):
    with tls_connection(server.secure, context) as connection:
        connection.send(handshake() + frame(TEXT, "at once"))
        assert connection.read_head().status == 101
        assert connection.read(9) == b"\x81\x07at once"


# Records that no library sends


def test_padded_records_are_read_without_their_padding(forger):
    connection, forged = forger
    forged.send(*(forged.record(REQUEST[n : n + 5], padding=n * 7) for n in range(0, len(REQUEST), 5)))
    assert reads_the_answer(connection)


def test_a_few_empty_records_are_passed_over(forger):
    connection, forged = forger
    forged.send(*(forged.record() for _ in range(10)), forged.record(REQUEST))
    assert reads_the_answer(connection)


def test_key_updates_between_and_within_requests(forger):
    connection, forged = forger
    for request in (False, True, False, True):
        forged.send(forged.record(REQUEST[:7]), forged.key_update(request), forged.record(REQUEST[7:]))
        assert reads_the_answer(connection)


def refused(connection):
    """Whether the server ends with an alert, or at once, in place of an answer."""
    try:
        assert connection.rest() == b""
    except ssl.SSLError:
        pass
    return True


ALERT_CLOSE_NOTIFY = b"\1\0"

FORBIDDEN = {
    "no type at all, only padding": lambda forged: forged.record(b"", kind=0, padding=50),
    "a type that is unknown": lambda forged: forged.record(REQUEST, kind=99),
    "a change of suites, encrypted": lambda forged: forged.record(b"\1", kind=CHANGE_CIPHER_SPEC),
    "a change of suites, in clear": lambda forged: b"\x14\x03\x03\0\1\1",
    "data in clear": lambda forged: b"\x17\x03\x03" + len(REQUEST).to_bytes(2, "big") + REQUEST,
    "an alert in clear": lambda forged: b"\x15\x03\x03\0\2" + ALERT_CLOSE_NOTIFY,
    "an alert of one byte": lambda forged: forged.record(b"\1", kind=ALERT),
    "two alerts in one": lambda forged: forged.record(ALERT_CLOSE_NOTIFY * 2, kind=ALERT),
    "an empty handshake message": lambda forged: forged.record(b"", kind=HANDSHAKE),
    "a second hello": lambda forged: forged.record(b"\1\0\0\2\3\3", kind=HANDSHAKE),
    "a ticket from a client": lambda forged: forged.record(b"\4\0\0\1\0", kind=HANDSHAKE),
    "a key update that asks for what is unknown": lambda forged: forged.record(b"\x18\0\0\1\2", kind=HANDSHAKE),
    "a key update with something behind it": lambda forged: forged.record(b"\x18\0\0\1\0\x18", kind=HANDSHAKE),
    "a record shorter than its seal": lambda forged: b"\x17\x03\x03\0\5hello",
    "a record of nothing": lambda forged: b"\x17\x03\x03\0\0",
    "17 KiB of padding": lambda forged: forged.record(b"", padding=17 * 1024),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_the_protocol_forbids_ends_the_connection(forger, what):
    """And whatever follows reaches nobody."""
    connection, forged = forger
    forged.send(FORBIDDEN[what](forged), forged.record(REQUEST))
    with pytest.raises(ssl.SSLError, match="alert"):
        connection.rest()


def test_after_a_fatal_alert_nothing_is_read(forger):
    connection, forged = forger
    forged.send(forged.record(b"\2\x50", kind=ALERT), forged.record(REQUEST))
    assert refused(connection)


def test_after_close_notify_nothing_is_read(server, forger):
    """RFC 8446 section 6.1. In a segment of its own, too."""
    connection, forged = forger
    before = get(server, "/statistics").body
    forged.send(forged.record(ALERT_CLOSE_NOTIFY, kind=ALERT), forged.record(REQUEST))
    with contextlib.suppress(OSError):
        forged.send(forged.record(REQUEST))
    assert connection.closed()
    requests = lambda body: json.loads(body)["requests"]
    assert requests(get(server, "/statistics").body) == requests(before) + 1


def test_a_record_longer_than_allowed_is_refused(forger):
    """RFC 8446 section 5.2: 2^14 bytes and 256 for what encryption adds."""
    connection, forged = forger
    forged.send(bytes([APPLICATION_DATA, 3, 3]) + (2**14 + 257).to_bytes(2, "big") + bytes(2**14 + 257))
    assert refused(connection)


def test_a_record_played_twice_is_refused(forger):
    connection, forged = forger
    whole = forged.record(REQUEST)
    forged.send(whole)
    assert reads_the_answer(connection)
    forged.send(whole)
    assert refused(connection)


def test_records_out_of_order_are_refused(forger):
    connection, forged = forger
    first, second = forged.record(REQUEST[:10]), forged.record(REQUEST[10:])
    forged.send(second, first)
    assert refused(connection)


BARREN = {
    "empty records": lambda forged: forged.record(),
    "key updates": lambda forged: forged.key_update(),
    "key updates that ask for more": lambda forged: forged.key_update(True),
}


@pytest.mark.parametrize("kind", BARREN)
def test_many_records_without_data_in_a_row_are_too_many(forger, kind):
    connection, forged = forger
    for _ in range(5):  # with data in between they are welcome
        forged.send(*(BARREN[kind](forged) for _ in range(20)), forged.record(REQUEST))
        assert reads_the_answer(connection)
    forged.send(*(BARREN[kind](forged) for _ in range(100)))
    with pytest.raises(ssl.SSLError, match="alert"):
        connection.rest()


def test_endless_empty_records_cost_nothing(server, forger):
    connection, forged = forger
    before = server.rss_bytes()
    try:
        for _ in range(100):
            forged.send(*(forged.record() for _ in range(1000)))
    except OSError:
        pass  # the server has had enough, as it may
    assert get(server, "/").body == b"root"
    assert server.rss_bytes() - before < server.may_hold(2 << 20)


@pytest.mark.parametrize("request_update", [False, True], ids=["one way", "both ways"])
def test_endless_key_updates_cost_no_memory(server, certificates, tmp_path, request_update):
    """Also when the answers to them are never read."""
    keylog = tmp_path / "keys"
    context = client_context(certificates.root, TLS_1_3, keylog=keylog)
    with tls_connection(server.secure, context, receive_buffer=4096) as connection:
        forged = Forger(connection, keylog)
        connection.socket.settimeout(0.5)
        before = server.rss_bytes()
        try:
            for _ in range(400):
                forged.send(*(forged.key_update(request_update) for _ in range(250)))
        except OSError:
            pass  # it has had enough, or doesn't read any more
        assert get(server, "/").body == b"root"
        assert server.rss_bytes() - before < server.may_hold(4 << 20)

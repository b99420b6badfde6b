"""RFC 6455 on the wire, spoken by a client that may break every rule: framing, fragments, control
frames, UTF-8, closing, limits; and both directions at once."""

import struct
import threading

import pytest
from support.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Client,
    close_frame,
    frame,
    masked,
)
from support.http import eventually, get, request

MIB = 1024 * 1024


@pytest.fixture(scope="module", params=["test server", "duplex serve"])
def server(request):
    if request.param == "duplex serve":
        return request.getfixturevalue("start_duplex_for_module")("--max-message", "64MiB")
    start = request.getfixturevalue("start_test_server_for_module")
    return start("--message-bytes", str(64 * MIB), "--threads", "2")


@pytest.fixture(scope="module")
def test_server(start_test_server_for_module):
    return start_test_server_for_module("--close-ms", "200")


# Framing


@pytest.mark.parametrize("size", [0, 1, 2, 124, 125, 126, 127, 128, 65534, 65535, 65536, 65537, 131071, MIB])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_every_length(server, opcode, size):
    payload = bytes(ord("a") + n % 26 for n in range(size))
    with Client(server) as client:
        client.send(frame(opcode, payload))
        assert client.next_message() == (opcode, payload)
        client.close_normally()


@pytest.mark.parametrize("offset", range(8))
def test_masking_at_every_alignment(server, offset):
    with Client(server) as client:
        client.send(frame(BINARY, bytes(offset)) + frame(BINARY, bytes(range(256))))
        assert client.next_message() == (BINARY, bytes(offset))
        assert client.next_message() == (BINARY, bytes(range(256)))


def test_64_mib_in_one_frame(server):
    payload = bytes(range(256)) * (256 * 1024)
    with Client(server) as client:
        client.send_binary(payload)
        assert client.next_message() == (BINARY, payload)
        client.close_normally()


def test_64_mib_in_many_fragments(server):
    payload = b"0123456789abcdef" * (4 * MIB)
    step = 100_000
    with Client(server) as client:
        for start in range(0, len(payload), step):
            last = start + step >= len(payload)
            client.send(frame(TEXT if start == 0 else CONTINUATION, payload[start : start + step], fin=last))
        assert client.next_message() == (TEXT, payload)
        client.close_normally()


def test_more_than_the_limit_is_too_big(server):
    with Client(server) as client:
        client.send(frame(BINARY, declared=64 * MIB + 1))
        client.ends_with(1009)


def test_a_conversation_byte_by_byte(server):
    with Client(server) as client:
        client.send_byte_by_byte(
            frame(TEXT, "whole")
            + frame(TEXT, "in ", fin=False)
            + frame(PING, "between")
            + frame(CONTINUATION, "", fin=False)
            + frame(CONTINUATION, "pieces: ä€𐍈")
            + frame(BINARY, bytes(200))
            + frame(PONG, "nobody asked")
            + close_frame(4321, "bye")
        )
        assert client.text() == "whole"
        assert client.next_frame() == (True, PONG, b"between")
        assert client.text() == "in pieces: ä€𐍈"
        assert client.next_message() == (BINARY, bytes(200))
        client.ends_with(4321)


def test_many_messages_in_one_segment(server):
    with Client(server) as client:
        client.send(b"".join(frame(TEXT, str(n)) for n in range(20_000)))
        for n in range(20_000):
            assert client.text() == str(n)


# Fragments and control frames


def test_fragments_of_nothing(server):
    with Client(server) as client:
        client.send(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 3 + frame(CONTINUATION))
        assert client.text() == ""


def test_many_tiny_fragments(server):
    with Client(server) as client:
        client.send(frame(TEXT, "a", fin=False) + frame(CONTINUATION, "b", fin=False) * 9998 + frame(CONTINUATION, "c"))
        assert client.text() == "a" + "b" * 9998 + "c"


def test_pings_are_answered_in_order_with_their_payload(server):
    payloads = [b"", b"x", bytes(range(125))]
    with Client(server) as client:
        client.send(b"".join(frame(PING, payload) for payload in payloads))
        for payload in payloads:
            assert client.next_frame() == (True, PONG, payload)


def test_pongs_that_nobody_asked_for_are_ignored(server):
    with Client(server) as client:
        client.send(frame(PONG) + frame(PONG, bytes(125)) + frame(TEXT, "still here"))
        assert client.text() == "still here"


def test_control_frames_between_fragments(server):
    with Client(server) as client:
        client.send(frame(BINARY, "a", fin=False) + frame(PING, "1") + frame(CONTINUATION, "b", fin=False))
        assert client.next_frame() == (True, PONG, b"1")
        client.send(frame(PING, "2") + frame(PONG, "3") + frame(CONTINUATION, "c"))
        assert client.next_frame() == (True, PONG, b"2")
        assert client.next_message() == (BINARY, b"abc")


def test_a_close_frame_between_fragments(server):
    with Client(server) as client:
        client.send(frame(TEXT, "never finished", fin=False))
        client.close_normally(1000, "changed my mind")


def test_a_frame_whose_payload_is_still_to_come_does_not_block_others(server):
    with Client(server) as slow, Client(server) as quick:
        slow.send(frame(BINARY, b"a" * 10, declared=1000))
        for _ in range(10):
            assert quick.send_text("hi").text() == "hi"


# What is invalid, and how it ends

INVALID = {
    "RSV1": (1002, frame(TEXT, "x", rsv=4)),
    "RSV2": (1002, frame(TEXT, "x", rsv=2)),
    "RSV3": (1002, frame(TEXT, "x", rsv=1)),
    "RSV1 in a ping": (1002, frame(PING, "x", rsv=4)),
    "RSV3 in a close frame": (1002, frame(CLOSE, b"\x03\xe8", rsv=1)),
    "RSV2 in a continuation": (1002, frame(TEXT, "x", fin=False) + frame(CONTINUATION, "y", rsv=2)),
    **{f"opcode {opcode:#x}": (1002, frame(opcode, "x")) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "no mask": (1002, frame(TEXT, "hello", mask=False)),
    "no mask and empty": (1002, frame(TEXT, mask=False)),
    "ping without mask": (1002, frame(PING, mask=False)),
    "close without mask": (1002, frame(CLOSE, b"\x03\xe8", mask=False)),
    "a length of 16 bits for 125": (1002, frame(BINARY, bytes(125), length_bytes=2)),
    "a length of 16 bits for 0": (1002, frame(BINARY, b"", length_bytes=2)),
    "a length of 64 bits for 126": (1002, frame(BINARY, bytes(126), length_bytes=8)),
    "a length of 64 bits for 65535": (1002, frame(BINARY, bytes(65535), length_bytes=8)),
    "a length with the highest bit": (1002, frame(BINARY, b"", declared=1 << 63)),
    "ping of 126": (1002, frame(PING, bytes(126))),
    "pong of 126": (1002, frame(PONG, bytes(126))),
    "close of 126": (1002, frame(CLOSE, b"\x03\xe8" + bytes(124))),
    "ping of 64 bits": (1002, frame(PING, b"", declared=1 << 20)),
    "fragmented ping": (1002, frame(PING, "x", fin=False)),
    "fragmented pong": (1002, frame(PONG, "x", fin=False)),
    "fragmented close": (1002, frame(CLOSE, b"\x03\xe8", fin=False)),
    "continuation of nothing": (1002, frame(CONTINUATION, "x")),
    "continuation of nothing, not final": (1002, frame(CONTINUATION, "x", fin=False)),
    "continuation behind the end": (1002, frame(TEXT, "a", fin=False) + frame(CONTINUATION, "b") + frame(CONTINUATION, "c")),
    "text inside text": (1002, frame(TEXT, "a", fin=False) + frame(TEXT, "b")),
    "binary inside text": (1002, frame(TEXT, "a", fin=False) + frame(BINARY, "b", fin=False)),
    "close with one byte": (1002, frame(CLOSE, b"\x03")),
    "close reason not UTF-8": (1007, frame(CLOSE, b"\x03\xe8\xff")),
    "close reason cut off": (1007, frame(CLOSE, b"\x03\xe8" + "ä".encode()[:1])),
    "text that ends inside a character": (1007, frame(TEXT, "aä".encode()[:2])),
    "fragments that end inside a character": (1007, frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"")),
    "HTTP": (1002, b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"),
}
INVALID |= {
    f"close code {code}": (1002, frame(CLOSE, struct.pack("!H", code)))
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
}


def received_before(name):
    """What is echoed before the stream of that name turns out to be invalid."""
    return [(TEXT, b"ab")] if name == "continuation behind the end" else []


@pytest.mark.parametrize("feeding", ["whole", "byte by byte"])
@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_stream_fails_with_the_right_code(server, name, feeding):
    code, stream = INVALID[name]
    if feeding == "byte by byte" and len(stream) > 1000:
        stream = stream[:1000]  # the header is what is wrong
    with Client(server) as client:
        client.send(frame(TEXT, "before"))
        assert client.text() == "before"
        if feeding == "whole":
            client.send(stream + frame(TEXT, "must not be echoed"))
        else:
            client.send_byte_by_byte(stream)
        for expected in received_before(name):
            assert client.next_message() == expected
        client.ends_with(code)


# UTF-8 (RFC 3629)

VALID_TEXT = [
    b"", b"\0", "κόσμε".encode(), b"\x7f", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf",
    b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xef\xbf\xbe", b"\xef\xbf\xbf", b"\xf0\x90\x80\x80",
    b"\xf4\x8f\xbf\xbf", "aä€𐍈".encode() * 50,
]

# Each is wrong at its last byte, and not before.
INVALID_TEXT = [
    b"\x80", b"\xbf", b"\xc0", b"\xc1", b"\xf5", b"\xf8", b"\xfc", b"\xfe", b"\xff",
    b"\xc2\x41", b"\xc2\xc2", b"\xe0\x80", b"\xe0\x9f", b"\xe1\x7f", b"\xe1\x80\xc0", b"\xed\xa0", b"\xed\xbf",
    b"\xf0\x80", b"\xf0\x8f", b"\xf4\x90", b"\xf1\x80\x20", b"\xf1\x80\x80\x20", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0",
]  # fmt: skip


@pytest.mark.parametrize("text", VALID_TEXT, ids=lambda text: text.hex()[:24])
def test_valid_text_split_anywhere(server, text):
    with Client(server) as client:
        for split in range(len(text) + 1):
            client.send(frame(TEXT, text[:split], fin=False) + frame(PING) + frame(CONTINUATION, text[split:]))
        for _ in range(len(text) + 1):
            assert client.next_message() == (TEXT, text)


@pytest.mark.parametrize("prefix", [b"", b"a" * 100, "ä".encode() * 50], ids=["alone", "behind ASCII", "behind text"])
@pytest.mark.parametrize("text", INVALID_TEXT, ids=lambda text: text.hex())
def test_invalid_text_fails_at_the_first_invalid_byte(server, text, prefix):
    text = prefix + text
    with Client(server) as client:  # the frame is not complete, and never will be
        client.send(frame(TEXT, text, declared=len(text) + 100))
        client.ends_with(1007)
    with Client(server) as client:  # not the last fragment either
        client.send(frame(TEXT, text[:-1], fin=False) + frame(CONTINUATION, text[-1:], fin=False))
        client.ends_with(1007)
    with Client(server) as client:
        client.send_byte_by_byte(frame(TEXT, text, declared=len(text) + 100))
        client.ends_with(1007)


def test_binary_need_not_be_text(server):
    with Client(server) as client:
        for text in INVALID_TEXT:
            client.send_binary(text)
            assert client.next_message() == (BINARY, text)


# Closing


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])
def test_a_close_frame_is_answered_with_its_code(server, code):
    with Client(server) as client:
        client.close_normally(code, "because")


def test_an_empty_close_frame_is_answered(server):
    with Client(server) as client:
        client.send(frame(CLOSE))
        assert client.close_code()[0] in (None, 1000)
        assert client.closed()


def test_the_longest_close_reason(server):
    with Client(server) as client:
        client.close_normally(1000, "ä" * 61 + "!")


def test_what_was_sent_before_the_close_frame_is_answered_before_it(server):
    with Client(server) as client:
        client.send(b"".join(frame(TEXT, str(n) * 1000) for n in range(100)) + close_frame())
        for n in range(100):
            assert client.text() == str(n) * 1000
        client.ends_with(1000)


def test_nothing_behind_the_close_frame_counts(server):
    with Client(server) as client:
        client.send(close_frame() + frame(TEXT, "too late") + frame(PING) + b"nonsense")
        client.ends_with(1000)


def test_the_server_closes_first(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("close 4000 see you")
        assert client.close_code() == (4000, "see you")
        client.send(frame(TEXT, "close 4001 crossing") + close_frame(4000, "see you"))
        assert client.closed()


def test_close_frames_that_cross(test_server):
    with Client(test_server, "/obey") as client:
        client.send(frame(TEXT, "close 4000 mine") + close_frame(4001, "mine"))
        assert client.close_code() == (4000, "mine")
        assert client.closed()


def test_a_peer_that_does_not_answer_the_close_frame_is_left_alone(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("close 4000 see you")
        assert client.close_code() == (4000, "see you")
        assert client.closed()  # after --close-ms


def test_terminate_ends_without_a_handshake(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("terminate")
        assert client.closed()


def test_an_exception_closes_with_1011(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("throw")
        assert client.close_code()[0] == 1011
    with Client(test_server, "/session") as client:
        client.send_text("throw")
        assert client.close_code()[0] == 1011
    eventually(lambda: "on purpose" in test_server.errors())


def test_on_close_is_told_once_what_happened(start_test_server):
    server = start_test_server("--message-bytes", "1000")

    def end(client, last):
        client.send(last)
        client.rest()

    endings = [
        (close_frame(4321, "my reason"), "4321 my reason"),
        (frame(CLOSE), "1005"),
        (frame(TEXT, b"\xff"), "1007"),
        (frame(3), "1002"),
        (frame(TEXT, bytes(1001)), "1009"),
    ]
    for last, _ in endings:
        with Client(server) as client:
            end(client, last)
    with Client(server) as client:
        pass  # gone without a word
    lines = eventually(
        lambda: (lines := get(server, "/diary").body.decode().splitlines()) and len(lines) == 7 and lines
    )
    assert lines[0] == "6"
    for line, (_, beginning) in zip(lines[1:], [*endings, (None, "1006")]):
        assert line.startswith(beginning), lines


# Limits


@pytest.mark.parametrize(
    "stream",
    [
        frame(BINARY, bytes(MIB + 1)),
        frame(BINARY, declared=1 << 62),
        frame(BINARY, bytes(MIB), fin=False) + frame(CONTINUATION, bytes(1)),
        frame(TEXT, "a" * 1000, fin=False) * 1 + frame(CONTINUATION, declared=MIB - 999),
    ],
    ids=["whole", "declared", "fragments", "declared by a fragment"],
)
@pytest.mark.parametrize("path", ["/echo", "/chunks", "/session"])
def test_messages_may_have_1_mib(test_server, path, stream):
    with Client(test_server, path) as client:
        client.send(frame(BINARY, bytes(MIB)))
        assert client.next_message() == (BINARY, bytes(MIB))
        try:
            client.send(stream)
        except (BrokenPipeError, ConnectionResetError):
            pass
        if path == "/chunks":  # what was allowed came back as it arrived
            while (got := client.next_frame())[1] != CLOSE:
                pass
            assert struct.unpack("!H", got[2][:2]) == (1009,)
        else:
            assert client.close_code()[0] == 1009


# Ways to receive and to send


def test_chunks_come_as_they_arrive(test_server):
    with Client(test_server, "/chunks") as client:
        payload = bytes(range(250))
        client.send(frame(BINARY, payload)[:-50])
        got = b""
        while len(got) < 150:  # long before the message is complete
            fin, _, piece = client.next_frame()
            assert not fin
            got += piece
        assert payload.startswith(got)


def test_chunks_make_whole_messages(test_server):
    with Client(test_server, "/chunks") as client:
        payload = bytes(range(256)) * 4096
        client.send(frame(BINARY, payload[:300_000], fin=False) + frame(CONTINUATION, payload[300_000:]))
        assert client.next_message() == (BINARY, payload)
        assert client.send_text("").text() == ""
        assert client.send_text("short").text() == "short"


def test_a_coroutine_may_own_the_socket(test_server):
    with Client(test_server, "/session") as client:
        for n in range(100):
            client.send_text(f"message {n}").send_binary(bytes(n))
        for n in range(100):
            assert client.text() == f"message {n}"
            assert client.next_message() == (BINARY, bytes(n))
        client.send_text("end")
        assert client.close_code()[0] == 1000


def test_a_coroutine_learns_of_the_end(start_test_server):
    server = start_test_server()
    with Client(server, "/session") as client:
        client.close_normally()
    eventually(lambda: b"session" in get(server, "/diary").body)
    with Client(server, "/session"):
        pass
    eventually(lambda: get(server, "/diary").body.count(b"session") == 2)


def test_fragments_and_pings_of_the_server(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("fragments")
        assert client.next_frame() == (False, TEXT, b"one ")
        assert client.next_frame() == (True, PING, b"between")
        client.send(frame(PONG, "between"))
        assert client.next_frame() == (True, CONTINUATION, b"message")
        assert client.text() == "pong between"
        client.send_text("ping abc")
        assert client.next_frame() == (True, PING, b"abc")


def test_pause_and_resume(test_server):
    with Client(test_server, "/obey") as client:
        client.send_text("pause nap").send_text("buffered")
        assert client.silent(0.1)
        request(test_server, "POST", "/gate/nap", "")
        assert client.text() == "resumed"
        assert client.text() in ("0", "9")  # whether "resumed" has been sent already


# Both directions at once


def test_one_sends_while_the_other_reads(server):
    """A client that reads nothing until all is sent: the server stops reading it rather than
    buffering without end, loses nothing, and keeps serving others."""
    count, payload = 64, bytes(MIB)
    before = server.rss_bytes()
    with Client(server) as client:
        sender = threading.Thread(
            target=lambda: [client.send(frame(BINARY, struct.pack("!I", n) + payload)) for n in range(count)]
        )
        sender.start()
        sender.join(0.5)  # time to fill all buffers on the way
        with Client(server) as other:
            assert other.send_text("others go on").text() == "others go on"
        assert server.rss_bytes() - before < server.may_hold(24 * MIB)
        for n in range(count):
            assert client.next_message() == (BINARY, struct.pack("!I", n) + payload)
        sender.join(30)
        assert not sender.is_alive()
        client.close_normally()


def test_64_mib_to_a_client_that_reads_later(server):
    payload = bytes(range(256)) * (256 * 1024)
    with Client(server, receive_buffer=65536) as client:
        client.send_binary(payload)  # returns when all has been taken
        with Client(server) as other:
            assert other.send_text("others go on").text() == "others go on"
        assert client.next_message() == (BINARY, payload)
        client.close_normally()


def test_many_small_messages_to_a_client_that_reads_later(server):
    count = 200_000
    with Client(server, receive_buffer=65536) as client:
        batch = b"".join(frame(TEXT, "%06d" % n) for n in range(count))
        sender = threading.Thread(target=lambda: client.send(batch))
        sender.start()
        sender.join(0.3)
        for n in range(count):
            _, _, payload = client.next_frame()
            assert payload == b"%06d" % n
        sender.join(30)
        assert not sender.is_alive()


def test_both_directions_of_one_socket(test_server):
    count, size = 2000, 5000
    with Client(test_server, f"/both?count={count}&bytes={size}") as client:
        sender = threading.Thread(
            target=lambda: [client.send_binary(bytes(size)) for _ in range(count)], daemon=True
        )
        sender.start()
        for n in range(count):
            assert client.text() == f"{n} " + "w" * size
        sender.join(30)
        client.send_text("total")
        assert client.text() == f"total {count * size + 5}"
        client.send_text("end")
        assert client.close_code()[0] == 1000


def test_one_client_only_sends_and_another_only_reads(test_server):
    count = 20_000
    with Client(test_server, "/topic/one-way") as reader, Client(test_server, "/topic/one-way") as writer:
        sender = threading.Thread(
            target=lambda: [
                writer.send(b"".join(frame(TEXT, str(n)) for n in range(start, start + 100)))
                for start in range(0, count, 100)
            ]
        )
        sender.start()
        for n in range(count):
            assert reader.text() == str(n)
        sender.join(30)
        assert writer.silent(0.05)


def test_masked_is_its_own_inverse():
    assert masked(masked(b"hello", b"abcd"), b"abcd") == b"hello"

"""The endpoints that can be told to break rules: as they are, they keep each of them, and a broken one breaks the one
that it was told to. They are tried byte by byte here; in test_peers.py they talk with a peer that is not ours."""

import re
import struct
import zlib

import pytest
from support.breakable.deflate import Wishes
from support.breakable.endpoints import Client, Server
from support.breakable.rules import BREAKS, BY_NAME
from support.frames import BINARY, CLOSE, CONTINUATION, KEY, PING, PONG, TEXT, accept_for, handshake, masked
from support.frames import frame as frame_of
from support.http import Connection
from support.websocket_peer import ScriptedServer

KINDS = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}


def parsed(data, masks):
    """The frames that an endpoint has sent, as pairs of kind and payload; of a close frame, its code. One that is
    compressed has a kind with a star."""
    frames = []
    while data:
        first, second = data[:2]
        assert first & 0x80, "an echo is never fragmented"
        size, at = second & 0x7F, 2
        if size > 125:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[2 : 2 + width], "big"), 2 + width
        key = bytes(4)
        if second & 0x80:
            key, at = data[at : at + 4], at + 4
        assert bool(second & 0x80) == masks, "masked" if second & 0x80 else "not masked"
        payload, data = masked(data[at : at + size], key), data[at + size :]
        if first & 0x0F == CLOSE and payload:
            (payload,) = struct.unpack("!H", payload)
        frames.append((KINDS[first & 0x0F] + "*" * (first >> 6 & 1), payload))
    return frames


def served(frames, broken=(), wishes=None, extensions=None):
    """What a server answers to frames, which end with a close frame."""
    fields = [f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []
    with Server(broken, wishes) as server, Connection(("127.0.0.1", server.port)) as connection:
        connection.send(handshake("/", *fields))
        head = connection.read_head()
        assert head.status == 101
        assert head["Sec-WebSocket-Accept"] == accept_for(KEY)
        connection.send(b"".join(frames(True)))
        return parsed(connection.rest(), masks=False)


def read_rest(peer):
    data = b""
    while came := peer.socket.recv(65536):
        data += came
    return data


def client_answers(frames, broken=(), wishes=None, extensions=None):
    """What a client answers to frames, which end with a close frame."""
    fields = [f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []

    def script(peer):
        peer.accept(*fields)
        peer.send(b"".join(frames(False)))
        peer.socket.shutdown(1)
        return parsed(read_rest(peer), masks="unmasked-sent" not in broken)

    with ScriptedServer(script) as server:
        Client(server.url, broken, wishes).echo("/")
    (result,) = server.results
    return result


ASK = {"server": served, "client": client_answers}

# What follows each probe, and what is answered to it where nothing is wrong.
END = [(TEXT, "after"), (CLOSE, struct.pack("!H", 1000))]
ENDED = [("text", b"after"), ("close", 1000)]


def fails(code):
    return [("close", code)]


def probe(*frames):
    """What is sent, as a function of whether it has to be masked."""

    def build(mask):
        built = []
        for opcode, payload, *how in (*frames, *END):
            built.append(frame_of(opcode, payload, **{"mask": mask, **(how[0] if how else {})}))
        return built

    return build


def code(number):
    return probe((CLOSE, struct.pack("!H", number)))


OPEN = {"fin": False}

# Of each rule about frames: what shows whether it is kept, what one that keeps it answers, and what one that breaks it.
FRAMES = {
    "rsv1-accepted": (probe((TEXT, "a", {"rsv": 4})), fails(1002), [("text", b"a"), *ENDED]),
    "rsv2-accepted": (probe((TEXT, "a", {"rsv": 2})), fails(1002), [("text", b"a"), *ENDED]),
    "rsv3-accepted": (probe((PING, "a", {"rsv": 1})), fails(1002), [("pong", b"a"), *ENDED]),
    "reserved-data-opcodes-accepted": (probe((3, "a")), fails(1002), ENDED),
    "reserved-control-opcodes-accepted": (probe((11, "a")), fails(1002), ENDED),
    "long-lengths-accepted": (probe((TEXT, "a", {"length_bytes": 2})), fails(1002), [("text", b"a"), *ENDED]),
    "top-bit-accepted": (probe((TEXT, "a", {"declared": 1 << 63 | 1})), fails(1002), [("text", b"a"), *ENDED]),
    "large-messages-refused": (probe((BINARY, b"a" * 1001)), [("binary", b"a" * 1001), *ENDED], fails(1009)),
    "text-sent-as-binary": (probe(), ENDED, [("binary", b"after"), ("close", 1000)]),
    "fragmented-controls-accepted": (
        probe((PING, "a", OPEN), (CONTINUATION, "b")),
        fails(1002),
        [("pong", b"a"), *ENDED],
    ),
    "long-controls-accepted": (probe((PING, "a" * 126)), fails(1002), [("pong", b"a" * 126), *ENDED]),
    "pings-unanswered": (probe((PING, "a")), [("pong", b"a"), *ENDED], ENDED),
    "pong-payload-wrong": (probe((PING, "a")), [("pong", b"a"), *ENDED], [("pong", b"wrong"), *ENDED]),
    "pongs-refused": (probe((PONG, "a")), ENDED, fails(1002)),
    "lone-continuations-accepted": (probe((CONTINUATION, "a")), fails(1002), [("text", b"a"), *ENDED]),
    "message-inside-message-accepted": (
        probe((TEXT, "a", OPEN), (TEXT, "b")),
        fails(1002),
        [("text", b"b"), *ENDED],
    ),
    "controls-inside-message-refused": (
        probe((TEXT, "a", OPEN), (PING, "p"), (CONTINUATION, "b")),
        [("pong", b"p"), ("text", b"ab"), *ENDED],
        fails(1002),
    ),
    "fragments-echoed-apart": (
        probe((TEXT, "a", OPEN), (CONTINUATION, "b")),
        [("text", b"ab"), *ENDED],
        [("text", b"a"), ("text", b"b"), *ENDED],
    ),
    "utf8-unchecked": (probe((TEXT, b"\xff")), fails(1007), [("text", b"\xff"), *ENDED]),
    "utf8-checked-at-the-end": (
        probe((TEXT, b"\xff", OPEN), (PING, "p"), (CONTINUATION, "")),
        fails(1007),
        [("pong", b"p"), ("close", 1007)],
    ),
    "utf8-checked-by-fragment": (
        probe((TEXT, b"\xc3", OPEN), (CONTINUATION, b"\xa4")),
        [("text", "ä".encode()), *ENDED],
        fails(1007),
    ),
    "surrogates-accepted": (
        probe((TEXT, b"\xed\xa0", OPEN), (CONTINUATION, b"\x80")),
        fails(1007),
        [("text", b"\xed\xa0\x80"), *ENDED],
    ),
    "overlong-accepted": (
        probe((TEXT, b"\xf0\x80", OPEN), (CONTINUATION, b"\x80\xaf\xc0\xaf")),
        fails(1007),
        [("text", b"\xf0\x80\x80\xaf\xc0\xaf"), *ENDED],
    ),
    "close-below-1000-accepted": (code(999), fails(1002), fails(999)),
    "close-1004-accepted": (code(1004), fails(1002), fails(1004)),
    "close-1005-accepted": (code(1005), fails(1002), fails(1005)),
    "close-1006-accepted": (code(1006), fails(1002), fails(1006)),
    "close-1015-accepted": (code(1015), fails(1002), fails(1015)),
    "close-1016-to-2999-accepted": (code(2999), fails(1002), fails(2999)),
    "close-above-4999-accepted": (code(5000), fails(1002), fails(5000)),
    "close-one-byte-accepted": (probe((CLOSE, b"\x03")), fails(1002), [("close", b"")]),
    "close-reason-unchecked": (probe((CLOSE, b"\x03\xe8\xff")), fails(1007), fails(1000)),
    "close-answered-1005": (code(3000), fails(3000), fails(1005)),
    "close-answered-otherwise": (code(3000), fails(3000), fails(4321)),
    "close-unanswered": (code(3000), fails(3000), []),
    "data-after-close": (code(3000), fails(3000), [("close", 3000), *ENDED]),
    "unmasked-accepted": (probe((TEXT, "a", {"mask": False})), fails(1002), [("text", b"a"), *ENDED]),
    "masked-accepted": (probe((TEXT, "a", {"mask": True})), fails(1002), [("text", b"a"), *ENDED]),
    # What it sends is not masked then, which is looked at where it is read.
    "unmasked-sent": (probe(), ENDED, ENDED),
}


@pytest.mark.parametrize(("rule", "side"), [(rule, side) for rule in FRAMES for side in sorted(BY_NAME[rule].sides)])
def test_rules_about_frames(rule, side):
    frames, kept, broken = FRAMES[rule]
    assert ASK[side](frames) == kept
    assert ASK[side](frames, {rule}) == broken


def test_a_server_that_leaves_the_connection_open():
    with Server({"connection-left-open"}) as server, Connection(("127.0.0.1", server.port)) as connection:
        connection.send(handshake("/") + b"".join(probe()(True)))
        assert connection.read_head().status == 101
        answer = connection.read(7 + 4)
        assert parsed(answer, masks=False) == ENDED
        assert connection.silent(0.3)


# The opening handshake

REQUEST = handshake("/").decode()


def with_field(name, *values, request=REQUEST):
    """The request with these fields of that name instead."""
    lines = "".join(f"{name}: {value}\r\n" for value in values)
    return re.sub(rf"{name}: .*\r\n", lambda _: lines, request)


# Of each rule about requests: a request, and the status that it gets from a server that keeps it and from one that does
# not.
REQUESTS = {
    "version-12-accepted": (with_field("Sec-WebSocket-Version", 12), 426, 101),
    "version-missing-accepted": (with_field("Sec-WebSocket-Version"), 400, 101),
    "key-missing-accepted": (with_field("Sec-WebSocket-Key"), 400, 101),
    "key-length-unchecked": (with_field("Sec-WebSocket-Key", "c2hvcnQ="), 400, 101),
    "key-repeated-accepted": (with_field("Sec-WebSocket-Key", KEY, KEY), 400, 101),
    "upgrade-missing-accepted": (with_field("Upgrade"), 400, 101),
    "upgrade-unchecked": (with_field("Upgrade", "h2c"), 400, 101),
    "upgrade-case-sensitive": (with_field("Upgrade", "WebSocket"), 101, 400),
    "connection-missing-accepted": (with_field("Connection"), 400, 101),
    "connection-unchecked": (with_field("Connection", "keep-alive"), 400, 101),
    "connection-case-sensitive": (with_field("Connection", "upgrade"), 101, 400),
    "connection-not-a-list": (with_field("Connection", "keep-alive, Upgrade"), 101, 400),
    "field-names-case-sensitive": (REQUEST.replace("Sec-WebSocket-Key", "sec-websocket-key"), 101, 400),
    "host-missing-accepted": (with_field("Host"), 400, 101),
    "method-unchecked": (REQUEST.replace("GET", "POST"), 405, 101),
    "http-1.0-accepted": (REQUEST.replace("HTTP/1.1", "HTTP/1.0"), 400, 101),
    "status-200": (REQUEST, 101, 200),
}


def asked(request, broken=(), wishes=None):
    with Server(broken, wishes) as server, Connection(("127.0.0.1", server.port)) as connection:
        connection.send(request.encode())
        return connection.read_head()


@pytest.mark.parametrize("rule", REQUESTS)
def test_rules_about_requests(rule):
    request, kept, broken = REQUESTS[rule]
    assert asked(request).status == kept
    assert asked(request, {rule}).status == broken


OTHER_REQUESTS = [
    ("nonsense\r\n\r\n", 400),
    (REQUEST.replace("HTTP/1.1", "HTTP/2.0"), 505),
    (REQUEST.replace("GET /", "GET /#fragment"), 400),
    (REQUEST.replace("GET /", "GET nowhere"), 400),
    (REQUEST.replace("GET /", "GET http://test/"), 101),
    (with_field("Host", "one", "two"), 400),
    (with_field("Sec-WebSocket-Version", 13, 13), 400),
    (with_field("Sec-WebSocket-Key", "!" * 24), 400),
    (with_field("Upgrade", "h2c, websocket"), 101),
    (with_field("Upgrade", "h2c", "websocket"), 101),
    (with_field("Upgrade", "websocket\r\nContent-Length: 1"), 400),
    (with_field("Connection", "keep-alive", "upgrade"), 101),
    (with_field("Host", "test\r\n folded"), 400),
    (REQUEST.replace("Host:", "Host :"), 400),
    (REQUEST.replace("Host: test", "Host: te\0st"), 400),
    (REQUEST.replace("\r\nUpgrade", "\nUpgrade"), 400),
    (with_field("Host", "a" * 70_000), 431),
    (with_field("Upgrade", "websocket\r\nSec-WebSocket-Extensions: permessage-deflate; a b"), 400),
    (with_field("Upgrade", "websocket\r\nSec-WebSocket-Protocol: chat, super chat"), 400),
]


@pytest.mark.parametrize(("request_text", "status"), OTHER_REQUESTS, ids=range(len(OTHER_REQUESTS)))
def test_other_requests(request_text, status):
    assert asked(request_text).status == status


def test_what_a_server_says_when_it_refuses():
    request = with_field("Sec-WebSocket-Version", 12)
    assert asked(request)["Sec-WebSocket-Version"] == "13"
    assert asked(request, {"version-untold"})["Sec-WebSocket-Version"] is None
    assert asked(REQUEST.replace("GET", "POST"))["Allow"] == "GET"


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ("subprotocol-invented", "Sec-WebSocket-Protocol"),
        ("extension-invented", "Sec-WebSocket-Extensions"),
    ],
)
def test_what_a_server_chooses(rule, field):
    assert asked(REQUEST)[field] is None
    assert asked(REQUEST, {rule})[field]


def test_a_server_with_a_wrong_key():
    assert asked(REQUEST)["Sec-WebSocket-Accept"] == accept_for(KEY)
    assert asked(REQUEST, {"accept-wrong"})["Sec-WebSocket-Accept"] != accept_for(KEY)


def answer(status="HTTP/1.1 101 Switching Protocols", **fields):
    """An answer, as a function of what the accept key has to be. Underscores in names stand for hyphens."""

    def build(accept):
        given = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Accept": accept, **fields}
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value is not None]
        return "\r\n".join([status, *lines, "", ""]).encode()

    return build


def taken(build, broken=(), wishes=None):
    """Whether a client takes an answer: it echoes what comes behind it. Also the request."""

    def script(peer):
        peer.send(build(accept_for(peer.field("Sec-WebSocket-Key") or "")) + b"".join(probe()(False)))
        peer.socket.shutdown(1)
        return bool(read_rest(peer)), peer.request

    with ScriptedServer(script) as server:
        Client(server.url, broken, wishes).echo("/")
    (result,) = server.results
    return result


ANSWERS = {
    "accept-unchecked": (answer(Sec_WebSocket_Accept="x"), False, True),
    "status-unchecked": (answer("HTTP/1.1 200 OK"), False, True),
    "upgrade-answer-unchecked": (answer(Upgrade="h2c"), False, True),
    "connection-answer-unchecked": (answer(Connection=None), False, True),
    "extension-unoffered-accepted": (answer(Sec_WebSocket_Extensions="permessage-deflate"), False, True),
    "subprotocol-unoffered-accepted": (answer(Sec_WebSocket_Protocol="chat"), False, True),
    "early-frames-lost": (answer(), True, False),
}


@pytest.mark.parametrize("rule", ANSWERS)
def test_rules_about_answers(rule):
    build, kept, broken = ANSWERS[rule]
    assert taken(build)[0] == kept
    assert taken(build, {rule})[0] == broken


@pytest.mark.parametrize(
    "build",
    [
        answer("HTTP/1.0 101 Switching Protocols"),
        answer("nonsense"),
        answer(Upgrade=None),
        answer(Sec_WebSocket_Accept=None),
        answer(Sec_WebSocket_Extensions="a b"),
        answer(Odd_Name_="a\0b"),
    ],
)
def test_other_answers_are_refused(build):
    assert not taken(build)[0]


SENT = {
    "version-12-sent": "Sec-WebSocket-Version: 12",
    "key-too-short": r"Sec-WebSocket-Key: .{12}",
}


@pytest.mark.parametrize("rule", SENT)
def test_what_a_client_sends(rule):
    wanted = re.compile(SENT[rule])
    assert not any(map(wanted.fullmatch, taken(answer())[1]))
    assert any(map(wanted.fullmatch, taken(answer(), {rule})[1]))


def test_a_client_without_host():
    assert any(line.startswith("Host: 127.0.0.1:") for line in taken(answer())[1])
    assert not any(line.startswith("Host:") for line in taken(answer(), {"host-left-out"})[1])


# permessage-deflate

DEFLATE = Wishes()


def chosen(offer, broken=(), wishes=DEFLATE):
    """What a server answers to an offer."""
    return asked(with_field("Upgrade", f"websocket\r\nSec-WebSocket-Extensions: {offer}"), broken, wishes)[
        "Sec-WebSocket-Extensions"
    ]


# Of each rule about offers: an offer, and what is chosen by a server that keeps it and by one that does not.
OFFERS = {
    "deflate-unknown-parameter-accepted": ("permessage-deflate; x", None, "permessage-deflate"),
    "deflate-repeated-parameter-accepted": (
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        None,
        "permessage-deflate; client_no_context_takeover",
    ),
    "deflate-bits-range-unchecked": (
        "permessage-deflate; server_max_window_bits=7",
        None,
        "permessage-deflate; server_max_window_bits=8",
    ),
    "deflate-bits-leading-zero-accepted": (
        "permessage-deflate; server_max_window_bits=09",
        None,
        "permessage-deflate; server_max_window_bits=9",
    ),
    "deflate-bits-missing-accepted": (
        "permessage-deflate; server_max_window_bits",
        None,
        "permessage-deflate; server_max_window_bits=15",
    ),
    "deflate-flag-value-accepted": (
        "permessage-deflate; server_no_context_takeover=1",
        None,
        "permessage-deflate; server_no_context_takeover",
    ),
    "deflate-later-offers-ignored": ("permessage-deflate; x, permessage-deflate", "permessage-deflate", None),
    "deflate-client-bits-invented": (
        "permessage-deflate",
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits=10",
    ),
    "deflate-takeover-unconfirmed": (
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate",
    ),
    "deflate-bits-unconfirmed": (
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate",
    ),
}


@pytest.mark.parametrize("rule", OFFERS)
def test_rules_about_offers(rule):
    offer, kept, broken = OFFERS[rule]
    assert chosen(offer) == kept
    assert chosen(offer, {rule}) == broken


@pytest.mark.parametrize(
    ("offer", "choice"),
    [
        ("unknown", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; client_max_window_bits=", 400),
        ('permessage-deflate; server_max_window_bits="10"', "permessage-deflate; server_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits=9", "permessage-deflate; client_max_window_bits=9"),
        ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
        ("unknown; a=b, permessage-deflate", "permessage-deflate"),
    ],
)
def test_other_offers(offer, choice):
    if choice == 400:
        request = with_field("Upgrade", f"websocket\r\nSec-WebSocket-Extensions: {offer}")
        assert asked(request, wishes=DEFLATE).status == 400
    else:
        assert chosen(offer) == choice


# Answers to the client's offer, and whether they are taken by one that keeps the rule; one that breaks it takes all.
DEFLATE_ANSWERS = {
    "deflate-unknown-parameter-accepted": "permessage-deflate; x",
    "deflate-repeated-parameter-accepted": "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "deflate-bits-range-unchecked": "permessage-deflate; client_max_window_bits=16",
    "deflate-bits-leading-zero-accepted": "permessage-deflate; client_max_window_bits=010",
    "deflate-bits-missing-accepted": "permessage-deflate; server_max_window_bits",
    "deflate-flag-value-accepted": "permessage-deflate; server_no_context_takeover=true",
}


@pytest.mark.parametrize("rule", DEFLATE_ANSWERS)
def test_rules_about_answers_to_offers(rule):
    build = answer(Sec_WebSocket_Extensions=DEFLATE_ANSWERS[rule])
    assert not taken(build, wishes=DEFLATE)[0]
    assert taken(build, {rule}, DEFLATE)[0]


@pytest.mark.parametrize(
    ("extensions", "good"),
    [
        ("permessage-deflate", True),
        ("permessage-deflate; server_max_window_bits=10; client_max_window_bits=10; client_no_context_takeover", True),
        ("permessage-deflate; client_max_window_bits", False),
        ("permessage-deflate, permessage-deflate", False),
        ("unknown", False),
    ],
)
def test_other_answers_to_offers(extensions, good):
    assert taken(answer(Sec_WebSocket_Extensions=extensions), wishes=DEFLATE)[0] == good


def test_answers_that_are_not_what_was_asked_for():
    wishes = Wishes(no_context_takeover=True, window_bits=10)
    good = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"
    assert taken(answer(Sec_WebSocket_Extensions=good), wishes=wishes)[0]
    for parameter in ("server_max_window_bits=10", "server_no_context_takeover"):
        alone = answer(Sec_WebSocket_Extensions=f"permessage-deflate; {parameter}")
        assert not taken(alone, wishes=wishes)[0]


HELLO = bytes.fromhex("f248cdc9c90700")  # RFC 7692 section 7.2.3.1
AGAIN = bytes.fromhex("f200110000")  # section 7.2.3.2, with the context of the first
STORED = bytes.fromhex("000500faff48656c6c6f00")  # section 7.2.3.3
FINAL = bytes.fromhex("f348cdc9c9070000")  # section 7.2.3.4
TWO_BLOCKS = bytes.fromhex("f248050000 00ffffcac9c90700")  # section 7.2.3.5
PACKED = {"rsv": 4}


def inflated(frames, keeps_context=True, bits=15):
    """Frames with what is compressed in them inflated."""
    inflate = zlib.decompressobj(-bits)
    result = []
    for kind, payload in frames:
        if kind.endswith("*"):
            if not keeps_context:
                inflate = zlib.decompressobj(-bits)
            payload = inflate.decompress(payload + b"\0\0\xff\xff")
        result.append((kind, payload))
    return result


def hello(times=1):
    return [("text*", b"Hello")] * times


PACKED_END = [("text*", b"after"), ("close", 1000)]


@pytest.mark.parametrize("side", ASK)
def test_compressed_messages(side):
    frames = probe(
        *((TEXT, payload, PACKED) for payload in (HELLO, AGAIN, STORED, FINAL, AGAIN, TWO_BLOCKS)),
        (TEXT, HELLO[:3], {**PACKED, **OPEN}),
        (PING, "p"),
        (CONTINUATION, HELLO[3:]),
        (TEXT, "Hello"),
        (TEXT, b"\x00", PACKED),
    )
    answers = inflated(ASK[side](frames, (), DEFLATE, "permessage-deflate"))
    assert answers == [*hello(6), ("pong", b"p"), *hello(2), ("text*", b""), *PACKED_END]


def test_what_comes_byte_by_byte():
    frames = probe(
        (TEXT, HELLO, PACKED),
        (TEXT, FINAL[:2], {**PACKED, **OPEN}),
        (PING, "p"),
        (CONTINUATION, FINAL[2:]),
        (TEXT, "ä€𐍈"),
    )
    request = handshake("/", "Sec-WebSocket-Extensions: permessage-deflate")
    with Server(wishes=DEFLATE) as server, Connection(("127.0.0.1", server.port)) as connection:
        connection.send_byte_by_byte(request + b"".join(frames(True)))
        assert connection.read_head().status == 101
        answers = inflated(parsed(connection.rest(), masks=False))
    assert answers == [*hello(), ("pong", b"p"), *hello(), ("text*", "ä€𐍈".encode()), *PACKED_END]


# Of each rule about compressed messages: what shows it, what one that keeps it answers, and what one that breaks it.
PACKED_FRAMES = {
    "deflate-rsv1-on-continuation-accepted": (
        probe((TEXT, HELLO[:3], {**PACKED, **OPEN}), (CONTINUATION, HELLO[3:], PACKED)),
        fails(1002),
        [*hello(), *PACKED_END],
    ),
    "deflate-rsv1-on-control-accepted": (
        probe((PING, "p", PACKED)),
        fails(1002),
        [("pong", b"p"), *PACKED_END],
    ),
    "deflate-context-forgotten": (
        probe((TEXT, HELLO, PACKED), (TEXT, AGAIN, PACKED)),
        [*hello(2), *PACKED_END],
        [*hello(), *fails(1007)],
    ),
    "deflate-uncompressed-refused": (probe(), PACKED_END, fails(1002)),
    "deflate-invalid-ignored": (probe((TEXT, b"\xff", PACKED)), fails(1007), PACKED_END),
    "deflate-final-block-refused": (probe((TEXT, FINAL, PACKED)), [*hello(), *PACKED_END], fails(1007)),
}


@pytest.mark.parametrize("side", ASK)
@pytest.mark.parametrize("rule", PACKED_FRAMES)
def test_rules_about_compressed_messages(rule, side):
    frames, kept, broken = PACKED_FRAMES[rule]
    assert inflated(ASK[side](frames, (), DEFLATE, "permessage-deflate")) == kept
    assert inflated(ASK[side](frames, {rule}, DEFLATE, "permessage-deflate")) == broken


# What an endpoint may do with its own compression: what is agreed on, and what has to be echoed under it.
AGREED = {
    "deflate-context-kept": (
        "server_no_context_takeover; client_no_context_takeover",
        ["Hello " * 9] * 2,
        {"keeps_context": False},
    ),
    "deflate-window-too-large": (
        "server_max_window_bits=9; client_max_window_bits=9",
        ["".join(map(chr, range(32, 127))) * 3, *("-" * 100 for _ in range(20)), "".join(map(chr, range(32, 127)))],
        {"bits": 9},
    ),
    "deflate-payload-plain": ("client_no_context_takeover", ["Hello"], {}),
}


@pytest.mark.parametrize("side", ASK)
@pytest.mark.parametrize("rule", AGREED)
def test_rules_about_what_is_compressed(rule, side):
    parameters, texts, how = AGREED[rule]
    frames = probe(*((TEXT, text) for text in texts))
    kept = [*(("text*", text.encode()) for text in texts), *PACKED_END]

    def ask(broken):
        return inflated(ASK[side](frames, broken, DEFLATE, f"permessage-deflate; {parameters}"), **how)

    assert ask(()) == kept
    try:
        assert ask({rule}) != kept
    except zlib.error:
        pass


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", 1007),  # not even the block that is sent for nothing
        (HELLO[:3], 1007),
        (b"\x07", 1007),
        (zlib.compress(b"Hello"), 1007),
        (b"\x00\x02\x00\xfd\xff\xff\xff\x00", 1007),  # not UTF-8
    ],
)
@pytest.mark.parametrize("side", ASK)
def test_other_compressed_messages_are_refused(side, payload, code):
    assert ASK[side](probe((TEXT, payload, PACKED)), (), DEFLATE, "permessage-deflate") == fails(code)


def test_a_bomb_is_refused():
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(65)) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert served(probe((BINARY, bomb[:-4], PACKED)), (), DEFLATE, "permessage-deflate") == fails(1009)


def test_every_rule_is_tried_here():
    tried = {
        "server": {
            *FRAMES, *REQUESTS, *OFFERS, *PACKED_FRAMES, *AGREED,
            "connection-left-open", "accept-wrong", "version-untold", "subprotocol-invented", "extension-invented",
        },
        "client": {*FRAMES, *ANSWERS, *SENT, *DEFLATE_ANSWERS, *PACKED_FRAMES, *AGREED, "host-left-out"},
    }  # fmt: skip
    for side, names in tried.items():
        assert {one.name for one in BREAKS if side in one.sides} == {n for n in names if side in BY_NAME[n].sides}

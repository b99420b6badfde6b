"""Compression of messages (permessage-deflate, RFC 7692) between `duplex` and peers that are not ours: Python's
websockets, Chromium, and raw frames that zlib has made."""

import asyncio
import itertools
import json
import os
import random
import ssl
import subprocess
import zlib

import pytest
import websockets
from support.browser import open_page
from support.frames import BINARY, CONTINUATION, PING, PONG, TEXT, Client, frame
from support.http import eventually, request
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT
from support.websocket_server import WebSocketServer
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)

KIB = 1024
MIB = 1024 * KIB

JSON = json.dumps([{"id": number, "kind": "measurement", "value": number * 7 % 100} for number in range(40)])
ENGLISH = "The quick brown fox jumps over the lazy dog, and nobody minds. "


def messages():
    """Text and binary of many sizes: what gets shorter by compression, and what does not."""
    noise = random.Random(7692)
    yield from ("", b"", "a", b"\0", "ä€𐍈", JSON, JSON.encode())
    for size in (63, 64, 125, 126, 127, 1000, 32_767, 32_768, 65_535, 65_536, 300_000):
        yield (ENGLISH * (size // len(ENGLISH) + 1))[:size]
        yield noise.randbytes(size)
        yield b"\0" * size


MESSAGES = list(messages())


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE_S * 4))


# Every way to switch it on.
SERVERS = {
    "default": ("--compress",),
    "windows kept": ("--compress", "--compress-keep"),
    "small windows kept": ("--compress", "--compress-keep", "--compress-window", "9"),
    "small": ("--compress", "--compress-level", "9", "--compress-min", "0", "--compress-window", "12"),
    "inflating only": ("--compress", "--compress-min", "64M"),
}


@pytest.fixture(scope="module", params=SERVERS.values(), ids=SERVERS.keys())
def server(request, start_duplex_for_module):
    return start_duplex_for_module(*request.param, "--threads", "2", "--log", "off")


@pytest.fixture(scope="module")
def default_server(start_duplex_for_module):
    return start_duplex_for_module("--compress", "--threads", "2", "--log", "off")


# Python's websockets as the client


def offers():
    """All that websockets can offer, with windows of some sizes."""
    for server_anew, client_anew, server_bits, client_bits in itertools.product(
        (False, True), (False, True), (None, 9, 12, 15), (None, True, 9, 12, 15)
    ):
        yield ClientPerMessageDeflateFactory(server_anew, client_anew, server_bits, client_bits)


async def exchange(client, sent):
    for message in sent:
        await client.send(message)
        assert await client.recv() == message


def test_agrees_with_all_that_websockets_can_offer(server):
    async def talk(offer):
        async with websockets.connect(
            server.websocket_url + "/echo", extensions=[offer], compression=None, max_size=None
        ) as client:
            (agreed,) = client.extensions
            if offer.server_no_context_takeover:
                assert agreed.remote_no_context_takeover
            if offer.server_max_window_bits:
                assert agreed.remote_max_window_bits <= offer.server_max_window_bits
            # Twice, so that what was kept of the first time is used.
            await exchange(client, [JSON, "short", ENGLISH * 100, b"\0" * 70_000, JSON])
            await client.send([JSON[:100], "", JSON[100:], "the end"])
            assert await client.recv() == JSON + "the end"
        assert client.close_code == 1000

    for offer in offers():
        run(talk(offer))


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize("arguments", [SERVERS["default"], SERVERS["windows kept"]], ids=["default", "windows kept"])
def test_echoes_messages_of_every_kind_and_size(start, duplex_program, certificates, arguments, scheme):
    way = ("--listen", "127.0.0.1:0")
    context = None
    if scheme == "wss":
        here = certificates.here
        way = ("--tls-listen", "127.0.0.1:0", "--tls-cert", here.chain, "--tls-key", here.key)
        context = ssl._create_unverified_context()
    server = start(duplex_program, "serve", *way, *arguments, "--log", "off")

    async def talk():
        url = f"{scheme}://127.0.0.1:{server.port}/echo"
        async with websockets.connect(url, ssl=context, max_size=None) as client:
            assert [extension.name for extension in client.extensions] == ["permessage-deflate"]
            await exchange(client, MESSAGES)
            for message in MESSAGES:
                middle = len(message) // 2
                await client.send([message[:middle], message[:0], message[middle:]])
                assert await client.recv() == message
        assert client.close_code == 1000

    run(talk())


def test_many_messages_of_many_connections(server):
    async def one(number):
        noise = random.Random(number)
        sent = [noise.choice((JSON, f"{number} ", ENGLISH))[: noise.randrange(1500)] + f"{n}" for n in range(100)]
        async with websockets.connect(server.websocket_url + "/echo") as client:
            for message in sent:
                await client.send(message)
            for message in sent:
                assert await client.recv() == message

    async def all_of_them():
        await asyncio.gather(*(one(number) for number in range(50)))

    run(all_of_them())


def test_does_not_agree_unless_told_to(start_duplex):
    server = start_duplex("--log", "off")

    async def talk():
        async with websockets.connect(server.websocket_url + "/echo") as client:
            assert client.extensions == []
            await exchange(client, [JSON, b"\0" * 1000])

    run(talk())


# What goes over the wire, byte for byte

OFFER = "Sec-WebSocket-Extensions: permessage-deflate"


def deflated(content, bits=15):
    """The payload of a compressed message (RFC 7692 section 7.2.1)."""
    content = content.encode() if isinstance(content, str) else content
    compressor = zlib.compressobj(wbits=-bits)
    compressed = compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)
    assert compressed.endswith(b"\0\0\xff\xff")
    return compressed[:-4]


def inflated(payload):
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff")


def raw_answer(client):
    """(compressed, payload) of the next frame, which is a whole message."""
    first, size = client.read(2)
    assert first & 0x80, "in one frame"
    if size > 125:
        size = int.from_bytes(client.read(2 if size == 126 else 8), "big")
    return bool(first & 0x40), client.read(size)


def test_compresses_what_is_long_enough(start_duplex):
    server = start_duplex("--compress", "--compress-min", "100", "--log", "off")
    with Client(server, "/echo", OFFER) as client:
        for size, is_compressed in ((99, False), (100, True), (5000, True)):
            client.send(frame(TEXT, "x" * size))
            compressed, payload = raw_answer(client)
            assert compressed == is_compressed
            assert (inflated(payload) if compressed else payload) == b"x" * size
            assert not compressed or len(payload) < size / 4
        # What would get longer goes as it is.
        noise = os.urandom(1000)
        client.send(frame(BINARY, noise))
        assert raw_answer(client) == (False, noise)


def test_only_inflates_when_the_threshold_is_beyond_all_messages(start_duplex):
    server = start_duplex("--compress", "--compress-min", "64M", "--log", "off")
    with Client(server, "/echo", OFFER) as client:
        client.send(frame(TEXT, deflated(JSON), rsv=4))
        assert raw_answer(client) == (False, JSON.encode())


def test_takes_control_frames_between_compressed_fragments(default_server):
    payload = deflated(JSON)
    with Client(default_server, "/echo", OFFER) as client:
        client.send(frame(TEXT, payload[:10], fin=False, rsv=4) + frame(PING, "now"))
        assert client.next_frame() == (True, PONG, b"now")
        client.send(frame(CONTINUATION, b"", fin=False) + frame(CONTINUATION, payload[10:]))
        compressed, answer = raw_answer(client)
        assert inflated(answer) == JSON.encode() and compressed
        client.close_normally()


BROKEN = {
    "no deflate data": (frame(TEXT, b"\xff\xff\xff", rsv=4), 1007),
    "a distance beyond the beginning": (frame(TEXT, b"\x02\x13\x00", rsv=4), 1007),
    "text that is not UTF-8": (frame(TEXT, deflated(b"\xff\xfe" * 50), rsv=4), 1007),
    "RSV1 on a continuation": (frame(TEXT, b"a", fin=False) + frame(CONTINUATION, deflated("b"), rsv=4), 1002),
    "RSV1 on a ping": (frame(PING, b"a", rsv=4), 1002),
    "RSV2": (frame(TEXT, b"a", rsv=2), 1002),
    "RSV3": (frame(TEXT, b"a", rsv=1), 1002),
}


@pytest.mark.parametrize("sent, code", BROKEN.values(), ids=BROKEN.keys())
def test_fails_what_breaks_the_rules(default_server, sent, code):
    with Client(default_server, "/echo", OFFER) as client:
        client.send(sent)
        client.ends_with(code)


def test_refuses_rsv1_where_nothing_was_agreed_on(default_server):
    with Client(default_server, "/echo") as client:
        client.send(frame(TEXT, deflated("hello"), rsv=4))
        client.ends_with(1002)


@pytest.mark.parametrize("arguments", [SERVERS["default"], SERVERS["windows kept"]], ids=["default", "windows kept"])
@pytest.mark.parametrize("fragments", [1, 50])
def test_a_bomb_costs_no_more_than_the_limit(start_duplex, arguments, fragments):
    """Some 250 KiB that would become 256 MiB."""
    server = start_duplex(*arguments, "--threads", "1", "--log", "off")
    bomb = deflated(b"\0" * (256 * MIB))
    assert len(bomb) < 300 * KIB
    size = len(bomb) // fragments + 1
    pieces = [bomb[at : at + size] for at in range(0, len(bomb), size)]
    frames = [
        frame(TEXT if first else CONTINUATION, piece, rsv=4 if first else 0, fin=last)
        for piece, first, last in zip(pieces, [True] + [False] * fragments, [False] * (len(pieces) - 1) + [True])
    ]
    with Client(server, "/echo", OFFER) as client:
        # The largest message that there may be, to have what it takes.
        client.send(frame(BINARY, deflated(os.urandom(1000) * 1000), rsv=4))
        assert raw_answer(client)[1]
    before = server.peak_rss_bytes()
    for _ in range(3):
        with Client(server, "/echo", OFFER) as client:
            try:
                client.send(b"".join(frames))
            except (BrokenPipeError, ConnectionResetError):
                pass  # it does not wait for the rest
            assert client.close_code()[0] == 1009
    assert server.peak_rss_bytes() - before < server.may_hold(4 * MIB)
    with Client(server, "/echo", OFFER) as client:
        client.send(frame(TEXT, "x" * MIB))
        assert inflated(raw_answer(client)[1]) == b"x" * MIB


def test_gives_back_what_large_messages_needed(start_duplex):
    server = start_duplex("--compress", "--threads", "1", "--log", "off", "--max-message", "64M")
    with Client(server, "/echo", OFFER) as client:
        client.send(frame(TEXT, deflated(b"x" * KIB), rsv=4))
        assert inflated(raw_answer(client)[1]) == b"x" * KIB
        before = server.rss_bytes()
        client.send(frame(BINARY, deflated(b"\0" * (48 * MIB)), rsv=4))
        assert len(inflated(raw_answer(client)[1])) == 48 * MIB
        assert server.peak_rss_bytes() - before > 48 * MIB
        # At the end of the iteration; another answer comes from a later one. A thread keeps some blocks.
        client.send(frame(TEXT, "more"))
        assert raw_answer(client)[1] == b"more"
        assert server.rss_bytes() - before < server.may_hold((16 + 4) * MIB)


# Live channels


def test_publishes_to_subscribers_with_different_offers(server):
    """Twenty sockets that have agreed on something else each, and one that compresses nothing."""
    published = [JSON, "short", ENGLISH * 1000, os.urandom(5000), JSON.encode(), b"", JSON]

    async def talk():
        url = server.websocket_url + "/live/prices"
        some = random.Random(20).sample(list(offers()), 20)
        sockets = [await websockets.connect(url, extensions=[offer], compression=None) for offer in some]
        sockets.append(await websockets.connect(url, compression=None))
        assert [len(socket.extensions) for socket in sockets] == [1] * 20 + [0]
        for number, message in enumerate(published * 3):
            await sockets[number % len(sockets)].send(message)
            assert [await socket.recv() for socket in sockets] == [message] * len(sockets)
        answer = await asyncio.to_thread(request, server, "POST", "/live/prices", ENGLISH * 100)
        assert answer.status == 204
        assert [await socket.recv() for socket in sockets] == [ENGLISH * 100] * len(sockets)
        await asyncio.gather(*(socket.close() for socket in sockets))

    run(talk())


# Memory

IDLE = 2000


def idle_bytes(server, *fields):
    """What a connection that has echoed a message and is silent costs the server."""
    sent = frame(TEXT, JSON) if not fields else frame(TEXT, deflated(JSON), rsv=4)

    def opened(count):
        clients = []
        for _ in range(count):
            client = Client(server, "/echo", *fields)
            client.send(sent)
            assert raw_answer(client)[0] == bool(fields)
            clients.append(client)
        return clients

    # What the first ones need is not the price of those that follow.
    clients = opened(300)
    before = settled_rss_bytes(server)
    clients += opened(IDLE)
    after = settled_rss_bytes(server)
    for client in clients:
        client.close()
    return (after - before) / IDLE


def settled_rss_bytes(server):
    seen = [server.rss_bytes()]

    def settled():
        seen.append(server.rss_bytes())
        return len(seen) > 5 and len(set(seen[-5:])) == 1

    eventually(settled)
    return seen[-1]


def test_idle_connections_cost_no_more_than_without_compression(start_duplex):
    arguments = ("--threads", "1", "--log", "off", "--heartbeat", "0")
    without = idle_bytes(start_duplex(*arguments))
    with_it = idle_bytes(start_duplex("--compress", *arguments), OFFER)
    # The system gives memory by pages of 4 KiB, and the allocator asks for 132 KiB at a time.
    assert with_it <= without + 132 * KIB / IDLE, (with_it, without)


# `duplex connect`, and the client's side

ENVIRONMENT = {
    **SANITIZER_OPTIONS,
    **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
}


@pytest.fixture
def connect(duplex_program):
    """connect(url, *arguments, input=""): `duplex connect` to its end; gives what it wrote, and what it said."""

    def to_its_end(url, *arguments, input=""):
        result = subprocess.run(
            [str(duplex_program), "connect", "-v", *arguments, url],
            input=input.encode(), capture_output=True, timeout=DEADLINE_S, env=ENVIRONMENT,
        )
        said = result.stderr.decode()
        assert result.returncode == 0 and not SANITIZER_REPORT.search(said), said
        return result.stdout.decode(), said

    return to_its_end


def sides():
    """What a server on websockets can make of it."""
    for server_anew, client_anew, server_bits, client_bits in itertools.product(
        (False, True), (False, True), (None, 9, 12), (None, 9, 12)
    ):
        yield ServerPerMessageDeflateFactory(server_anew, client_anew, server_bits, client_bits)


@pytest.mark.parametrize(
    "arguments", [(), ("--compress-keep",), ("--compress-keep", "--compress-window", "9")],
    ids=["default", "windows kept", "small windows kept"],
)
def test_connect_talks_with_all_that_websockets_can_answer(connect, arguments):
    lines = [JSON, "short", ENGLISH * 100, JSON, "x" * 70_000, "ä€𐍈" * 100]
    for answer in sides():
        with WebSocketServer(extensions=[answer], compression=None) as server:
            echoed, said = connect(
                server.url + "/echo", "--compress", "--count", f"{len(lines)}", *arguments,
                input="".join(line + "\n" for line in lines),
            )
        assert echoed.splitlines() == lines
        assert ", compressed\n" in said
        assert "* frame out: text, FIN, compressed (RSV1)" in said


def test_connect_shows_the_sizes_before_and_after(connect, default_server):
    line = "x" * 1000
    echoed, said = connect(default_server.websocket_url + "/echo", "--compress", input=line + "\n")
    assert echoed == line + "\n"
    for side in ("ours:  ", "theirs:"):
        assert f"\n* compression, {side} a window of 32768 bytes, each message begins anew\n" in said
    sizes = [words for words in said.splitlines() if "message" in words and "compressed" in words]
    assert [words.rsplit(",", 1)[0] for words in sizes] == [
        "* message out: text, 1000 bytes",
        "* message in:  text, 1000 bytes",
    ]
    assert all(int(words.split()[-2]) < 40 for words in sizes), sizes


def test_connect_says_that_the_server_declines(connect, start_duplex):
    server = start_duplex("--log", "off")
    echoed, said = connect(server.websocket_url + "/echo", "--compress", input=JSON + "\n")
    assert echoed == JSON + "\n"
    assert "> Sec-WebSocket-Extensions: permessage-deflate" in said
    assert "* compression declined: messages go as they are" in said
    assert "RSV1" not in said


def test_connect_offers_nothing_unless_told_to(connect, default_server):
    _, said = connect(default_server.websocket_url + "/echo", input=JSON + "\n")
    assert "Sec-WebSocket-Extensions" not in said and "compress" not in said


# Chromium


@pytest.fixture
def browser(tmp_path, start):
    """browser(url): the page at that place. Asks for `start`, so that the servers end after the browsers."""
    opened = []

    def begin(url):
        opened.append(open_page(url, tmp_path / f"profile{len(opened)}"))
        opened[-1].driver.set_script_timeout(DEADLINE_S)
        return opened[-1]

    yield begin
    logs = []
    for page in opened:
        logs += page.driver.get_log("browser")
        page.driver.quit()
    assert logs == []


ECHO_ALL = """
const [done] = [arguments[arguments.length - 1]];
const socket = new WebSocket(`ws://${location.host}/echo`);
socket.binaryType = "arraybuffer";
const noise = (size) => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
};
const sizes = [0, 1, 63, 64, 125, 126, 1000, 32767, 32768, 65535, 65536, 131073, 300000];
const sent = sizes.flatMap((size) => ["x".repeat(size), "ä€".repeat(size / 5), noise(size), new Uint8Array(size)]);
const same = (one, other) => typeof one === "string" ? one === other
  : other instanceof ArrayBuffer && other.byteLength === one.length
    && new Uint8Array(other).every((byte, index) => byte === one[index]);
let received = 0, wrong = 0;
socket.onopen = () => sent.forEach((message) => socket.send(message));
socket.onmessage = ({ data }) => {
  if (!same(sent[received], data)) wrong += 1;
  received += 1;
  if (received === sent.length) socket.close(1000);
};
socket.onclose = ({ code }) => done({ code, received, wrong, count: sent.length, extensions: socket.extensions });
"""

AGREED = {
    "default": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "windows kept": "permessage-deflate",
    "small windows kept": "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",
}


@pytest.mark.parametrize("name", AGREED)
def test_chromium_echoes_messages_of_many_sizes(browser, start_duplex, name):
    page = browser(start_duplex(*SERVERS[name], "--log", "off").url + "/")
    outcome = page.driver.execute_async_script(ECHO_ALL)
    assert (outcome["code"], outcome["wrong"], outcome["received"]) == (1000, 0, outcome["count"]), outcome
    parts = [part.strip() for part in outcome["extensions"].split(";")]
    assert parts[0] == "permessage-deflate" and sorted(parts) == sorted(AGREED[name].split("; ")), outcome


def test_the_page_shows_sizes_before_and_after(browser, start_duplex):
    page = browser(start_duplex("--compress", "--log", "off").url + "/")
    page.until_text(".extensions", "agreed on permessage-deflate")
    assert "offered permessage-deflate" in page.text(".extensions")
    assert any("\r\nSec-WebSocket-Extensions: permessage-deflate" in head for head in page.texts("#handshake pre"))

    page.until_frames(lambda frames: len(frames) == 2)
    page.click("#ws-records")
    sent, received = page.until_frames(lambda frames: len(frames) == 4 and "after" in frames[3])[2:]
    for shown in (sent, received):
        assert shown["rsv1"] == "true"
        assert shown["length"] == shown["after"]
        assert int(shown["before"]) > 4 * int(shown["after"])
    assert sent["before"] == received["before"]
    assert sent["header"].startswith("c1fe") and received["header"].startswith("c1")
    page.until_text("#ws-saved", "−")
    page.emulate(360, dark=False)
    assert page.run("return document.documentElement.scrollWidth") <= 360

    # Three fragments: the first says that all are compressed.
    page.click("#ws-fragments")
    frames = page.until_frames(lambda frames: len(frames) == 8 and frames[7]["payload"])
    assert [shown["payload"] for shown in frames[5:]] == ["“one message, ”", "“in three ”", "“frames”"]


def test_the_page_says_how_to_have_messages_compressed(browser, start_duplex):
    page = browser(start_duplex("--log", "off").url + "/")
    page.until_text(".extensions", "nothing agreed on")
    page.click("#ws-records")
    frames = page.until_frames(lambda frames: len(frames) == 4 and frames[3]["payload"])
    assert [(shown["rsv1"], "after" in shown) for shown in frames] == [("false", False)] * 4
    page.until_text("#ws-saved", "duplex serve --compress")

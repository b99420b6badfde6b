"""The echo servers and clients that are not ours, tried by Python's websockets, so that they are known to work before
they are used as judges."""

import asyncio
import contextlib
import os

import pytest
import websockets
from support.echo_peers import BREAKABLE, PEERS
from support.program import DEADLINE_S
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as ClientDeflate
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as ServerDeflate

MIB = 1024 * 1024

# What a library gets wrong is not asked of it here. libwebsockets 4.1.6 aborts when it compresses an empty message behind
# one whose context it keeps, so that only the first is empty; and a client of it refuses a compressed message with an
# empty fragment. Boost.Beast 1.74 refuses 32 KiB of the same letter when the context was not kept.
MESSAGES = ["", "hello " * 50, "hello " * 50, bytes(range(256)), "ä€𐍈", os.urandom(70_000), os.urandom(8 * MIB)]

by_name = pytest.mark.parametrize("peer", [*PEERS, BREAKABLE], ids=lambda peer: peer.name)


def run(coroutine, deadline_s=DEADLINE_S):
    return asyncio.run(asyncio.wait_for(coroutine, deadline_s))


def agreed(socket):
    """What was agreed on about permessage-deflate, with the client's point of view: contexts kept by the client and by
    the server, their window bits."""
    if not socket.extensions:
        return None
    (deflate,) = socket.extensions
    ours = (not deflate.local_no_context_takeover, deflate.local_max_window_bits)
    theirs = (not deflate.remote_no_context_takeover, deflate.remote_max_window_bits)
    return ours + theirs if socket.is_client else theirs + ours


async def talk(url, *extensions):
    """Has every message echoed, says goodbye, and gives what was agreed on."""
    async with websockets.connect(url, compression=None, extensions=extensions or None, max_size=None) as client:
        for message in MESSAGES:
            await client.send(message)
            answer = await client.recv()
            assert answer == message and type(answer) is type(message)
        await client.send(["in ", "pieces"])
        assert await client.recv() == "in pieces"
        await (await client.ping(b"payload"))
        await client.close(4000, "enough")
        assert client.close_code == 4000
        return agreed(client)


@by_name
def test_a_server_echoes(peer):
    with peer.serve() as server:
        assert run(talk(server.url)) is None
        assert run(talk(server.url, ClientDeflate())) is None  # it was not told to compress


@by_name
def test_a_server_echoes_compressed(peer):
    with peer.serve("--deflate") as server:
        assert run(talk(server.url)) is None
        assert run(talk(server.url, ClientDeflate())) == (True, 15, True, 15)


@by_name
def test_a_server_forgets_when_it_is_asked_to(peer):
    with peer.serve("--deflate") as server:
        forgetting = ClientDeflate(server_no_context_takeover=True, client_no_context_takeover=True)
        assert run(talk(server.url, forgetting)) == (False, 15, False, 15)


@by_name
def test_a_server_s_own_limits_hold(peer):
    if not peer.server_chooses:
        pytest.skip("such a server does what the client asks for, and no more")
    with peer.serve("--deflate", "--no-context-takeover", "--window-bits", "10") as server:
        limited = ClientDeflate(server_max_window_bits=12)
        assert run(talk(server.url, limited)) == (False, 10, False, 10)


@by_name
def test_a_server_ends_with_the_one_who_began_it(peer):
    peer.serve().abandon()


class Cases:
    """A server that takes a client through cases, as a conformance suite does it."""

    def __init__(self, *cases, deflate=None):
        self._cases = cases
        self._deflate = [deflate] if deflate else None
        self.seen = []  # the paths that the client has asked for
        self.agreed = set()

    async def _serve(self, socket):
        self.seen.append(socket.path)
        self.agreed.add(agreed(socket))
        if socket.path == "/getCaseCount":
            await socket.send(str(len(self._cases)))
        elif socket.path.startswith("/runCase?case="):
            number = int(socket.path.partition("=")[2].partition("&")[0])
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._cases[number - 1](socket)

    async def take(self, peer, *arguments):
        async with websockets.serve(
            self._serve, "127.0.0.1", 0, compression=None, extensions=self._deflate, max_size=None
        ) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await asyncio.get_running_loop().run_in_executor(
                None, lambda: peer.run(url, "--agent", "tried", *arguments)
            )
        return self


async def echoed(socket):
    for message in MESSAGES:
        await socket.send(message)
        answer = await socket.recv()
        assert answer == message and type(answer) is type(message)


async def answered(socket):
    await (await socket.ping(b"payload"))
    await socket.send(["in ", "pieces"])
    assert await socket.recv() == "in pieces"


async def vanished(socket):
    socket.transport.abort()


async def left_hanging(socket):
    await socket.wait_closed()


def visited(count):
    cases = [f"/runCase?case={number}&agent=tried" for number in range(1, count + 1)]
    return ["/getCaseCount", *cases, "/updateReports?agent=tried"]


def noted(case, done):
    """The case, and a note when it got to its end."""

    async def run_and_note(socket):
        await case(socket)
        done.append(case)

    return run_and_note


@by_name
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], None),
        (["--deflate"], (True, 15, True, 15)),
        (["--deflate", "--no-context-takeover", "--window-bits", "10"], (False, 10, False, 10)),
    ],
    ids=["plain", "deflate", "limited"],
)
def test_a_client_goes_through_all_cases(peer, arguments, expected):
    done = []
    cases = Cases(noted(echoed, done), noted(answered, done), vanished, noted(answered, done), deflate=ServerDeflate())
    run(cases.take(peer, *arguments), DEADLINE_S * 2)
    assert cases.seen == visited(4)
    assert done == [echoed, answered, answered]
    assert cases.agreed == {expected}


@by_name
def test_a_client_does_not_hang(peer):
    done = []
    cases = run(Cases(left_hanging, noted(answered, done)).take(peer, "--case-seconds", "1"), DEADLINE_S * 2)
    assert cases.seen == visited(2)
    assert done == [answered]

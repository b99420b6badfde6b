"""wss with Python's websockets, which verifies whom it talks to."""

import asyncio
import itertools
import os

import pytest
import websockets
from support.http import eventually, get
from support.program import DEADLINE_S
from support.tls import TLS_1_2, TLS_1_3, client_context

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--message-bytes", str(64 * MIB), "--threads", "2")


@pytest.fixture(params=[TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def context(request, certificates):
    return client_context(certificates.root, request.param)


@pytest.fixture
def connect(server, context):
    """connect(path): a connection over wss, by a certificate that is checked."""
    return lambda path, **options: websockets.connect(
        server.secure.websocket_url + path, ssl=context, max_size=None, **options
    )


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, DEADLINE_S * 2))


def content(size):
    return (os.urandom(1024) * (size // 1024 + 1))[:size]


SIZES = [0, 1, 125, 126, 16_383, 16_384, 16_385, 65_535, 65_536, MIB]


@pytest.mark.parametrize("size", SIZES)
def test_every_size_comes_back(connect, size):
    async def talk():
        async with connect("/echo") as client:
            for message in ("x" * size, content(size), "ä" * (size // 2)):
                await client.send(message)
                assert await client.recv() == message
        assert client.close_code == 1000

    run(talk())


@pytest.mark.parametrize("order", itertools.permutations([5, 20_000, 200_000]), ids=str)
def test_small_and_large_in_any_order_without_waiting(connect, order):
    async def talk():
        async with connect("/echo") as client:
            messages = [content(size) for size in order * 4]
            for message in messages:
                await client.send(message)
            for message in messages:
                assert await client.recv() == message

    run(talk())


def test_20_mib_in_one_message(connect):
    async def talk():
        message = content(20 * MIB)
        async with connect("/echo") as client:
            await client.send(message)
            assert await client.recv() == message

    run(talk())


def test_both_directions_at_once(connect):
    async def talk():
        async with connect("/echo") as client:

            async def write():
                for number in range(500):
                    await client.send(f"{number} " + "x" * (number * 37 % 9000))

            writing = asyncio.create_task(write())
            for number in range(500):
                assert (await client.recv()).startswith(f"{number} ")
            await writing

    run(talk())


def test_a_hundred_clients_at_once(connect):
    async def one(n):
        async with connect("/echo", open_timeout=DEADLINE_S) as client:
            for index in range(20):
                await client.send(f"{n} {index}")
            for index in range(20):
                assert await client.recv() == f"{n} {index}"

    async def all_of_them():
        await asyncio.gather(*(one(n) for n in range(100)))

    run(all_of_them())


def test_fragments_both_ways(connect):
    async def talk():
        async with connect("/echo") as client:
            await client.send(["one ", "", "message ", "in pieces"])
            assert await client.recv() == "one message in pieces"
            await client.send([b"\0" * 1000] * 100)
            assert await client.recv() == b"\0" * 100_000
        async with connect("/obey") as client:
            await client.send("fragments")
            assert await client.recv() == "one message"
        async with connect("/chunks") as client:
            message = content(200_000)
            await client.send(message)
            assert await client.recv() == message

    run(talk())


def test_pings_of_both_sides(connect):
    async def talk():
        async with connect("/obey") as client:
            await asyncio.wait_for(await client.ping(b"payload"), DEADLINE_S)
            await client.send("ping from the server")
            assert await client.recv() == "pong from the server"

    run(talk())


def test_close_codes_arrive_on_both_sides(connect, server):
    async def talk():
        async with connect("/obey") as client:
            await client.send("close 4242 enough")
            with pytest.raises(websockets.ConnectionClosed):
                await client.recv()
            assert (client.close_code, client.close_reason) == (4242, "enough")
        async with connect("/echo") as client:
            await client.close(4321, "from the client")
        assert client.close_code == 4321

    run(talk())
    eventually(lambda: b"4321 from the client" in get(server, "/diary").body)


def test_a_burst_that_the_client_reads_late(connect):
    """What does not fit into the socket is kept, encrypted in order, and comes."""

    async def talk():
        async with connect("/obey", max_queue=1, read_limit=4096) as client:
            await client.send("burst 300 4000")
            await asyncio.wait_for(client.ping(), DEADLINE_S)
            for _ in range(300):
                assert await client.recv() == "b" * 4000

    run(talk())


def test_a_coroutine_talks_both_ways(connect):
    async def talk():
        async with connect("/both?count=200&bytes=20000") as client:
            await client.send("total")
            got = [await client.recv() for _ in range(201)]
            assert "total 5" in got
            assert [int(text.split()[0]) for text in got if text != "total 5"] == list(range(200))
            await client.send("end")
            await client.wait_closed()

    run(talk())


def test_clear_and_encrypted_clients_share_a_topic(connect, server):
    async def talk():
        async with connect("/topic/both") as one, connect("/topic/both") as two:
            async with websockets.connect(server.websocket_url + "/topic/both") as clear:
                await clear.send("from clear")
                assert await one.recv() == await two.recv() == "from clear"
                large = "x" * 100_000
                await one.send(large)
                assert await clear.recv() == await two.recv() == large

    run(talk())


def test_the_handler_knows_that_it_is_encrypted(connect, context):
    async def talk():
        async with connect("/tls") as client:
            await client.send("?")
            return await client.recv()

    said = run(talk())
    assert f"protocol: {'TLSv1.2' if context.maximum_version == TLS_1_2 else 'TLSv1.3'}\n" in said
    assert "application protocol: http/1.1\n" in said


def test_the_handler_of_a_websocket_knows_the_client_s_certificate(start_tls_server, certificates):
    server = start_tls_server("--tls-client-ca", certificates.root)

    async def talk():
        context = client_context(certificates.root, client=certificates.client)
        async with websockets.connect(server.secure.websocket_url + "/tls", ssl=context) as client:
            await client.send("?")
            return await client.recv()

    assert "subject: CN=device 7,O=Example\n" in run(talk())


def test_stopping_says_1001_to_encrypted_clients_too(start_tls_server, certificates):
    server = start_tls_server("--threads", "2")

    async def talk():
        url = server.secure.websocket_url + "/echo"
        context = client_context(certificates.root)
        async with websockets.connect(url, ssl=context) as one, websockets.connect(url, ssl=context) as two:
            server.signal(15)
            for client in (one, two):
                with pytest.raises(websockets.ConnectionClosed):
                    await client.recv()
                assert client.close_code == 1001

    run(talk())
    assert server.wait() == 0

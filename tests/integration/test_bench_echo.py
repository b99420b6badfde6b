"""`duplex bench` in mode echo, against servers that lose messages, send them twice or in another order, and say what
nobody has asked: it tells what happened, and goes on in step."""

import collections
import itertools
import threading
import time

import pytest
import websockets
from support.bench import FAILURE, answering
from support.frames import BINARY, TEXT, frame, masked
from support.program import DEADLINE_S
from support.scripted import Scripted, upgrade

CONNECTIONS = 5
LOAD = ("-d", "0.5", "--warmup", "0.1", "-c", CONNECTIONS)
# Enough to be lost between two that come, and fewer than are told apart.
DEEP = ("--depth", 8)
COMPRESSED = (*DEEP, "--compress", "--size", "500")


async def lose(websocket, message):
    await websocket.recv()


async def double(websocket, message):
    await websocket.send(message)
    await websocket.send(message)


async def swap(websocket, message):
    await websocket.send(await websocket.recv())
    await websocket.send(message)


async def say_something(websocket, message):
    await websocket.send("and now for something completely different")
    await websocket.send(message)


async def change(websocket, message):
    await websocket.send(message[1:] + message[:1])


async def cut_off(websocket, message):
    await websocket.send(message[1:])


class Server:
    """What it does wrong, one after the other, with every tenth message of a connection: `most` times, so that all is
    right in the end. `count` says how often it was."""

    def __init__(self, *wrongs, most, greeting=None):
        self.wrongs = wrongs
        self.most = most
        self.greeting = greeting
        self.count = collections.Counter()

    async def __call__(self, websocket, *_):
        wrongs = itertools.cycle(self.wrongs)
        try:
            if self.greeting is not None:
                await websocket.send(self.greeting)
                self.count["greeting"] += 1
            for number in itertools.count(1):
                message = await websocket.recv()
                if number % 10 == 0 and self.count.total() < self.most:
                    wrong = next(wrongs)
                    self.count[wrong] += 1
                    await wrong(websocket, message)
                else:
                    await websocket.send(message)
        except websockets.ConnectionClosed:
            pass


async def lose_one(websocket, message):
    """It is lost, and the next one is an answer as any other."""


def errors_of(report):
    return {error["kind"]: error["count"] for error in report["errors"]}


WRONG = [
    (lose_one, "lost", 1),
    (lose, "lost", 2),
    (double, "twice", 1),
    (swap, "out of order", 1),
    (say_something, "unasked", 1),
    (change, "wrong content", 1),
    (cut_off, "wrong length", 1),
]


@pytest.mark.parametrize("options", [DEEP, COMPRESSED, ("--rate", 2000)], ids=["closed", "compressed", "open"])
@pytest.mark.parametrize("wrong, kind, errors_of_each", WRONG, ids=[each[0].__name__ for each in WRONG])
def test_tells_what_happened_and_goes_on(bench, python_server, wrong, kind, errors_of_each, options):
    server = Server(wrong, most=20)
    report = bench(*LOAD, *options, python_server(server), status=FAILURE).json
    assert server.count[wrong] == 20
    assert errors_of(report) == {kind: 20 * errors_of_each}
    assert report["errors"][0]["example"]
    # But for those in the warm-up, all is counted.
    assert 100 < report["messages"]["received"] <= report["messages"]["sent"] + CONNECTIONS * 8


@pytest.mark.parametrize("wrong, kind", [(double, "twice"), (say_something, "unasked"), (change, "wrong content")])
def test_tells_it_of_one_message_at_a_time(bench, python_server, wrong, kind):
    report = bench(*LOAD, python_server(Server(wrong, most=20)), status=FAILURE).json
    assert errors_of(report) == {kind: 20}


@pytest.mark.parametrize("options", [(), DEEP, COMPRESSED], ids=["one at a time", "deep", "compressed"])
@pytest.mark.parametrize("greeting", ["hello, who is there?", b"12345678901234567890", ""])
def test_a_greeting_is_not_asked_for(bench, python_server, options, greeting):
    server = Server(most=0, greeting=greeting)
    report = bench(*LOAD, *options, python_server(server), status=FAILURE).json
    assert errors_of(report) == {"unasked": server.count["greeting"]} == {"unasked": CONNECTIONS}


def test_tells_all_kinds_apart(bench, python_server):
    wrongs = (lose_one, double, swap, say_something, change, cut_off)
    server = Server(*wrongs, most=60, greeting="welcome")
    report = bench(*LOAD, *DEEP, python_server(server), status=FAILURE).json
    assert errors_of(report) == {
        "lost": server.count[lose_one],
        "twice": server.count[double],
        "out of order": server.count[swap],
        "unasked": server.count[say_something] + server.count["greeting"],
        "wrong content": server.count[change],
        "wrong length": server.count[cut_off],
    }


def test_tells_in_the_end_what_has_not_come(bench, python_server):
    """Some twenty messages a connection, so that the tenth may come until the end."""
    server = Server(lose_one, most=CONNECTIONS)
    report = bench("-d", 1, "--warmup", "0", "-c", CONNECTIONS, "--rate", 100, python_server(server), status=FAILURE)
    assert errors_of(report.json) == {"lost": CONNECTIONS}
    assert report.json["messages"]["received"] + report.json["messages"]["late"] == 100 - CONNECTIONS


def test_waits_for_nothing_that_would_tell_of_the_last_message(bench, python_server):
    # Each connection has too few for it to be clear that all of them are changed.
    load = ("-d", "0.3", "--warmup", "0", "-c", CONNECTIONS, "--rate", 50)
    begin = time.monotonic()
    report = bench(*load, python_server(answering(lambda message: message[::-1])), status=FAILURE).json
    assert time.monotonic() - begin < 2
    answered = report["messages"]["received"] + report["messages"]["late"]
    assert errors_of(report) == {"wrong content": report["messages"]["sent"]} == {"wrong content": answered}


@pytest.mark.parametrize(
    "answer, kind", [(lambda message: message, "lost"), (lambda message: message[::-1], "wrong content")]
)
def test_tells_what_has_not_come_when_the_connection_ends(bench, python_server, answer, kind):
    ends = 0

    async def handler(websocket, *_):
        nonlocal ends
        await websocket.recv()
        await websocket.send(answer(await websocket.recv()))
        ends += 1

    errors = errors_of(bench(*LOAD, "--depth", 2, python_server(handler), status=FAILURE).json)
    assert errors == {kind: ends, "closed 1000": ends}


def test_nothing_answers_what_has_not_come_yet(bench):
    """If it might be an answer, it would be one in the end."""
    over = threading.Event()

    def interrupt(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visitor.read(1)
        visitor.send(frame(TEXT, "not so much", mask=False))
        over.wait(DEADLINE_S)

    with Scripted(interrupt) as server:
        # More than the system takes of it.
        report = bench("-d", "0.3", "-c", 1, "--size", "16M", server.websocket_url, status=FAILURE).json
        over.set()
        assert errors_of(report) == {"unasked": 1, "no answer": 1}


def three_times(visitor):
    """Ten messages are answered so, all at once."""
    visitor.send(upgrade(visitor.read_head()))
    for _ in range(10):
        _, size = visitor.read(2)
        key = visitor.read(4)
        visitor.send(3 * frame(BINARY, masked(visitor.read(size & 0x7F), key), mask=False))
    visitor.until_closed()


def test_counts_each_that_is_too_much_where_all_are_the_same(bench, tmp_path):
    (tmp_path / "message").write_text("to be, or not to be")
    with Scripted(three_times) as server:
        report = bench(*LOAD, "--content", f"@{tmp_path}/message", server.websocket_url, status=FAILURE).json
        assert errors_of(report) == {"unasked": 2 * 10 * server.visits, "no answer": server.visits}


def test_what_is_lost_without_a_next_one_is_not_answered(bench, python_server):
    server = Server(lose_one, most=3)
    report = bench(*LOAD, python_server(server), status=FAILURE).json
    assert errors_of(report) == {"no answer": 3}


@pytest.mark.parametrize("wrong, kind", [(lose_one, "lost"), (double, "twice"), (say_something, "unasked")])
def test_latencies_are_those_of_their_own_messages(bench, python_server, wrong, kind):
    """Of each connection a message is due all 100 ms, and answered much sooner."""
    load = ("-d", 4, "--warmup", "0", "-c", CONNECTIONS, "--rate", 50)
    right = bench(*load, python_server(Server(most=0))).json["latency_us"]
    server = Server(wrong, most=1000)
    report = bench(*load, python_server(server), status=FAILURE).json
    assert errors_of(report).keys() <= {kind, "no answer"}
    assert sum(errors_of(report).values()) == server.count[wrong] >= 20
    for figure in ("p50", "p90"):
        # Of the message before it would be 100 ms more.
        assert report["latency_us"][figure] < right[figure] + 50_000, figure

"""Cancellation and deadlines, at each stage of a call."""

import threading

import pytest
from support.http import eventually
from support.name_server import NameServer
from support.peers import Blackhole
from support.scripted import Scripted, answering, response, upgrade
from support.wrong_answers import chunked, head, length

MIB = 1024 * 1024


class Stage:
    """Where a call waits for what never comes; `reached` when it does."""

    def __init__(self):
        self.reached = threading.Event()

    def script(self, *answers):
        def stay(visitor):
            for answer in answers:
                visitor.read_head()
                visitor.send(answer(b"") if callable(answer) else answer)
            if not answers:
                visitor._more()
            self.reached.set()
            visitor.until_closed()

        return stay


class Resolving(Stage):
    step, scheme = "resolve", "http"

    def __enter__(self):
        self.names = NameServer({"silent.test": None})
        self.options = {"name_servers": [self.names.address]}
        self.url = "http://silent.test/"
        return self

    def __exit__(self, *_):
        self.names.__exit__()

    def wait(self):
        eventually(lambda: self.names.asked)


class Connecting(Stage):
    step, scheme = "connect", "http"

    def __enter__(self):
        self.hole = Blackhole()
        self.options = {}
        self.url = f"http://127.0.0.2:{self.hole.port}/"
        return self

    def __exit__(self, *_):
        self.hole.__exit__()

    def wait(self):
        """Nobody sees it connect: that it is on its way has to do."""


class AtAServer(Stage):
    def __init__(self, step, scheme, *answers, proxy=None):
        super().__init__()
        self.step, self.scheme, self.answers, self.proxy = step, scheme, answers, proxy

    def __enter__(self):
        self.server = Scripted(self.script(*self.answers))
        self.url = f"{self.scheme}://{self.server.authority}/"
        self.options = {}
        if self.proxy:
            self.options = {"proxy": f"{self.proxy}://{self.server.authority}"}
            self.url = "https://example.test/"
        return self

    def __exit__(self, *_):
        self.server.__exit__()

    def wait(self):
        assert self.reached.wait(30)


STAGES = {
    "resolving": Resolving,
    "connecting": Connecting,
    "tunnelling by HTTP": lambda: AtAServer("proxy", "https", b"", proxy="http"),
    "tunnelling by SOCKS5": lambda: AtAServer("proxy", "https", proxy="socks5"),
    "encrypting": lambda: AtAServer("tls", "https"),
    "waiting for a head": lambda: AtAServer("protocol", "http", b""),
    "within a head": lambda: AtAServer("protocol", "http", b"HTTP/1.1 200"),
    "before content": lambda: AtAServer("protocol", "http", length(5)),
    "within content": lambda: AtAServer("protocol", "http", length(5) + b"he"),
    "within a chunk": lambda: AtAServer("protocol", "http", chunked("5\r\nhe")),
    "waiting for an upgrade": lambda: AtAServer("handshake", "ws", b""),
    "within an upgrade": lambda: AtAServer("handshake", "ws", b"HTTP/1.1 101 "),
}


def begin(client, stage, **arguments):
    verb = "connect" if stage.scheme == "ws" else "fetch"
    return client.begin(verb, url=stage.url, **arguments)


@pytest.mark.parametrize("name", STAGES)
def test_cancelling(start_client, name):
    with STAGES[name]() as stage:
        client = start_client(**stage.options)
        going = begin(client, stage)
        stage.wait()
        going.cancel()
        failed = going.result()
        assert failed.failure == f"{stage.step}: std::errc::operation_canceled"
        assert failed["error"]["cancelled"] and not failed["error"]["timed_out"]
        eventually(lambda: client.statistics()["connections_open"] == 0)


@pytest.mark.parametrize("name", STAGES)
def test_deadlines(start_client, name):
    with STAGES[name]() as stage:
        client = start_client(**stage.options)
        failed = begin(client, stage, deadline_ms=150).result()
        assert failed.failure == f"{stage.step}: std::errc::timed_out"
        assert failed["error"]["timed_out"] and not failed["error"]["cancelled"]
        eventually(lambda: client.statistics()["connections_open"] == 0)


@pytest.mark.parametrize("name", STAGES)
def test_the_client_ends_meanwhile(start_client, name):
    """Destroying it ends all that goes on: the driver's exit is what is tested."""
    with STAGES[name]() as stage:
        client = start_client(**stage.options)
        begin(client, stage)
        stage.wait()
        client.close()


def test_a_deadline_for_all_calls(start_client):
    with AtAServer("protocol", "http", b"") as stage:
        failed = start_client(time_limits_ms={"call": 100}).get(stage.url)
        assert failed.failure == "protocol: std::errc::timed_out"


def test_a_deadline_holds_over_redirections(client):
    def script(visitor):
        while True:
            visitor.read_head()
            visitor.send(response("302 Found", "", f"Location: /{visitor}"))

    with Scripted(script) as server:
        failed = client.get(server.url, deadline_ms=300, redirects_max=100_000_000)
        assert failed["error"]["timed_out"]


def test_a_stream_s_deadline_is_for_its_head(client):
    more = threading.Event()

    def script(visitor):
        visitor.read_head()
        visitor.send(length(5) + b"he")
        more.wait()
        visitor.send(b"llo")
        visitor.until_closed()

    with Scripted(script) as server:
        going = client.begin("stream", url=server.url, deadline_ms=100, hold=True)
        going.event("waits")
        # What has a deadline of 300 ms ends later than one of 100 ms would.
        with AtAServer("protocol", "http", b"") as stage:
            assert client.get(stage.url, deadline_ms=300)["error"]["timed_out"]
        more.set()
        client.do("go", what=going.number)
        assert going.result()["bytes"] == 5


@pytest.mark.parametrize("way", ["wait", "then"])
def test_other_ways_to_call(client, way):
    with AtAServer("protocol", "http", b"") as stage:
        going = begin(client, stage, way=way)
        stage.wait()
        going.cancel()
        assert going.result().failure == "protocol: std::errc::operation_canceled"
    with AtAServer("protocol", "http", b"") as stage:
        assert begin(client, stage, way=way, deadline_ms=50).result()["error"]["timed_out"]


def test_cancelled_before_it_begins(client):
    with AtAServer("protocol", "http", b"") as stage:
        client.do("cancel", what=2)  # the number of the next command
        failed = client.get(stage.url)
        assert failed["error"]["cancelled"] and stage.server.visits == 0


@pytest.mark.parametrize("direction", ["upload", "download"])
def test_cancelling_from_a_progress_call(client, direction):
    def script(visitor):
        visitor.read_head()
        if direction == "upload":
            visitor.until_closed()
        else:
            visitor.send(length(100 * MIB) + bytes(100 * MIB))

    with Scripted(script) as server:
        content = {"streamed": {"bytes": 100 * MIB}} if direction == "upload" else None
        failed = client.send("POST", server.url, content, **{f"cancel_at_{direction}": 20_000})
        assert failed.failure == "protocol: std::errc::operation_canceled"
        assert 20_000 <= failed[direction]["bytes"] < 50 * MIB


def test_what_waits_for_a_connection_can_be_cancelled(start_client):
    client = start_client(pool={"connections_per_origin_max": 1})
    with AtAServer("protocol", "http", b"") as stage:
        first = begin(client, stage)
        stage.wait()
        second = begin(client, stage)
        third = begin(client, stage, deadline_ms=100)
        assert third.result()["error"]["timed_out"]
        second.cancel()
        assert second.result()["error"]["cancelled"]
        first.cancel()
        assert first.result()["error"]["cancelled"]


def test_an_open_socket_outlives_the_deadline_of_its_opening(client):
    def script(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visitor.until_closed()

    with Scripted(script) as server:
        socket = client.connect(server.websocket_url, deadline_ms=200)
        with AtAServer("protocol", "http", b"") as stage:
            assert client.get(stage.url, deadline_ms=400)["error"]["timed_out"]
        assert socket.do("state")["open"]


def test_a_cancelled_call_leaves_others_alone(client):
    with AtAServer("protocol", "http", b"") as stage, Scripted(answering(response("200 OK", "hello"))) as server:
        going = begin(client, stage)
        stage.wait()
        other = client.begin("stream", url=server.url, hold=True)
        other.event("waits")
        going.cancel()
        going.result()
        client.do("go", what=other.number)
        assert other.result()["bytes"] == 5


def test_interim_responses_are_no_end(client):
    with AtAServer("protocol", "http", head(status="HTTP/1.1 103 Early Hints")) as stage:
        going = begin(client, stage)
        stage.wait()
        going.cancel()
        assert going.result()["error"]["cancelled"]

"""A socket that opens itself anew, and a server that is killed and started again: Python's
websockets in a process of its own."""

import time

import pytest
from support.http import eventually
from support.peers import RestartableServer
from support.scripted import Scripted, response, upgrade

QUICK = {"delay_ms_first": 20, "delay_ms_max": 200}


@pytest.fixture
def server():
    with RestartableServer() as running:
        yield running


def connected(going, again):
    assert going.event("connected")["again"] is again


def test_it_comes_back_after_a_kill(client, server):
    going = client.reconnecting(server.url + "/echo", **QUICK)
    connected(going, again=False)
    for round in range(3):
        assert going.send(text=f"before {round}") == "accepted"
        assert going.event("message")["text"] == f"before {round}"
        server.kill()
        lost = going.event("lost")
        assert lost["error"]["step"] in ("protocol", "connect")
        server.start()
        connected(going, again=True)
        assert going.send(text=f"after {round}") == "accepted"
        assert going.event("message")["text"] == f"after {round}"
    assert going.do("state") == {"connected": True, "connections": 4}
    going.do("close")
    assert going.result()["connections"] == 4


def test_it_comes_back_after_an_orderly_goodbye(client, server):
    going = client.reconnecting(server.url + "/echo", **QUICK)
    connected(going, again=False)
    server.end_in_order()  # 1001
    going.event("lost")
    server.start()
    connected(going, again=True)
    going.do("close")
    assert going.result().failure is None


@pytest.mark.parametrize(
    ("code", "comes_back"), [(1000, False), (1001, True), (1006, True), (1008, False), (1011, True), (1012, True)]
)
def test_which_goodbyes_are_for_good(client, server, code, comes_back):
    path = "/abort" if code == 1006 else f"/close/{code}/reason"
    going = client.reconnecting(server.url + path, **QUICK)
    connected(going, again=False)
    if comes_back:
        connected(going, again=True)
        going.do("close")
    result = going.result()
    assert comes_back or (result["connections"] == 1 and result.failure is None)


def test_the_application_may_decide_otherwise(client, server):
    going = client.reconnecting(server.url + "/close/1000", retry_after_close=True, **QUICK)
    connected(going, again=False)
    connected(going, again=True)
    going.do("close")
    going.result()
    going = client.reconnecting(server.url + "/close/1012", retry_after_close=False, **QUICK)
    connected(going, again=False)
    assert going.result()["connections"] == 1


def test_messages_wait_while_it_is_away(client, server):
    going = client.reconnecting(server.url + "/echo", on_connected=["resume"], **QUICK)
    connected(going, again=False)
    assert going.event("message")["text"] == "resume"
    server.kill()
    going.event("lost")
    assert going.do("state")["connected"] is False
    assert [going.send(text=text) for text in ("one", "two", "three")] == ["accepted"] * 3
    server.start()
    # What the hook says comes first.
    assert [going.event("message")["text"] for _ in range(4)] == ["resume", "one", "two", "three"]
    going.do("close")


def test_only_so_much_waits(client, server):
    going = client.reconnecting(server.url + "/echo", queue_bytes_max=10, **QUICK)
    connected(going, again=False)
    server.kill()
    going.event("lost")
    assert [going.send(text="12345678"), going.send(text="12345678"), going.send(text="90")] == [
        "accepted", "dropped", "accepted"
    ]  # fmt: skip
    server.start()
    assert [going.event("message")["text"] for _ in range(2)] == ["12345678", "90"]
    going.do("close")


def test_messages_are_refused_while_it_is_away(client, server):
    going = client.reconnecting(server.url + "/echo", while_away="refuse", **QUICK)
    connected(going, again=False)
    server.kill()
    going.event("lost")
    assert going.send(text="nobody there") == "closed"
    server.start()
    connected(going, again=True)
    assert going.send(text="hello") == "accepted"
    assert going.event("message")["text"] == "hello"
    going.do("close")


def test_it_gives_up(client, server):
    server.kill()
    going = client.reconnecting(server.url + "/echo", attempts_max=3, **QUICK)
    failed = going.result()
    assert failed["connections"] == 0
    assert failed.failure == "connect: client::ClientError::gave_up"
    assert len(going.events("lost")) == 2


def test_the_first_connection_may_take_several_attempts(client, server):
    server.kill()
    going = client.reconnecting(server.url + "/echo", **QUICK)
    for _ in range(3):
        assert going.event("lost")["error"]["step"] == "connect"
    server.start()
    connected(going, again=False)
    going.do("close")


def test_what_will_not_mend_is_not_tried_again(client):
    statuses = {"403 Forbidden": False, "404 Not Found": False, "429 Too Many Requests": True, "503 Busy": True}
    for status, again in statuses.items():
        with Scripted(lambda visitor: (visitor.read_head(), visitor.send(response(status, "no")))) as scripted:
            going = client.reconnecting(scripted.websocket_url, **QUICK)
            if again:
                assert going.event("lost")["error"]["response"]["status"] == int(status[:3])
                going.do("close")
                going.result()
            else:
                failed = going.result()
                assert failed.failure == "handshake: client::ClientError::upgrade_refused"
                assert failed.refusal["status"] == int(status[:3])
                assert scripted.visits == 1
    failed = client.reconnecting("ws://user@example.test/", **QUICK).result()
    assert failed.failure == "request: http::UrlError::user_information"


def test_the_application_may_decide_what_mends(client):
    with Scripted(lambda visitor: (visitor.read_head(), visitor.send(response("404 Not Found")))) as scripted:
        going = client.reconnecting(scripted.websocket_url, retry_on=True, **QUICK)
        going.event("lost")
        going.event("lost")
        going.do("close")
        going.result()
    going = client.reconnecting("ws://127.0.0.1:1/", retry_on=False, **QUICK)
    assert going.result().failure == "connect: std::errc::connection_refused"


def test_a_hook_that_fails_counts_as_a_failed_attempt(client, server):
    going = client.reconnecting(server.url + "/echo", hook_fails=True, attempts_max=2, **QUICK)
    assert "gave_up" in going.result().failure


def test_delays_grow_and_are_random(client, server):
    """At most twice as long each time, up to the limit, and anything below that."""
    server.kill()
    going = client.reconnecting(server.url + "/echo", delay_ms_first=8, delay_ms_max=64)
    delays = [going.event("lost")["delay_ms"] for _ in range(20)]
    assert all(delay <= min(64, 8 * 2**number) for number, delay in enumerate(delays))
    assert len(set(delays[4:])) > 3
    going.do("close")
    going.result()


def test_an_attempt_has_a_limit(client):
    with Scripted(lambda visitor: visitor.until_closed()) as silent:
        going = client.reconnecting(silent.websocket_url, attempt_ms_max=100, **QUICK)
        assert going.event("lost")["error"]["timed_out"]
        going.do("close")
        going.result()


def test_closing_while_it_is_away(client, server):
    server.kill()
    going = client.reconnecting(server.url + "/echo", delay_ms_first=60_000, delay_ms_max=60_000)
    going.event("lost")
    start = time.monotonic()
    going.do("close")
    assert going.result().failure is None
    assert time.monotonic() - start < 10


def test_connections_that_do_not_last_keep_the_delay_growing(client):
    """A server that takes each connection and drops it at once is not stormed."""
    visits = []

    def script(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visits.append(time.monotonic())

    with Scripted(script) as scripted:
        going = client.reconnecting(scripted.websocket_url, delay_ms_first=8, delay_ms_max=10_000, stable_ms=60_000)
        delays = [going.event("lost")["delay_ms"] for _ in range(6)]
        assert max(delays) <= 8 * 2**6
        going.do("close")
    assert len(visits) <= 8


def test_many_clients_do_not_come_back_together(client, server):
    """Full jitter: their waits are spread over all of the time."""
    server.kill()
    going = [client.reconnecting(server.url + "/echo", delay_ms_first=1000, delay_ms_max=1000) for _ in range(40)]
    delays = [one.event("lost")["delay_ms"] for one in going]
    assert min(delays) < 300 and max(delays) > 700
    server.start()
    for one in going:
        connected(one, again=False)
    for one in going:
        one.do("close")
    eventually(lambda: all(one.done for one in going))


def test_it_is_dropped_while_it_waits(client, server):
    """The client ends with the socket away."""
    server.kill()
    client.reconnecting(server.url + "/echo", delay_ms_first=60_000, delay_ms_max=60_000).event("lost")

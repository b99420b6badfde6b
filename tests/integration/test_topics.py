"""Topics: everybody gets what is published, in every thread, in each publisher's order."""

import contextlib
import threading

import pytest
from support.frames import BINARY, TEXT, Client, frame
from support.http import Connection, eventually, get, request


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    return start_test_server_for_module("--threads", "4")


@pytest.fixture(scope="module")
def live(start_duplex_for_module):
    return start_duplex_for_module("--threads", "2")


def clients(stack, server, path, count):
    return [stack.enter_context(Client(server, path)) for _ in range(count)]


def test_a_socket_publishes_to_all_others(server):
    with contextlib.ExitStack() as stack:
        first, *others = clients(stack, server, "/topic/others", 40)
        first.send_text("hello").send_text("each of you")
        for client in others:
            assert client.text() == "hello"
            assert client.text() == "each of you"
        assert first.silent(0.05)


def test_a_socket_publishes_to_itself_too(server):
    with contextlib.ExitStack() as stack:
        members = clients(stack, server, "/topic/all", 10)
        members[3].send_text("all together")
        for client in members:
            assert client.text() == "all together"


def test_topics_are_apart(server):
    with Client(server, "/topic/one") as one, Client(server, "/topic/two") as two:
        request(server, "POST", "/topic/one", "for one")
        request(server, "POST", "/topic/two", "for two")
        assert one.text() == "for one" and two.text() == "for two"
        assert one.silent(0.05) and two.silent(0.05)


def test_who_leaves_gets_no_more(server):
    with Client(server, "/topic/leave") as leaver, Client(server, "/topic/leave") as other:
        leaver.send_text("leave")
        assert leaver.text() == "left"
        request(server, "POST", "/topic/leave", "anybody?")
        assert other.text() == "anybody?"
        assert leaver.silent(0.05)


def test_binary_messages_stay_binary(server):
    with Client(server, "/topic/binary") as one, Client(server, "/topic/binary") as two:
        one.send_binary(bytes(range(256)))
        assert two.next_message() == (BINARY, bytes(range(256)))


def test_each_publisher_s_order_is_kept_everywhere(server):
    """Three threads of the program and three sockets publish at once to subscribers in four threads."""
    count = 500
    with contextlib.ExitStack() as stack:
        subscribers = clients(stack, server, "/topic/order", 24)
        sockets = clients(stack, server, "/topic/order", 3)
        publishing = [
            threading.Thread(
                target=request, args=(server, "POST", f"/publish/order?publisher=t{n}&count={count}", "")
            )
            for n in range(3)
        ] + [
            threading.Thread(
                target=lambda n=n: sockets[n].send(
                    b"".join(frame(TEXT, f"s{n} {index}") for index in range(count))
                )
            )
            for n in range(3)
        ]
        for thread in publishing:
            thread.start()
        for subscriber in subscribers:
            expected = {}
            for _ in range(6 * count):
                publisher, index = subscriber.text().split()[:2]
                assert int(index) == expected.get(publisher, 0), (publisher, index)
                expected[publisher] = int(index) + 1
            assert expected == {f"{kind}{n}": count for kind in "ts" for n in range(3)}
        for thread in publishing:
            thread.join()
        for subscriber in subscribers:
            assert subscriber.silent(0)


def test_subscribers_come_and_go_while_messages_flow(server):
    stop = threading.Event()

    def publish():
        while not stop.is_set():
            request(server, "POST", "/publish/traffic?count=50", "")

    publisher = threading.Thread(target=publish)
    with Client(server, "/topic/traffic") as steady:
        publisher.start()
        try:
            for round in range(30):
                with contextlib.ExitStack() as stack:
                    for client in clients(stack, server, "/topic/traffic", 5):
                        if round % 2:
                            client.text()
            for _ in range(50):
                steady.text()
        finally:
            stop.set()
            publisher.join(30)
    assert get(server, "/").status == 200


def test_events_and_sockets_share_a_topic(server):
    with Client(server, "/topic/shared") as socket, Connection(server.address) as events:
        events.get("/topic/shared").read_head()
        request(server, "POST", "/publish/shared?count=100", "")
        for n in range(100):
            assert socket.text().split()[1] == str(n)
            events.read_until(b"data: thread %d \n\n" % n)


# duplex serve's channels


def test_a_live_channel_by_all_three_ways(live):
    with (
        Client(live, "/live/news") as one,
        Client(live, "/live/news") as two,
        Connection(live.address) as events,
    ):
        events.get("/live/news", "Accept: text/event-stream")
        assert events.read_head()["Content-Type"].startswith("text/event-stream")
        one.send_text("from a socket")
        assert two.text() == "from a socket"
        events.read_until(b"data: from a socket\n\n")
        assert request(live, "POST", "/live/news", "from a POST").status in (200, 202, 204)
        assert two.text() == "from a POST"
        events.read_until(b"data: from a POST\n\n")


def test_live_channels_are_apart(live):
    with Client(live, "/live/a") as one, Client(live, "/live/b") as two:
        request(live, "POST", "/live/a", "for a")
        assert one.text() == "for a"
        assert two.silent(0.05)


def test_a_plain_get_of_a_live_channel_learns_what_to_do(live):
    answer = get(live, "/live/news")
    assert answer.status == 426 and answer["Upgrade"].lower() == "websocket"


@pytest.mark.parametrize("origin, status", [("http://evil.example", 403), ("null", 403), ("http://test", None), (None, None)])
def test_other_origins_may_not_publish(live, origin, status):
    fields = [f"Origin: {origin}"] if origin else []
    answer = request(live, "POST", "/live/news", "spam", *fields)
    assert answer.status == status if status else answer.status < 300


def test_a_post_that_is_no_text_does_not_break_the_subscribers(live):
    with Client(live, "/live/bytes") as client:
        request(live, "POST", "/live/bytes", b"\xff\xfe", "Content-Type: application/octet-stream")
        request(live, "POST", "/live/bytes", "text")
        opcode, payload = client.next_message()
        assert (opcode, payload) in ((BINARY, b"\xff\xfe"), (TEXT, b"text"))


def test_many_subscribers_of_a_live_channel(live):
    with contextlib.ExitStack() as stack:
        members = clients(stack, live, "/live/crowd", 200)
        for n in range(20):
            request(live, "POST", "/live/crowd", f"news {n}")
        for client in members:
            assert [client.text() for _ in range(20)] == [f"news {n}" for n in range(20)]
    eventually(lambda: get(live, "/_duplex/health").status == 200)

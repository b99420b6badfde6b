"""Slow peers: a bounded amount of memory, a policy for what others publish, no loss of their own
replies; and dead peers, found by heartbeats."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

from support.frames import CLOSE, PING, PONG, TEXT, Client, frame
from support.http import Connection, eventually, get, request

KIB = 1024
MIB = 1024 * 1024


def statistics(server):
    return json.loads(get(server, "/statistics").body)


def publish(server, topic, count=1, bytes=64 * KIB):
    assert request(server, "POST", f"/publish/{topic}?count={count}&bytes={bytes}", "").status == 204


def dropped_in_the_end(server):
    """How many messages were dropped of all that has been published."""
    eventually(lambda: statistics(server)["publications_waiting"] == 0)
    return statistics(server)["messages_dropped"]


def publish_until(server, topic, condition, reader):
    """Publishes step by step while `reader` keeps up, until `condition` holds."""
    for n in range(2000):
        publish(server, topic)
        reader.text()
        if condition(statistics(server)):
            return n + 1
    raise AssertionError("128 MiB were not enough")


def test_a_slow_consumer_is_closed(start_test_server):
    server = start_test_server("--outbox-bytes", str(256 * KIB))
    with Client(server, "/topic/flood", receive_buffer=4096) as slow, Client(server, "/topic/flood") as fast:
        publish_until(server, "flood", lambda now: now["slow_consumers_closed"], fast)
        publish(server, "flood")
        assert len(fast.text()) == 64 * KIB
        rest = slow.rest()
        assert rest  # what had been sent before is whole up to some point; a close frame may follow
    assert statistics(server)["slow_consumers_closed"] == 1
    eventually(lambda: b"1008" in get(server, "/diary").body)


def test_a_slow_consumer_misses_messages_but_no_order(start_test_server):
    server = start_test_server("--outbox-bytes", str(256 * KIB), "--slow", "drop")
    with Client(server, "/topic/flood", receive_buffer=4096) as slow, Client(server, "/topic/flood") as fast:
        sent = publish_until(server, "flood", lambda now: now["messages_dropped"] >= 20, fast)
        assert statistics(server)["websockets_open"] == 2
        for _ in range(sent - dropped_in_the_end(server)):
            assert len(slow.text()) == 64 * KIB
        request(server, "POST", "/topic/flood", "the latest")
        assert slow.text() == "the latest"


def test_what_is_dropped_is_dropped_whole_and_in_order(start_test_server):
    server = start_test_server("--outbox-bytes", str(64 * KIB), "--slow", "drop")
    with Client(server, "/topic/flood", receive_buffer=4096) as slow:
        request(server, "POST", "/publish/flood?count=20000&bytes=2000", "")
        dropped = dropped_in_the_end(server)
        assert dropped > 0
        last = -1
        for _ in range(20000 - dropped):
            number = int(slow.text().split()[1])
            assert number > last
            last = number


def test_slow_consumers_cost_bounded_memory(start_test_server):
    server = start_test_server("--outbox-bytes", str(MIB), "--slow", "drop", "--threads", "2")
    slow = [Client(server, "/topic/flood", receive_buffer=4096) for _ in range(20)]
    before = server.rss_bytes()
    for _ in range(16):
        publish(server, "flood", count=64)  # 64 MiB to each of 20
    eventually(lambda: statistics(server)["messages_dropped"] > 1000)
    growth = server.rss_bytes() - before
    for client in slow:
        client.close()
    assert growth < server.may_hold(40 * MIB), f"{growth / MIB} MiB"


def test_own_replies_are_never_dropped(start_test_server):
    server = start_test_server("--outbox-bytes", str(64 * KIB), "--slow", "drop")
    count, payload = 3000, "r" * 10_000
    with Client(server, receive_buffer=4096) as client:
        sender = threading.Thread(target=lambda: [client.send_text(payload) for _ in range(count)])
        sender.start()
        sender.join(0.3)
        for _ in range(count):
            assert client.text() == payload
        sender.join(30)
        assert not sender.is_alive()
    assert statistics(server)["messages_dropped"] == 0


def test_a_burst_of_a_handler_arrives_whole(start_test_server):
    server = start_test_server("--outbox-bytes", str(64 * KIB))
    with Client(server, "/obey", receive_buffer=4096) as client:
        client.send_text("burst 3000 10000")
        for _ in range(3000):
            assert client.text() == "b" * 10_000


def test_send_tells_of_the_backlog_and_on_drain_of_its_end(start_test_server):
    server = start_test_server("--backlog-bytes", str(64 * KIB))
    with Client(server, "/drain", receive_buffer=4096) as client:
        sent = 0
        client.socket.setblocking(False)
        message = frame(TEXT, "d" * 60_000)
        while select.select([], [client.socket], [], 0.3)[1]:  # until the server reads no more
            try:
                sent += client.socket.send(message[sent % len(message) :])
            except BlockingIOError:
                pass
        client.socket.setblocking(True)
        client.socket.settimeout(client.deadline_s)
        diary = get(server, "/diary").body.decode()
        assert "1006 1\n" in diary and "drained" not in diary, diary[-200:]
        client_done = threading.Thread(target=lambda: client.send(message[sent % len(message) :]))
        client_done.start()
        for _ in range(sent // len(message) + 1):
            assert len(client.text()) == 60_000
        client_done.join(30)
        eventually(lambda: b"drained" in get(server, "/diary").body)


def test_pongs_are_not_dropped(start_test_server):
    server = start_test_server("--outbox-bytes", str(64 * KIB), "--slow", "drop")
    with Client(server, "/topic/flood", receive_buffer=4096) as slow:
        publish(server, "flood", count=500)
        eventually(lambda: statistics(server)["messages_dropped"] > 0)
        slow.send(frame(PING, "are you there?"))
        while slow.next_frame()[1:] != (PONG, b"are you there?"):
            pass


# Heartbeats


def test_a_silent_client_is_asked_and_stays_if_it_answers(start_test_server):
    server = start_test_server("--heartbeat-ms", "50", "--heartbeat-answer-ms", "300")
    with Client(server) as client:
        for _ in range(10):
            fin, opcode, payload = client.next_frame()
            assert (fin, opcode) == (True, PING)
            client.send(frame(PONG, payload))
        client.send_text("still here")
        while (got := client.next_frame())[1] == PING:
            client.send(frame(PONG, got[2]))
        assert got[2] == b"still here"


def test_a_client_that_does_not_answer_is_dead(start_test_server):
    server = start_test_server("--heartbeat-ms", "50", "--heartbeat-answer-ms", "150")
    start = time.monotonic()
    with Client(server) as client:
        assert client.next_frame()[1] == PING
        rest = client.rest()
        assert rest == b"" or rest[0] in (0x80 | CLOSE, 0x80 | PING), rest
        assert 0.1 < time.monotonic() - start < 5
    eventually(lambda: statistics(server)["websockets_open"] == 0)


def test_any_sign_of_life_will_do(start_test_server):
    server = start_test_server("--heartbeat-ms", "100", "--heartbeat-answer-ms", "200")
    with Client(server) as client:
        end = time.monotonic() + 1
        while time.monotonic() < end:
            client.send_text("I talk, but I never answer pings")
            while client.next_frame()[1] != TEXT:
                pass
            time.sleep(0.02)


def test_a_stopped_client_is_dead_and_does_not_hold_others(start_test_server):
    server = start_test_server("--heartbeat-ms", "50", "--heartbeat-answer-ms", "200")
    program = (
        "import asyncio, websockets\n"
        "async def main():\n"
        f"    async with websockets.connect('{server.websocket_url}/topic/flood') as socket:\n"
        "        print('open', flush=True)\n"
        "        async for message in socket: pass\n"
        "asyncio.run(main())\n"
    )
    client = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert client.stdout.readline() == b"open\n"
        with Connection(server.address) as events:
            events.get("/topic/flood").read_head()
            time.sleep(0.5)  # several heartbeats long, to see that an answering client stays
            assert statistics(server)["websockets_open"] == 1
            os.kill(client.pid, signal.SIGSTOP)
            eventually(lambda: statistics(server)["websockets_open"] == 0)
            request(server, "POST", "/topic/flood", "others go on")
            events.read_until(b"data: others go on\n\n")
    finally:
        client.kill()
        client.wait()
        client.stdout.close()

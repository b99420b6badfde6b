"""`duplex bench --rate`: what is due belongs to its time, whatever becomes of it."""

import asyncio
import threading
import time

import pytest
import websockets
from support.bench import FAILURE
from support.scripted import Scripted, response

PATIENCE_US = 2_000_000


def count_of(report, kind):
    return sum(error["count"] for error in report["errors"] if error["kind"] == kind)


def fate_of_all(report):
    """Each message that was due has come in time, or late, or is an error."""
    messages = report["messages"]
    return messages["received"] + messages["late"] + count_of(report, "no answer")


def counting(served):
    """A script that answers all requests, and counts them."""

    def script(visitor):
        while True:
            visitor.read_head()
            visitor.send(response())
            served.release()

    return script


def test_each_request_has_a_connection_of_its_own(bench):
    surplus = []

    def script(visitor):
        visitor.read_head()
        time.sleep(0.01)
        visitor.send(response())
        surplus.append(visitor.until_closed())

    with Scripted(script) as server:
        # As much as four connections can carry, and more; for so short that all is answered behind it.
        report = bench("-d", 0.25, "--warmup", 0, "-c", 4, "--rate", 400, "--no-keep-alive", server.url).json
    assert set(surplus) == {b""}
    assert report["errors"] == []
    assert report["messages"]["sent"] == 100
    assert report["messages"]["sent"] == fate_of_all(report)
    assert report["latency_us"]["p90"] > report["latency_us"]["p50"] > 10_000


@pytest.mark.parametrize("others_under_way", [False, True])
def test_goes_on_elsewhere_when_a_server_announces_the_end_of_a_connection(bench, others_under_way):
    def script(visitor):
        for _ in range(10):
            visitor.read_head()
            visitor.send(response())
        visitor.read_head()
        if others_under_way:
            time.sleep(0.02)
        visitor.send(response("200 OK", "", "Connection: close"))
        visitor.finish_sending()
        visitor.until_closed()

    with Scripted(script) as server:
        report = bench("-d", 1, "--warmup", 0.2, "-c", 3, "--rate", 500, server.url).json
        assert server.visits > 10
    assert report["errors"] == []
    assert report["messages"]["sent"] == 500
    assert report["messages"]["sent"] == fate_of_all(report)


def test_what_is_never_answered_is_not_fast(bench, python_server):
    count = 0

    async def hangs_in_the_end(websocket, *_):
        nonlocal count
        async for message in websocket:
            count += 1
            if count <= 250:
                await websocket.send(message)

    run = bench(
        *("-d", 1, "--warmup", 0, "-c", 5, "--rate", 500, "--require", "p50<10s", "--require", "p90<1s"),
        python_server(hangs_in_the_end),
        status=FAILURE,
    )
    messages = run.json["messages"]
    assert messages["received"] == 250
    assert messages["sent"] == 500
    assert run.kinds == {"no answer"}
    assert messages["unanswered"] == count_of(run.json, "no answer") == messages["sent"] - 250
    assert run.json["latency_us"]["p90"] >= PATIENCE_US
    assert [required["held"] for required in run.json["required"]] == [True, False]
    assert "unanswered   2" in run.errors


def test_what_is_due_waits_while_the_server_is_away(bench):
    served = threading.Semaphore(0)
    script = counting(served)
    with Scripted(script) as server:
        again = []

        def restart():
            for _ in range(100):
                served.acquire()
            server.__exit__()
            time.sleep(0.5)
            again.append(Scripted(script, port=server.port))

        thread = threading.Thread(target=restart)
        thread.start()
        run = bench("-d", 2, "--warmup", 0, "-c", 4, "--rate", 200, server.url, status=FAILURE)
        thread.join()
        again[0].__exit__()
    report = run.json
    assert "not sent" not in run.kinds
    assert report["messages"]["sent"] == 400
    assert report["messages"]["sent"] == fate_of_all(report)
    assert report["latency_us"]["max"] >= 400_000
    # A quarter of all were due meanwhile.
    assert report["latency_us"]["p90"] >= 200_000


def test_what_is_due_after_the_server_has_gone_is_not_sent(bench):
    served = threading.Semaphore(0)
    script = counting(served)
    with Scripted(script) as server:

        def end():
            for _ in range(100):
                served.acquire()
            server.__exit__()

        thread = threading.Thread(target=end)
        thread.start()
        run = bench("-d", 1, "--warmup", 0, "-c", 4, "--rate", 200, server.url, status=FAILURE)
        thread.join()
    messages = run.json["messages"]
    unsent = count_of(run.json, "not sent")
    assert messages["sent"] + unsent == 200
    assert messages["unanswered"] == unsent > 50
    assert run.json["latency_us"]["p90"] >= PATIENCE_US


def test_what_was_due_in_the_warm_up_counts_for_nothing(bench, python_server):
    begin = None

    async def stands_still_at_first(websocket, *_):
        nonlocal begin
        try:
            async for message in websocket:
                begin = begin or time.monotonic()
                await asyncio.sleep(max(0.6 - (time.monotonic() - begin), 0))
                await websocket.send(message)
        except websockets.ConnectionClosed:
            pass

    report = bench(
        *("-d", 0.5, "--warmup", 0.5, "-c", 5, "--rate", 500), python_server(stands_still_at_first)
    ).json
    assert report["errors"] == []
    assert report["messages"]["sent"] == 250
    assert report["messages"]["sent"] == fate_of_all(report)
    # Those that were due at the end of the warm-up waited for longer.
    assert report["latency_us"]["p50"] < 100_000


@pytest.mark.parametrize("mode", [(), ("--mode", "fanout")], ids=["echo", "fanout"])
def test_a_rate_that_nobody_keeps_takes_bounded_time_and_memory(bench, start_duplex, mode):
    url = start_duplex("--threads", "1").websocket_url + ("/live/x" if mode else "/echo")
    # Ends in time, or is ended as a failure.
    run = bench("-d", 0.2, "--warmup", 0, "-c", 2, *mode, "--rate", "1000M", url, status=FAILURE)
    report = run.json
    assert report["limited_by"] != "rate"
    if mode:
        assert count_of(report, "not sent") > 100_000_000
        return
    messages = report["messages"]
    assert 0 <= messages["sent"] - messages["received"] - messages["late"] <= 1_000_000
    assert messages["sent"] + count_of(report, "not sent") == 200_000_000
    assert run.kinds <= {"not sent", "no answer"}
    assert report["latency_us"]["p50"] >= PATIENCE_US

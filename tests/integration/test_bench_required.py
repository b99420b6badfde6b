"""`duplex bench --require`: what has to come of a run, and which errors there may be."""

import itertools
import re
import signal
import socket
import subprocess

import pytest
import websockets
from support.bench import FAILURE, FINE, SHORT, WRONG_USAGE, answering
from support.program import DEADLINE_S


@pytest.fixture(scope="module")
def server(start_duplex_for_module):
    return start_duplex_for_module()


def required(*requirements):
    return [word for requirement in requirements for word in ("--require", requirement)]


def test_tells_which_requirements_held(bench, server):
    good = ("rate>=1", "p99<10s", "handshake-max<10s", "opening-rate>1", "cpu<1s", "errors<1")
    bad = ("rate>1000M", "p50 < 1ns")

    def run(*requirements, status):
        run = bench(
            *SHORT, "--pid", server.pid, *required(*requirements), server.websocket_url + "/echo", status=status
        )
        assert run.json["errors"] == []
        return run

    held = run(*good, status=FINE)
    assert [(each["requirement"], each["held"]) for each in held.json["required"]] == [(text, True) for text in good]
    failed = run(good[0], *bad, status=FAILURE)
    assert [each["held"] for each in failed.json["required"]] == [True, False, False]
    rate = failed.json["required"][1]
    assert (rate["limit"], rate["actual"]) == (1e9, failed.json["messages"]["per_second"])
    assert re.search(r"^required     rate>=1     held: [\d,]+/s$", failed.errors, re.M)
    assert re.search(r"^             p50 < 1ns   not held: [\d.]+ .s$", failed.errors, re.M)


@pytest.fixture
def wrong_at_times(python_server):
    """The URL of a server that changes every tenth message."""
    numbers = itertools.count()
    return python_server(answering(lambda message: message[::-1] if next(numbers) % 10 == 0 else message))


def test_allows_as_many_errors_as_it_is_told(bench, wrong_at_times):
    few = bench(*SHORT, *required("errors<20%", "errors<1000000"), wrong_at_times)
    assert few.kinds == {"wrong content"}
    share, count = few.json["required"]
    assert (share["unit"], share["limit"], share["held"]) == ("share", 0.2, True)
    assert 0.05 < share["actual"] < 0.2
    assert (count["unit"], count["actual"]) == ("count", few.json["errors"][0]["count"])
    assert re.search(r"^required     errors<20% +held: [\d.]+ %$", few.errors, re.M)
    many = bench(*SHORT, *required("errors<1%"), wrong_at_times, status=FAILURE)
    assert not many.json["good"] and not many.json["required"][0]["held"]
    # Of errors nothing is said.
    assert not bench(*SHORT, *required("rate>1"), wrong_at_times, status=FAILURE).json["good"]


@pytest.fixture
def loses_some(python_server):
    """The URL of a server that delivers nine of ten messages."""
    numbers = itertools.count()
    there = set()

    async def handler(websocket, *_):
        there.add(websocket)
        async for message in websocket:
            if next(numbers) % 10 != 9:
                websockets.broadcast(there, message)

    return python_server(handler)


def test_allows_as_many_losses_as_it_is_told(bench, loses_some):
    fanout = (*SHORT, "--mode", "fanout", "--rate", 100)
    few = bench(*fanout, *required("lost<30%", "errors<1"), loses_some)
    assert few.kinds == {"lost"}
    share, errors = few.json["required"]
    assert few.json["fanout"]["lost"] > 0
    assert share["actual"] == few.json["fanout"]["lost"] / (10 * few.json["fanout"]["published"])
    assert errors["actual"] == 0
    many = bench(*fanout, *required("lost<1"), loses_some, status=FAILURE)
    assert many.json["required"][0]["actual"] == many.json["fanout"]["lost"]
    # Errors are something else.
    bench(*fanout, *required("errors<1000000"), loses_some, status=FAILURE)


@pytest.fixture
def doomed():
    """The id of a process that ends soon."""
    with subprocess.Popen(["/bin/sleep", "1"]) as process:
        yield process.pid


def test_never_allows_that_the_server_ends(bench, server, doomed):
    run = bench(
        *("-d", 2, "--warmup", "0.1", "--pid", doomed),
        *required("errors<1000000", "errors<100%"),
        server.websocket_url + "/echo",
        status=FAILURE,
    )
    assert run.kinds == {"server's process"}
    assert not run.json["good"] and all(each["held"] for each in run.json["required"])
    assert re.search(r"^errors +1  server's process, which no requirement allows$", run.errors, re.M)


def test_counts_what_was_due_in_vain_among_the_errors(bench, python_server):
    # It waits for the next connection, which ends with it.
    numbers = itertools.count()
    hangs_up = python_server(answering(lambda message: message if next(numbers) < 5 else None))
    load = ("-d", 1, "--warmup", "0", "-c", 1, "--rate", 100)
    run = bench(*load, *required("errors<1000000"), hangs_up)
    assert run.kinds == {"closed 1000", "no answer"}
    numbers = itertools.count()
    bench(*load, *required("errors<1"), hangs_up, status=FAILURE)


@pytest.mark.parametrize("mode", [(), ("--mode", "fanout", "-c", 10)], ids=["echo", "fanout"])
def test_leaves_out_nothing_that_was_due(bench, server, mode):
    # More than anybody sends, in that time and two seconds more.
    load = ("-d", "0.3", "--warmup", "0", "--rate", "100M", *mode)
    path = "/live/due" if mode else "/echo"
    run = bench(*load, server.websocket_url + path, status=FAILURE)
    counts = {error["kind"]: error["count"] for error in run.json["errors"]}
    each = 10 if mode else 1
    due = run.json["messages"]["sent"] + counts["not sent"] / each
    assert due == pytest.approx(0.3 * 100e6, rel=0.05)
    assert "--rate was not kept" in run.errors


@pytest.mark.parametrize("requirement", ["errors>1", "errors>=0", "lost>1%"])
def test_asks_for_no_faults(bench, server, requirement):
    refused = bench(*required(requirement), server.websocket_url + "/echo", status=WRONG_USAGE)
    assert f'"{requirement}" asks for faults; write < or <=' in refused.errors


def test_knows_losses_only_where_something_is_delivered(bench, server):
    refused = bench(*required("lost<1"), server.websocket_url + "/echo", status=WRONG_USAGE)
    assert 'in mode echo there are no deliveries that "lost<1" could be about' in refused.errors


def test_waits_for_a_server_that_starts(bench, duplex_program, server):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{nobody.getsockname()[1]}/echo"
        assert bench(*SHORT, url, status=FAILURE).kinds == {"refused"}
        with subprocess.Popen([str(duplex_program), "bench", "-q", *SHORT, "--wait", "600", url]) as waiting:
            with pytest.raises(subprocess.TimeoutExpired):
                waiting.wait(0.3)
            waiting.send_signal(signal.SIGTERM)
            assert waiting.wait(DEADLINE_S) == -signal.SIGTERM
    bench(*SHORT, "--wait", "10", server.websocket_url + "/echo")

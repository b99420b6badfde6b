"""`duplex bench`: each mode against our own server, in clear and encrypted, against Python's websockets and nginx,
and against servers that answer wrongly, or not for a while."""

import contextlib
import json
import os
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import websockets
from support.bench import FAILURE, SHORT, WRONG_USAGE, answering
from support.http import eventually
from support.nginx import free_port, nginx
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT
from support.proxy import Proxy


@pytest.fixture(scope="module")
def server(start_duplex_for_module, certificates):
    """Our server, in clear and encrypted."""
    return start_duplex_for_module(
        *("--tls-listen", "127.0.0.1:0", "--compress"),
        *("--tls-cert", certificates.here.chain, "--tls-key", certificates.here.key),
        urls=2,
    )


@pytest.fixture
def places(server, certificates):
    """Arguments that lead to the server: by which scheme."""
    secure = server.secure.url
    trust = ("--cacert", certificates.root)
    return {
        "ws": lambda path: (server.websocket_url + path,),
        "wss": lambda path: (secure.replace("https", "wss") + path, *trust),
        "http": lambda path: (server.url + path,),
        "https": lambda path: (secure + path, *trust),
    }


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--depth", 16, "--size", 125),
        ("--size", "300K", "--depth", 2),
        ("--size", 0, "--text"),
        ("--size", 1000, "--compress", "--text"),
        ("--size", 2000, "--text", "--content", "json"),
        ("--rate", 500),
        ("--threads", 2, "--verify", "length"),
    ],
)
def test_echo(bench, places, scheme, options):
    report = bench(*SHORT, *options, *places[scheme]("/echo")).json
    assert report["mode"] == "echo"
    assert report["messages"]["received"] > 0
    assert report["errors"] == []
    assert report["latency_us"]["min"] <= report["latency_us"]["p50"] <= report["latency_us"]["max"]


@pytest.mark.parametrize(
    "of_server, of_bench, least, most",
    [
        (("--compress",), (), 0.1, 0.8),
        (("--compress", "--compress-keep"), ("--compress-keep",), 0.02, 0.8),
        (("--compress", "--compress-min", "1M"), (), 1, 1),
    ],
    ids=["compressed", "windows kept", "none worth it"],
)
def test_tells_what_compression_saves(bench, start_duplex, of_server, of_bench, least, most):
    url = start_duplex(*of_server).websocket_url + "/echo"
    run = bench(*SHORT, "--depth", 4, "--compress", *of_bench, url)
    sent, received = (
        run.json["compression"][key] / run.json["bytes"][which]
        for key, which in (("bytes_sent", "sent"), ("bytes_received", "received"))
    )
    assert 0.02 < sent < 0.8
    assert least <= received <= most
    assert re.search(r"^compression  sent .+ as .+ \([\d.]+ %\)\n {13}received .+ as .+ \([\d.]+ %\)$", run.errors, re.M)
    assert "compression" not in bench(*SHORT, url).json


def test_counts_what_only_answers_take_on_the_wire(bench, python_server, tmp_path):
    (tmp_path / "message").write_text("to be, or not to be, " * 100)

    def wire_bytes_of_a_message(times):
        async def handler(websocket, *_):
            with contextlib.suppress(websockets.ConnectionClosed):
                async for message in websocket:
                    for _ in range(times):
                        await websocket.send(message)

        report = bench(
            *SHORT,
            *("--compress", "--content", f"@{tmp_path}/message", "--require", "errors<100000000"),
            python_server(handler),
        ).json
        assert {error["kind"] for error in report["errors"]} == ({"unasked"} if times > 1 else set())
        return report["compression"]["bytes_received"] / report["messages"]["received"]

    assert wire_bytes_of_a_message(3) == wire_bytes_of_a_message(1)


def test_a_message_of_ones_own(bench, places, tmp_path):
    (tmp_path / "mine.txt").write_text("καλημέρα" * 40)
    report = bench(*SHORT, "--text", "--content", "@mine.txt", *places["ws"]("/echo")).json
    assert report["options"]["size"] == 640 and report["options"]["content"] == "own"
    assert report["bytes"]["received"] == 640 * report["messages"]["received"] > 0
    assert report["errors"] == []
    (tmp_path / "mine.txt").write_bytes(b"\xff")
    assert "mine.txt is not UTF-8" in bench("--text", "--content", "@mine.txt", "ws://x/", status=WRONG_USAGE).errors


@pytest.mark.parametrize("scheme", ["ws", "wss"])
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--depth", 8, "--threads", 2),
        ("--rate", 50, "--publishers", 3, "--text", "--size", 100),
        ("--rate", 20, "--size", "100K"),
        ("--compress", "--size", "1K"),
        ("--compress", "--size", "1K", "--text", "--depth", 8, "--threads", 2, "--publishers", 3),
        ("--compress", "--rate", 20, "--size", "100K"),
    ],
)
def test_fanout(bench, places, scheme, options):
    report = bench(*SHORT, "--mode", "fanout", *options, *places[scheme]("/live/x")).json
    expect_all_delivered(report)


def expect_all_delivered(report):
    fanout = report["fanout"]
    assert fanout["published"] > 0
    assert fanout["delivered"] == fanout["published"] * 10
    assert fanout["lost"] == 0
    assert report["errors"] == []


FANOUT_OF_JSON = ("--mode", "fanout", "--rate", 100, "--size", 1000, "--compress")


@pytest.mark.parametrize(
    "of_server, of_bench, least, most",
    [
        ((), (), 0.1, 0.8),
        (("--compress-keep",), ("--compress-keep",), 0.02, 0.1),
        (("--compress-keep",), (), 0.1, 0.8),
        (("--compress-min", "1M"), (), 1, 1.1),
    ],
    ids=["compressed", "windows kept", "windows kept for others", "none worth it"],
)
def test_fanout_of_what_a_server_may_compress(bench, start_duplex, of_server, of_bench, least, most):
    """Of each byte that is delivered, so much goes over the wire."""
    server = start_duplex("--compress", *of_server)
    with Proxy(server.address) as proxy:
        report = bench(
            *("-d", "0.5", "--warmup", "0", "-c", "10", *FANOUT_OF_JSON, *of_bench),
            *("--publish-url", server.websocket_url + "/live/x", f"ws://127.0.0.1:{proxy.port}/live/x"),
        ).json
        expect_all_delivered(report)
        assert least < len(proxy.answered) / (report["fanout"]["delivered"] * 1000) < most
    assert least <= report["compression"]["bytes_received"] / report["bytes"]["received"] < most
    assert 0.005 < report["compression"]["bytes_sent"] / report["bytes"]["sent"] < 0.8
    assert report["options"]["compress"]
    assert report["options"].get("compress_keep", False) == bool(of_bench)
    assert report["bytes"]["received"] == report["messages"]["received"] * 1000


def test_fanout_says_that_the_server_does_not_compress(bench, start_duplex):
    report = bench(*SHORT, *FANOUT_OF_JSON, start_duplex().websocket_url + "/live/x", status=FAILURE)
    assert report.json["connections"]["opened"] == 0
    assert report.json["errors"][0]["kind"] == "handshake"
    assert report.json["errors"][0]["example"] == "the server does not agree to compress"


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_idle(bench, server, places, scheme):
    report = bench("-d", 0.5, "-c", 300, "--mode", "idle", "--pid", server.pid, *places[scheme]("/echo")).json
    assert report["connections"]["opened"] == 300
    assert report["errors"] == []
    assert report["server"]["memory_bytes"] > 0


def test_opens_at_a_pace(bench, places):
    begin = time.monotonic()
    report = bench("-d", 0.1, "-c", 50, "--pace", 100, "--mode", "idle", *places["ws"]("/echo")).json
    assert report["connections"]["opened"] == 50
    assert time.monotonic() - begin >= 0.45


@pytest.mark.parametrize(
    "scheme, options",
    [("ws", ()), ("wss", ()), ("http", ()), ("https", ()), ("wss", ("--resume",)), ("https", ("--resume",))],
)
def test_connect(bench, places, scheme, options):
    report = bench("-d", 0.5, "-c", 5, "--mode", "connect", *options, *places[scheme]("/echo")).json
    connections = report["connections"]
    assert connections["opened"] > 5
    # Those that begin together have nothing to resume yet.
    assert connections["resumed"] == 0 if not options else connections["resumed"] >= connections["opened"] - 5
    assert report["messages"]["received"] > 5
    assert report["errors"] == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "options", [(), ("--depth", 8), ("--no-keep-alive",), ("--rate", 200), ("--method", "HEAD")]
)
def test_request(bench, places, scheme, options):
    report = bench(*SHORT, *options, *places[scheme]("/")).json
    assert report["messages"]["received"] > 0
    assert list(report["statuses"]) == ["200"]
    assert report["errors"] == []


@pytest.mark.parametrize("place", ["ws://whatever.invalid/echo", "http://whatever.invalid/_duplex/health"])
def test_a_unix_socket_takes_the_place_of_the_host(bench, start_duplex, tmp_path, place):
    path = tmp_path / "socket"
    start_duplex("--listen", f"unix:{path}")
    report = bench(*SHORT, "--wait", 5, "--unix-socket", path, place).json
    assert report["messages"]["received"] > 0
    assert report["errors"] == []
    assert report["options"]["unix_socket"] == str(path)


def test_counts_by_status(bench, places):
    report = bench(*SHORT, *places["http"]("/no/such/file"), status=FAILURE)
    assert list(report.json["statuses"]) == ["404"]
    assert report.kinds == {"status 404"}
    assert report.json["errors"][0]["example"] == "Not found."


def test_sends_bodies(bench, places):
    report = bench(*SHORT, "--body-size", "1K", *places["http"]("/live/y")).json
    assert list(report["statuses"]) == ["204"]


def test_requests_to_nginx(bench, tmp_path):
    """It ends connections after so many requests, which is no error."""
    port = free_port()
    (tmp_path / "index.html").write_text("hello\n" * 1000)
    configuration = f"""
      server {{
        listen 127.0.0.1:{port};
        keepalive_requests 20;
        root {tmp_path};
        location /small {{ return 200 "hello"; }}
      }}"""
    with nginx(tmp_path, port, http=configuration):
        for options in ((), ("--depth", 4), ("--no-keep-alive",)):
            for path in ("small", "index.html"):
                report = bench(*SHORT, *options, f"http://127.0.0.1:{port}/{path}").json
                assert report["messages"]["received"] > 100
                assert report["errors"] == []
                # What is sent again, after the end of a connection was announced, is counted once.
                sent_at_most = report["messages"]["received"] + 10 * report["options"]["depth"]
                assert report["messages"]["sent"] <= sent_at_most
                assert sum(report["statuses"].values()) == report["messages"]["received"]


@pytest.mark.parametrize("options", [(), ("--compress", "--size", "2K"), ("--depth", 5), ("--size", "300K")])
def test_echo_of_another_server(bench, python_server, options):
    report = bench(*SHORT, *options, python_server(answering(lambda message: message))).json
    assert report["messages"]["received"] > 0
    assert report["errors"] == []


@pytest.mark.parametrize(
    "answer, kind",
    [
        (lambda message: message[:-1] + b"!", "wrong content"),
        (lambda message: message.decode(), "wrong content"),
        (lambda message: message + b"!", "wrong length"),
        (lambda message: b"", "wrong length"),
        (lambda message: None, "closed 1000"),
    ],
)
def test_says_what_is_wrong(bench, python_server, answer, kind):
    report = bench(*SHORT, python_server(answering(answer)), status=FAILURE)
    assert report.kinds == {kind}
    assert report.json["errors"][0]["example"]


def test_finds_only_the_length_wrong_if_told_so(bench, python_server):
    url = python_server(answering(lambda message: message[:-1] + b"!"))
    assert bench(*SHORT, "--verify", "length", url).json["errors"] == []


class Rude(socketserver.BaseRequestHandler):
    """Hangs up before it has answered."""

    def handle(self):
        self.request.recv(4096)


@pytest.fixture
def rude_port():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_tells_how_opening_fails(bench, server, places, rude_port):
    assert bench(*SHORT, f"ws://127.0.0.1:{free_port()}/", status=FAILURE).kinds == {"refused"}
    missing = bench(*SHORT, *places["ws"]("/no/such"), status=FAILURE)
    assert missing.kinds == {"handshake status 404"}
    assert re.fullmatch("the server answered 404 Not Found: .+", missing.json["errors"][0]["example"])
    assert bench(*SHORT, f"ws://127.0.0.1:{rude_port}/", status=FAILURE).kinds == {"handshake"}
    untrusted = bench(*SHORT, places["wss"]("/echo")[0], status=FAILURE)
    assert untrusted.kinds == {"TLS"}
    assert "certificate is refused: " in untrusted.json["errors"][0]["example"]
    assert "--cacert names a file of others" in untrusted.json["errors"][0]["example"]
    assert bench(*SHORT, "--insecure", places["wss"]("/echo")[0]).json["errors"] == []
    clear = bench(*SHORT, server.websocket_url.replace("ws:", "wss:") + "/echo", status=FAILURE)
    assert clear.kinds == {"TLS"}
    assert "it does not speak TLS there; write ws://" in clear.json["errors"][0]["example"]
    no_answer = bench(*SHORT, f"http://127.0.0.1:{rude_port}/", status=FAILURE)
    assert no_answer.kinds <= {"closed early", "reset"}


@pytest.mark.parametrize("option", ["--cacert", "--cert"])
def test_files_that_hold_no_certificates_are_wrong_usage(bench, option):
    refused = bench(*SHORT, option, __file__, "wss://127.0.0.1:1/", status=WRONG_USAGE)
    assert refused.errors.startswith(f"duplex: {option}: {__file__} ")


def test_a_certificate_without_its_key_is_wrong_usage(bench, certificates):
    certificate = certificates.here.chain
    refused = bench(*SHORT, "--cert", certificate, "wss://127.0.0.1:1/", status=WRONG_USAGE)
    assert refused.errors.startswith(f"duplex: --cert: {certificate} has no key for its certificate")
    refused = bench(*SHORT, "--cert", certificate, "--key", __file__, "wss://127.0.0.1:1/", status=WRONG_USAGE)
    assert refused.errors.startswith(f"duplex: --key: {__file__} has no key for {certificate}")


@pytest.mark.parametrize("place", ["wss {}/echo", "https {}/"])
def test_says_that_a_server_wants_a_certificate(bench, start_duplex, certificates, place):
    files = ("--tls-cert", certificates.here.chain, "--tls-key", certificates.here.key)
    strict = start_duplex(*("--tls-listen", "127.0.0.1:0"), *files, "--tls-client-ca", certificates.root, urls=2)
    scheme, path = place.split()
    url = path.format(strict.secure.url.replace("https", scheme))
    refused = bench(*SHORT, "--cacert", certificates.root, url, status=FAILURE)
    assert refused.kinds == {"TLS"}
    assert refused.json["errors"][0]["example"].endswith("certificate required: --cert shows one")


@pytest.mark.parametrize("field", ["Connection: close", "Content-Length: 5"])
def test_fields_that_are_not_the_user_s_are_wrong_usage(bench, places, field):
    for scheme in ("ws", "http"):
        assert field.split(":")[0] in bench("-H", field, *places[scheme]("/echo"), status=WRONG_USAGE).errors


def sockets_of(pid):
    """How many a process has open."""
    count = 0
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            count += os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:")
    return count


@pytest.mark.parametrize("options", [("--rate", 1000), ("--rate", 1000, "--threads", 2)])
def test_an_open_loop_sees_that_the_server_stands_still(bench, start_duplex, options):
    """900 ms of three seconds: 30 % of all messages are due meanwhile, and wait for 450 ms on average."""
    stalling = start_duplex("--threads", "1")
    before = sockets_of(stalling.pid)

    def stall():
        eventually(lambda: sockets_of(stalling.pid) == before + 10)
        # Into the time that is measured.
        time.sleep(0.8)
        stalling.signal(signal.SIGSTOP)
        time.sleep(0.9)
        stalling.signal(signal.SIGCONT)

    thread = threading.Thread(target=stall)
    thread.start()
    report = bench("-d", 3, "--warmup", 0.2, "-c", 10, *options, stalling.websocket_url + "/echo").json
    thread.join()
    assert report["errors"] == []
    messages = report["messages"]
    assert messages["sent"] == messages["received"] + messages["late"] == 3000
    assert report["latency_us"]["max"] >= 250_000
    assert report["latency_us"]["p90"] >= 150_000


def test_reports_when_it_is_interrupted(duplex_program, start_duplex):
    server = start_duplex()
    before = sockets_of(server.pid)
    process = subprocess.Popen(
        [duplex_program, "bench", "--json", "-", "-d", "60", "--warmup", "0", server.websocket_url + "/echo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=SANITIZER_OPTIONS,
    )
    eventually(lambda: sockets_of(server.pid) == before + 50)
    # Until something is measured.
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert not SANITIZER_REPORT.search(errors), errors
    report = json.loads(output)
    assert process.returncode == -signal.SIGINT
    assert report["interrupted"]
    assert 0 < report["seconds"] < 30
    assert report["messages"]["received"] > 0


def test_looks_for_a_place_for_its_reports_before_it_begins(duplex_program, tmp_path):
    for option in ("--json", "--plot"):
        for path in ("no/such/folder/report", "."):
            result = subprocess.run(
                [duplex_program, "bench", "-d", "600", option, path, "ws://127.0.0.1:9/"],
                cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S, env=SANITIZER_OPTIONS,
            )  # fmt: skip
            assert (result.returncode, result.stdout) == (FAILURE, "")
            assert f"can't write {path}: " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_says_what_went_wrong_even_when_it_is_to_be_quiet(duplex_program, places):
    def quiet(*arguments):
        return subprocess.run(
            [duplex_program, "bench", "-q", "-d", "0.3", "-c", "2", *arguments],
            capture_output=True, text=True, timeout=DEADLINE_S, env=SANITIZER_OPTIONS,
        )  # fmt: skip

    url = places["ws"]("/echo")
    assert quiet(*url).stderr == ""
    refused = quiet(f"ws://127.0.0.1:{free_port()}/")
    assert refused.returncode == FAILURE and "refused" in refused.stderr
    broken = quiet("--require", "rate>=1k", "--require", "rate>=1000M", *url)
    assert broken.returncode == FAILURE and broken.stdout == ""
    assert "rate>=1000M  not held" in broken.stderr and "rate>=1k" not in broken.stderr
    nothing = quiet("--rate", "0.1", *url)
    assert nothing.returncode == FAILURE and "Nothing was measured" in nothing.stderr


def test_says_when_the_process_to_watch_has_ended(bench, server, places):
    with subprocess.Popen(["/bin/sleep", "60"]) as other:

        def kill():
            eventually(lambda: sockets_of(server.pid) > 50)
            # In the middle of the run. Nobody waits for it before that is over.
            time.sleep(1)
            other.kill()

        timer = threading.Thread(target=kill)
        timer.start()
        report = bench("-d", 3, "--warmup", "0", "--pid", other.pid, *places["ws"]("/echo"), status=FAILURE)
        timer.join()
    assert report.kinds == {"server's process"}
    assert "has ended" in report.json["errors"][0]["example"]


def test_says_early_that_there_are_too_few_descriptors(duplex_program, places):
    result = subprocess.run(
        ["prlimit", "--nofile=500:500", duplex_program, "bench", "-c", "480", *places["ws"]("/echo")],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=SANITIZER_OPTIONS,
    )
    assert result.returncode == WRONG_USAGE
    assert re.search("a (thread|process) may have 500 here", result.stderr)


def threads_may_have_descriptors_of_their_own(program):
    """Some containers forbid it, and the thread sanitizer does not understand it."""
    if b"__tsan_init" in Path(program).read_bytes():
        return False
    clone_files = 0x400
    command = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({clone_files}) != 0)"
    return subprocess.run([sys.executable, "-c", command], timeout=DEADLINE_S).returncode == 0


@pytest.mark.parametrize("mode", ["echo", "idle", "request"])
def test_each_thread_has_as_many_descriptors_as_a_process_may(duplex_program, places, mode):
    place = places["http"]("/_duplex/health") if mode == "request" else places["ws"]("/echo")
    result = subprocess.run(
        ["prlimit", "--nofile=500:500", duplex_program, "bench", "--mode", mode, "--threads", "2", "-c", "800"]
        + ["-d", "0.5", "--warmup", "0", "--json", "-", *place],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=SANITIZER_OPTIONS,
    )
    if threads_may_have_descriptors_of_their_own(duplex_program):
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["connections"]["opened"] == 800
    else:
        assert result.returncode == WRONG_USAGE


def test_says_when_others_keep_it_from_a_processor(duplex_program, server):
    processor = min(os.sched_getaffinity(0))
    together = lambda: os.sched_setaffinity(0, {processor})  # noqa: E731
    with subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=together) as other:
        result = subprocess.run(
            [duplex_program, "bench", *SHORT, "--json", "-", server.websocket_url + "/echo"],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            env=SANITIZER_OPTIONS,
            preexec_fn=together,
        )
        other.kill()
    report = json.loads(result.stdout)
    assert 0.1 < report["load"]["waiting"] <= 1
    assert report["limited_by"] == "machine"
    assert "Limited by the machine: the load waited for a processor for " in result.stderr


def test_says_that_a_rate_was_not_kept(duplex_program, python_server):
    result = subprocess.run(
        [duplex_program, "bench", "-d", "0.5", "--warmup", "0", "--rate", "200000", python_server(answering(lambda message: message))],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=SANITIZER_OPTIONS,
    )
    assert re.search(r"^--rate was not kept: of 200,000 a second, [\d,]+ were answered in time\.$", result.stdout, re.M)


def test_writes_reports(bench, duplex_program, places, tmp_path):
    result = subprocess.run(
        [duplex_program, "bench", *SHORT, "--plot", "p.svg", *places["ws"]("/echo")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert re.search(r"^rate +[\d,]+ messages/s", result.stdout, re.M)
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    assert bench("--depth", 0, *places["ws"]("/echo"), status=WRONG_USAGE).errors.startswith("duplex: --depth: ")

"""`duplex check`: against the server and the client of Python's websockets and against our own server; reports,
exit statuses, interruption."""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import signal
import socket
import socketserver
import subprocess
import threading
import xml.etree.ElementTree as ElementTree

import pytest
import websockets
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT, run_to_its_end

FINE, FAILURE, WRONG_USAGE = range(3)


@pytest.fixture
def check(duplex_program, tmp_path):
    """check(*arguments): the program to its end, in a folder of its own."""

    def to_its_end(*arguments, status=FINE):
        return run_to_its_end(duplex_program, "check", *arguments, folder=tmp_path, status=status)

    return to_its_end


async def echo(websocket, *_):
    try:
        async for message in websocket:
            await websocket.send(message)
    except websockets.ConnectionClosed:
        pass


async def shout(websocket, *_):
    """Not an echo: what is text comes back in capitals."""
    try:
        async for message in websocket:
            await websocket.send(message.upper() if isinstance(message, str) else message)
    except websockets.ConnectionClosed:
        pass


def test_reports_of_another_server(check, python_server, tmp_path):
    url = python_server(echo)
    result = check("--only", "ping", "--json", "r.json", "--junit", "r.xml", "--html", "r.html", url)
    assert re.search(r"^ping +\d+ +\d+ +0 +0$", result.stdout, re.M)
    counts = json.loads((tmp_path / "r.json").read_text())["counts"]
    suites = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert int(suites.get("tests")) == sum(counts.values())
    assert suites.get("failures") == "0"
    assert len(suites.findall("testsuite/testcase")) == sum(counts.values())
    page = (tmp_path / "r.html").read_text()
    assert page.count("<details ") == sum(counts.values())
    assert url in page


@pytest.mark.parametrize("option", ["--json", "--junit", "--html"])
def test_looks_for_a_place_for_its_reports_before_it_begins(check, tmp_path, option):
    # Nobody answers there, which would take ten minutes to be found out.
    result = check(option, "no/such/report", "--wait", "600", "ws://127.0.0.1:9/", status=FAILURE)
    assert "can't write no/such/report: " in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_says_what_is_wrong(check, python_server, tmp_path):
    url = python_server(shout)
    only = ("--only", "framing/cut-anywhere", "--only", "ping/1")
    result = check(*only, "-v", "--junit", "r.xml", url, status=FAILURE)
    assert "wrong: framing/cut-anywhere\n" in result.stdout
    assert "The message came back with another byte at 10" in result.stdout
    assert '< text, FIN, 13 bytes  "0123456789ABC"' in result.stdout
    failures = ElementTree.parse(tmp_path / "r.xml").getroot().findall("*/*/failure")
    assert [one.get("message").split(":")[0] for one in failures] == [
        "the message came back with another byte at 10"
    ]


def test_notices_that_letters_change(check, python_server):
    result = check("--only", "framing/text-1", "--only", "framing/text-65536", python_server(shout), status=FAILURE)
    assert " 2 wrong" in result.stdout


def test_standard_output_is_for_one_report(check, python_server):
    result = check("--only", "ping/1", "--json", "-", python_server(echo))
    assert json.loads(result.stdout)["counts"]["right"] == 1
    assert "1 right" in result.stderr
    result = check("--only", "ping/1", "-q", python_server(echo))
    assert result.stdout == result.stderr == ""


def test_says_when_there_is_nothing_to_check(check, start_duplex):
    url = start_duplex().url
    result = check(url + "/_duplex/health", status=FAILURE)
    assert "to the opening handshake" in result.stderr
    assert "--only nonsense matches no case; see --list" in check("--only", "nonsense", url, status=WRONG_USAGE).stderr


@pytest.fixture
def nobody():
    """A URL at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"ws://127.0.0.1:{bound.getsockname()[1]}/"


def test_reports_say_why_nothing_was_checked(check, nobody, tmp_path):
    files = {kind: tmp_path / f"r.{kind}" for kind in ("json", "junit", "html")}
    for file in files.values():
        file.write_text("of an earlier run")
    options = [word for kind, file in files.items() for word in (f"--{kind}", file)]
    result = check(*options, nobody, status=FAILURE)
    why = "can't connect: Connection refused"
    assert result.stdout == "" and f"{nobody}: {why}" in result.stderr
    report = json.loads(files["json"].read_text())
    assert (report["failure"], report["good"], report["cases"]) == (why, False, [])
    assert report["not_run"] > 1000
    suites = ElementTree.parse(files["junit"]).getroot()
    assert int(suites.get("errors")) == report["not_run"] + 1
    assert why in [error.get("message") for error in suites.iter("error")]
    assert "Can&#39;t connect: Connection refused." in files["html"].read_text()


def test_waits_for_a_server_that_starts(check, duplex_program, python_server, nobody):
    process = subprocess.Popen(
        [str(duplex_program), "check", "--wait", str(DEADLINE_S), "--only", "ping/1", nobody],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=SANITIZER_OPTIONS,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=DEADLINE_S)
    assert process.returncode == -signal.SIGTERM
    assert "1 right" in check("--wait", "10", "--only", "ping/1", python_server(echo)).stdout


async def greet(websocket, *_):
    await websocket.send("welcome")
    await echo(websocket)


def test_stops_where_cases_would_all_say_the_same(check, python_server, tmp_path):
    result = check("--json", "r.json", python_server(greet), status=FAILURE)
    assert "it sends a message before it got one" in result.stderr
    assert json.loads((tmp_path / "r.json").read_text())["cases"] == []


def test_encrypted(check, start_tls_server, certificates, tmp_path):
    server = start_tls_server()
    url = server.secure.websocket_url + "/echo"
    check("--only", "framing/text*", "--cacert", certificates.root, url)
    result = check("--only", "ping/1", url, status=FAILURE)
    assert "the certificate is refused" in result.stderr
    assert "not verified" in check("--only", "ping/1", "--insecure", url).stderr


def test_lists_cases_with_their_rules(check):
    lines = check("--list").stdout.splitlines()
    assert len(lines) > 200
    *cases, last = lines
    assert all(re.search(r"^\w+/[\w-]+ +.*: .* \(RFC .*\)( \[\w+\])?$", line) for line in cases)
    of_servers, of_clients = (sum(not line.endswith(f" [{end}]") for line in cases) for end in ("clients", "servers"))
    assert last == f"{len(cases)} cases: {of_servers} for servers, {of_clients} for clients"


def test_says_where_it_cannot_listen(check, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        result = check("--listen", place, "--json", "r.json", status=FAILURE)
    why = f"can't listen at {place}: Address already in use"
    assert result.stderr == f"duplex: {why}\n"
    assert json.loads((tmp_path / "r.json").read_text())["failure"] == why


def test_reports_say_that_no_client_came(check, tmp_path):
    check("--listen", "0", "--idle-seconds", "0.1", "--junit", "r.xml", status=FAILURE)
    errors = ElementTree.parse(tmp_path / "r.xml").iter("error")
    assert "no case has been run" in [error.get("message") for error in errors]


class Listening:
    """`duplex check --listen`, in the background."""

    def __init__(self, program, folder, *arguments):
        self.process = subprocess.Popen(
            [str(program), "check", "--listen", "0", *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=SANITIZER_OPTIONS,
        )
        self.first_line = self.process.stdout.readline()
        self.url = re.search(r"wss?://\S+", self.first_line)[0]

    def end(self):
        output, errors = self.process.communicate(timeout=DEADLINE_S)
        assert not SANITIZER_REPORT.search(errors), errors
        return output


@pytest.fixture
def listening(duplex_program, tmp_path):
    return lambda *arguments: Listening(duplex_program, tmp_path, *arguments)


async def echo_at(url):
    async with websockets.connect(url, max_size=None) as websocket:
        await echo(websocket)


def test_a_client_that_asks_by_number(listening, tmp_path):
    checker = listening("--only", "ping", "--json", "r.json")

    async def run():
        async with websockets.connect(checker.url + "getCaseCount") as websocket:
            count = int(await websocket.recv())
        for number in range(1, count + 1):
            await echo_at(f"{checker.url}runCase?case={number}&agent=python")
        async with websockets.connect(checker.url + "getCaseStatus?case=1") as websocket:
            assert json.loads(await websocket.recv()) == {"behavior": "OK"}
        async with websockets.connect(checker.url + "updateReports?agent=python"):
            pass
        return count

    count = asyncio.run(run())
    assert "python: " in checker.end()
    assert checker.process.returncode == FINE
    report = json.loads((tmp_path / "r.json").read_text())
    assert (report["subject"], report["checked"]) == ("python", "client")
    assert sum(report["counts"].values()) == count


def test_waits_for_one_client_for_one_case(listening):
    checker = listening("--only", "ping/1")
    assert "echo, 1 case: " in checker.first_line
    checker.process.send_signal(signal.SIGINT)
    checker.end()


def test_a_client_that_only_connects(listening):
    checker = listening("--only", "ping")

    async def run():
        while True:
            try:
                await echo_at(checker.url)
            except websockets.InvalidStatusCode as refusal:
                assert refusal.status_code == 410
                return
            except (OSError, websockets.InvalidMessage):
                return

    asyncio.run(run())
    output = checker.end()
    assert checker.process.returncode == FINE, output
    assert " 0 wrong" in output and "not run" not in output


def test_an_interruption_keeps_what_has_been_run(listening, tmp_path):
    checker = listening("--only", "ping", "--json", "r.json")

    async def run():
        await echo_at(checker.url + "runCase?case=1")
        # Which waits for the result.
        await echo_at(checker.url + "getCaseStatus?case=1")

    asyncio.run(run())
    checker.process.send_signal(signal.SIGINT)
    assert "1 right, 0 acceptable, 0 wrong" in checker.end()
    assert checker.process.returncode == -signal.SIGINT
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["counts"]["right"] == 1 and report["not_run"] > 10


def test_a_client_that_leaves_cases_out_is_not_good(listening, tmp_path):
    checker = listening("--only", "ping", "--json", "r.json", "--junit", "r.xml")

    async def run():
        await echo_at(checker.url + "runCase?case=1")
        async with websockets.connect(checker.url + "updateReports"):
            pass

    asyncio.run(run())
    checker.end()
    assert checker.process.returncode == FAILURE
    report = json.loads((tmp_path / "r.json").read_text())
    assert not report["good"] and report["counts"]["wrong"] == 0
    suites = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert int(suites.get("errors")) == report["not_run"] == len(suites.findall("*/testcase/error"))


class PingWithoutEnd(socketserver.BaseRequestHandler):
    """A server that opens each WebSocket, and sends pings from then on, whatever comes."""

    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.request.recv(1)
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        threading.Thread(target=self.pass_over).start()
        with contextlib.suppress(OSError):
            self.request.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            while True:
                self.request.sendall(b"\x89\x00" * 100_000)

    def pass_over(self):
        with contextlib.suppress(OSError):
            while self.request.recv(1 << 20):
                pass


@pytest.fixture
def talkative_server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), PingWithoutEnd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_server_that_never_stops_talking_is_given_up_in_time(check, talkative_server):
    result = check("--only", "framing/text-1", "--timeout", "1", talkative_server, status=FAILURE)
    assert "no answer to a text message came in time" in result.stderr


def test_a_server_that_never_stops_talking_can_be_interrupted(duplex_program, talkative_server):
    command = [str(duplex_program), "check", "--only", "framing/text-1", "--timeout", "600", talkative_server]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=SANITIZER_OPTIONS)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=DEADLINE_S) == -signal.SIGINT

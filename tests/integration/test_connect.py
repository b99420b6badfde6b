"""`duplex connect` in a pipe: messages in and out, ends, and exit statuses."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest
from support.frames import TEXT, frame
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT
from support.websocket_peer import ScriptedServer, talking

FINE, FAILURE, WRONG_USAGE, NO_CONNECTION, TLS_REFUSED, PROTOCOL, TIMED_OUT = range(7)


@pytest.fixture
def command(duplex_program):
    """command(*arguments): the words of `duplex connect`."""
    return lambda *arguments: [str(duplex_program), "connect", *map(str, arguments)]


ENVIRONMENT = {
    **SANITIZER_OPTIONS,
    **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
}


@pytest.fixture
def connect(command):
    """connect(*arguments, input=b""): the program to its end."""

    def to_its_end(*arguments, input=b"", status=FINE, **options):
        result = subprocess.run(
            command(*arguments), input=input, capture_output=True, timeout=DEADLINE_S, env=ENVIRONMENT, **options
        )
        assert not SANITIZER_REPORT.search(result.stderr.decode(errors="replace")), result.stderr
        assert result.returncode == status, result
        return result

    return to_its_end


@pytest.fixture
def begin(command):
    """begin(*arguments): the program, with pipes at all ends."""
    processes = []

    def start(*arguments, **options):
        process = subprocess.Popen(
            command(*arguments),
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
            env=ENVIRONMENT,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()


@pytest.fixture
def echo(start_duplex):
    """The URL of an echo, in clear."""
    return start_duplex("--max-message", "64M", "--log", "off").websocket_url + "/echo"


# Messages


@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "cut"])
def test_each_line_is_a_message_both_ways(connect, echo, end):
    result = connect(echo, input="one\n\nthree é\r\nfour".encode() + end)
    assert result.stdout == "one\n\nthree é\r\nfour\n".encode()
    assert result.stderr == b""


def test_http_urls_and_urls_without_a_scheme_mean_the_same_place(connect, echo):
    for url in (echo.replace("ws://", "http://"), echo.replace("ws://", "")):
        assert connect(url, input=b"hello\n").stdout == b"hello\n"


def test_zero_bytes_may_end_messages(connect, echo):
    text = b"two\nlines\0and more\0rest"
    assert connect("--null", echo, input=text).stdout == text + b"\0"


def test_binary_goes_and_comes_as_it_is(connect, echo):
    data = os.urandom(300_000)
    result = connect("--binary", "--chunk", "1000", "-v", echo, input=data)
    assert result.stdout == data
    assert b"frame out: binary, FIN, 1000 bytes, masked" in result.stderr


def test_binary_may_be_framed(connect, echo):
    result = connect("--binary", "-0", "-v", echo, input=b"\xff\xfe\0\n\0")
    assert result.stdout == b"\xff\xfe\0\n\0"
    assert result.stderr.count(b"frame out: binary") == 2


def test_in_a_pipe_bytes_are_as_they_came(connect):
    def talk(peer):
        peer.send_text("\x1b[31mred")
        peer.send_binary(b"\xff\x00")
        peer.close()
        peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        assert connect(server.url).stdout == b"\x1b[31mred\n\xff\x00\n"


def test_text_that_is_not_utf_8_is_not_sent(connect):
    def talk(peer):
        code = peer.until_close()
        peer.close()
        return peer.messages, code

    with ScriptedServer(talking(talk)) as server:
        result = connect("--wait", "0", server.url, input=b"good\n\xff\nnever\n", status=FAILURE)
    assert b"message 2 of standard input is not UTF-8" in result.stderr and b"--binary" in result.stderr
    assert server.results == [([b"good"], (1000, ""))]


def test_a_message_that_is_too_large_is_not_sent(connect, echo):
    result = connect("--max-message", "10", echo, input=b"12345678901\n", status=FAILURE)
    assert b"message 1 of standard input exceeds --max-message" in result.stderr


# Ends


def test_it_ends_after_so_many_messages(begin):
    def talk(peer):
        for number in range(5):
            peer.send_text(str(number))
        code = peer.until_close()
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        process = begin("--count", "2", server.url)  # whose input has no end
        assert process.stdout.read() == b"0\n1\n"
        assert process.wait(DEADLINE_S) == FINE
    assert server.results == [(1000, "")]


def test_what_the_server_sends_before_its_goodbye_is_taken(connect):
    def talk(peer):
        code = peer.until_close()
        for number in range(100):
            peer.send_text(str(number))
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        result = connect("--wait", "0", server.url, input=b"x\n")
    assert result.stdout.split() == [b"%d" % number for number in range(100)]
    assert server.results == [(1000, "")]


def test_it_waits_for_answers_after_the_end_of_the_input(connect):
    def talk(peer):
        assert peer.next_frame() == (TEXT, b"question")
        time.sleep(0.3)  # much less than the second that it waits
        peer.send_text("answer")
        peer.until_close()
        peer.close()

    with ScriptedServer(talking(talk)) as server:
        assert connect(server.url, input=b"question").stdout == b"answer\n"


def test_it_may_wait_for_ever(connect):
    def talk(peer):
        peer.next_frame()
        time.sleep(1.5)  # more than it waits by default
        peer.send_text("late")
        peer.close()
        peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        assert connect("--wait", "forever", server.url, input=b"x").stdout == b"late\n"


def test_a_reader_that_goes_ends_it_cleanly(begin):
    def talk(peer):
        peer.send_text("one")
        code = peer.until_close()
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        process = begin(server.url)
        assert process.stdout.readline() == b"one\n"
        process.stdout.close()  # and nothing more comes that could not be written
        assert process.wait(DEADLINE_S) == FINE
        assert process.stderr.read() == b""
    assert server.results == [(1000, "")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_properly_and_is_told(begin, number):
    def talk(peer):
        peer.send_text("ready")
        code = peer.until_close()
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        process = begin(server.url)
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == -number
    assert server.results == [(1000, "")]


def test_a_signal_ends_it_before_there_is_a_connection(begin):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = begin(f"ws://127.0.0.1:{listener.getsockname()[1]}/")
        accepted, _ = listener.accept()
        with accepted:
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_S) == -signal.SIGINT


# Back-pressure


def peak_bytes(process):
    for line in open(f"/proc/{process.pid}/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def is_sanitized(program):
    content = program.read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


def test_a_slow_reader_slows_down_the_server_and_loses_nothing(begin, duplex_program):
    line = "x" * 1023
    count = 64 * 1024
    sent = threading.Event()

    def talk(peer):
        block = frame(TEXT, line, mask=False) * 64
        for _ in range(count // 64):
            peer.send(block)
        sent.set()
        peer.close()
        peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        process = begin("--wait", "forever", server.url)
        assert process.stdout.readline() == line.encode() + b"\n"
        # Nothing is read for a while, in which all could have come.
        assert not sent.wait(1.5), "the server was not slowed down"
        if not is_sanitized(duplex_program):
            assert peak_bytes(process) < 48 * 1024 * 1024
        rest = process.stdout.read()
        assert len(rest) == (count - 1) * 1024
        assert process.wait(DEADLINE_S) == FINE


def test_a_slow_server_slows_down_the_input_and_loses_nothing(begin, duplex_program):
    line = b"y" * 1023 + b"\n"
    count = 64 * 1024
    go_on = threading.Event()

    def talk(peer):
        go_on.wait(DEADLINE_S)
        code = peer.until_close()
        peer.close()
        return len(peer.messages), set(map(len, peer.messages)), code

    written = []

    def write(process):
        for _ in range(count // 64):
            process.stdin.write(line * 64)
            process.stdin.flush()
            written.append(64)
        process.stdin.close()

    with ScriptedServer(talking(talk)) as server:
        process = begin(server.url)
        writer = threading.Thread(target=write, args=[process], daemon=True)
        writer.start()
        time.sleep(1.5)  # in which all could have gone
        assert sum(written) < count, "the input was not slowed down"
        if not is_sanitized(duplex_program):
            assert peak_bytes(process) < 48 * 1024 * 1024
        go_on.set()
        writer.join(DEADLINE_S)
        assert process.wait(DEADLINE_S) == FINE
    assert server.results == [(count, {1023}, (1000, ""))]


# Exit statuses


def test_no_connection_is_3(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"ws://127.0.0.1:{port}/"
    assert b"refused" in connect(url, status=NO_CONNECTION).stderr
    assert b"no such host" in connect("ws://nothing.invalid/", status=NO_CONNECTION).stderr
    proxied = connect("--proxy", f"http://127.0.0.1:{port}", "ws://example.invalid/", status=NO_CONNECTION)
    assert b"refused" in proxied.stderr
    connect("--unix-socket", "/nothing/there", url, status=NO_CONNECTION)


def test_a_certificate_that_can_not_be_verified_is_4(connect, start_tls_server, certificates):
    server = start_tls_server()
    url = server.secure.url.replace("https:", "wss:") + "/echo"
    result = connect(url, status=TLS_REFUSED, input=b"secret\n")
    assert b"tls: " in result.stderr and result.stdout == b""
    trusting = ("--cacert", certificates.root)
    assert connect(*trusting, url, input=b"hello\n").stdout == b"hello\n"
    pin = "sha256//" + certificates.here.public_key_hash()
    assert connect(*trusting, "--pin", pin, url, input=b"hello\n").stdout == b"hello\n"
    other = "sha256//" + "A" * 43 + "="
    assert b"pin" in connect(*trusting, "--pin", other, url, status=TLS_REFUSED).stderr
    insecure = connect("--insecure", url, input=b"hello\n")
    assert insecure.stdout == b"hello\n"
    assert insecure.stderr.count(b"not verified") == 1


def test_an_upgrade_that_is_refused_is_5_and_shows_the_response(connect):
    def script(peer):
        content = "come back\nlater \x1b[2J"
        peer.send(
            f"HTTP/1.1 503 Too Busy\r\nRetry-After: 7\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()
        )

    with ScriptedServer(script) as server:
        text = connect(server.url, status=PROTOCOL).stderr.decode()
    assert "handshake" in text and "503 Too Busy" in text
    assert "Retry-After: 7" in text
    assert "come back\nlater \\x1b[2J" in text


@pytest.mark.parametrize(
    "talk, status, words",
    [
        (lambda peer: peer.close(1000), FINE, b""),
        (lambda peer: peer.close(1001, "restart"), FINE, b""),
        (lambda peer: peer.close(1011, "oh no"), PROTOCOL, b"1011 (internal error): oh no"),
        (lambda peer: peer.close(4000, "own"), PROTOCOL, b"4000: own"),
        (lambda peer: peer.end(), PROTOCOL, b"lost"),
        (lambda peer: peer.send(frame(TEXT, "x", mask=True)), PROTOCOL, b"1002"),
        (lambda peer: peer.send(frame(TEXT, b"\xff", mask=False)), PROTOCOL, b"1007"),
        (lambda peer: peer.send(frame(TEXT, b"x" * 11, mask=False)), PROTOCOL, b"1009"),
    ],
    ids=["normal", "going away", "internal error", "own code", "lost", "masked", "not utf-8", "too big"],
)
def test_how_the_server_ends_it_tells_the_status(connect, talk, status, words):
    def all_of_it(peer):
        talk(peer)
        try:
            peer.until_close()
        except OSError:
            pass

    with ScriptedServer(talking(all_of_it)) as server:
        result = connect("--wait", "forever", "--max-message", "10", server.url, status=status)
    assert words in result.stderr and (words or result.stderr == b"")


def test_out_of_time_is_6(connect):
    with socket.create_server(("127.0.0.1", 0)) as listener:  # whose queue takes connections
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        connect("--connect-time", "0.3", url, status=TIMED_OUT)
        connect("--max-time", "0.3", url, status=TIMED_OUT)


def test_out_of_time_it_says_goodbye(connect):
    def talk(peer):
        code = peer.until_close()
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        connect("--max-time", "0.3", "--wait", "forever", server.url, status=TIMED_OUT)
    assert server.results == [(1000, "")]


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], b"URL"),
        (["ftp://example.com/"], b"no URL to connect to"),
        (["ws://a/", "ws://b/"], b"ws://b/"),
        (["ws://a/", "--wait", "soon"], b"--wait"),
        (["ws://a/", "-H", "nonsense"], b"'Name: value'"),
        (["ws://a/", "--nonsense"], b"--nonsense"),
    ],
)
def test_wrong_usage_is_2(connect, arguments, words):
    result = connect(*arguments, status=WRONG_USAGE)
    assert words in result.stderr and b"duplex connect --help" in result.stderr


def test_the_help_tells_the_exit_statuses(connect):
    text = connect("--help").stdout.decode()
    for words in ("Exit status: 0 fine", "3 no connection", "4\nTLS refused", "5 protocol", "6 out of time"):
        assert words.replace("\n", " ") in text.replace("\n", " "), words


# What is asked for


def test_fields_origin_subprotocol_and_login_are_sent(connect):
    def script(peer):
        peer.accept("Sec-WebSocket-Protocol: two")
        peer.close()
        peer.until_close()
        return {name: peer.field(name) for name in ("X-One", "Origin", "Sec-WebSocket-Protocol", "Authorization")}

    with ScriptedServer(script) as server:
        result = connect(
            *("-v", "-H", "X-One: 1", "--origin", "https://example.com", "--subprotocol", "one,two"),
            *("--subprotocol", "three", "--user", "name:pass", server.url),
        )
    assert b", two" in result.stderr
    (got,) = server.results
    assert got["X-One"] == "1"
    assert got["Origin"] == "https://example.com"
    assert got["Sec-WebSocket-Protocol"].replace(" ", "") == "one,two,three"
    assert got["Authorization"] == "Basic bmFtZTpwYXNz"


def test_a_unix_socket_takes_the_place_of_the_host(connect, start_duplex, tmp_path):
    path = tmp_path / "socket"
    start_duplex("--listen", f"unix:{path}")
    result = connect("--unix-socket", path, "ws://whatever.invalid/echo", input=b"hello\n")
    assert result.stdout == b"hello\n"


def test_verbose_shows_heads_encryption_and_frames(connect, start_tls_server, certificates):
    server = start_tls_server()
    url = server.secure.url.replace("https:", "wss:") + "/echo"
    result = connect("-v", "--cacert", certificates.root, url, input=b"hello\n")
    text = result.stderr.decode()
    assert result.stdout == b"hello\n"
    for words in (
        "> GET /echo HTTP/1.1\n",
        "> Sec-WebSocket-Version: 13\n",
        "< HTTP/1.1 101 Switching Protocols\n",
        f"* connected to {url}\n",
        "TLSv1.3, TLS_",
        certificates.here.fingerprint(),
        "frame out: text, FIN, 5 bytes, masked\n",
        "frame in:  text, FIN, 5 bytes\n",
        "frame out: close, FIN, 2 bytes, masked\n",
        "closed: 1000 (normal)\n",
    ):
        assert words in text, (words, text)


def test_pings_tell_their_round_trips(connect, echo):
    result = connect("--ping-interval", "0.05", echo, input=b"x\n")
    assert b"the answer to a ping took " in result.stderr


# Coming back


def test_it_comes_back_and_says_so(begin):
    connections = []

    def talk(peer):
        connections.append(peer)
        peer.send_text(f"connection {len(connections)}")
        if len(connections) < 3:
            peer.end()
            return None
        assert peer.next_frame() == (TEXT, b"still here")
        peer.close()
        return peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        process = begin("--reconnect", server.url)
        assert [process.stdout.readline() for _ in range(3)] == [b"connection %d\n" % n for n in (1, 2, 3)]
        process.stdin.write(b"still here\n")
        process.stdin.flush()
        assert process.wait(DEADLINE_S) == FINE
        text = process.stderr.read().decode()
    assert text.count("next attempt in") == 2
    assert text.count("again") == 2


def test_it_waits_for_a_server_that_is_not_there_yet(begin):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = begin("--reconnect", "--count", "1", f"ws://127.0.0.1:{port}/")
    process.stdin.write(b"hello\n")
    process.stdin.close()
    assert b"refused" in process.stderr.readline()

    def talk(peer):
        opcode, payload = peer.next_frame()
        peer.send_text(payload)
        peer.until_close()
        peer.close()

    with ScriptedServer(talking(talk), port=port):
        assert process.stdout.read() == b"hello\n"
        assert process.wait(DEADLINE_S) == FINE

"""Every example runs, and does what its first lines say."""

import json
import signal
import ssl
import subprocess
import zlib
from pathlib import Path

import pytest
from support.frames import Client, close_frame
from support.http import Connection, get, request
from support.program import REPOSITORY, Program, program_path


def test_hello():
    server = Program([program_path("examples/hello"), "0"])
    try:
        assert get(server, "/hello/Ada").body == b"Hello, Ada!\n"
        assert get(server, "/hello/Ada%20L%C3%B6velace").body == "Hello, Ada Lövelace!\n".encode()
    finally:  # it has no signal handler, to stay small
        server.signal(signal.SIGTERM)
        assert server.wait() == -signal.SIGTERM


def test_echo(example):
    with Client(example("echo"), "/echo", "Origin: https://anywhere.example") as client:
        assert client.send_text("hello").text() == "hello"


def test_chat(example):
    server = example("chat")
    with Client(server, "/rooms/lobby?name=Ada") as ada, Client(server, "/rooms/attic?name=Eve") as eve:
        assert ada.text() == "Ada comes in"
        assert eve.text() == "Eve comes in"
        with Client(server, "/rooms/lobby?name=Bob") as bob:
            assert ada.text() == bob.text() == "Bob comes in"
            bob.send_text("Hello, Ada")
            assert ada.text() == bob.text() == "Bob: Hello, Ada"
            bob.close_normally()
        assert ada.text() == "Bob leaves"
        assert eve.silent(0.05)
        ada.send_binary(b"\xff")
        assert ada.close_code()[0] == 1003


def test_chat_refuses_the_nameless(example):
    server = example("chat")
    with pytest.raises(AssertionError, match="400"):
        Client(server, "/rooms/lobby")


def test_broadcast(example):
    with Client(example("broadcast"), "/ticks") as client:
        first = int(client.text().removeprefix("tick "))
        for n in range(1, 5):
            assert client.text() == f"tick {first + n}"
        client.send_text("100")
        while (text := client.text()).startswith("tick "):
            pass
        assert text == "25 primes up to 100"


def test_echo_client():
    command = [program_path("duplex"), "check", "--listen", "0", "--only", "ping/1"]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) as checking:
        url = checking.stdout.readline().split()[-1]
        client = subprocess.run([str(program_path("examples/echo_client")), url], timeout=60, check=False)
        assert client.returncode == 0
        assert "1 right" in checking.communicate(timeout=60)[0]
    assert checking.returncode == 0


def test_compressed_feed(example):
    server = example("compressed_feed")
    with Client(server, "/prices", "Sec-WebSocket-Extensions: permessage-deflate") as client:
        assert client.response["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
        assert "secret" in client.text()  # as it is: the reader knows no RSV1
        first, size = client.read(2)
        assert first == 0xC1, "a whole text, compressed"
        size = size if size < 126 else int.from_bytes(client.read(2), "big")
        compressed = client.read(size)
        prices = json.loads(zlib.decompressobj(wbits=-15).decompress(compressed + b"\0\0\xff\xff"))
    assert prices[0]["name"] == "barley" and len(prices) == 8
    with Client(server, "/prices") as client:
        assert "secret" in client.text()
        assert [price["name"] for price in json.loads(client.text())] == [price["name"] for price in prices]


def test_upload(example):
    server = example("upload")
    before = server.rss_bytes()
    with Connection(server.address) as connection:
        size = 64 * 1024 * 1024
        connection.get("/upload", f"Content-Length: {size}", method="PUT")
        for _ in range(64):
            connection.send(bytes(1024 * 1024))
        assert connection.answer().body.startswith(b"%d bytes" % size)
    assert server.rss_bytes() - before < server.may_hold(8 * 1024 * 1024)
    assert request(server, "POST", "/upload", "a").body == b"1 bytes, checksum 12638187200555641996\n"


def test_download(example):
    server = example("download")
    assert get(server, "/numbers?to=1000").body == b"".join(b"%d\n" % n for n in range(1, 1001))
    assert get(server, "/slowly").body == b"3...\n2...\n1...\nGo!\n"
    assert get(server, "/program").body == Path(program_path("examples/download")).read_bytes()


def test_events(example):
    server = example("events")
    with Connection(server.address) as connection:
        assert connection.get("/counter", "Last-Event-ID: 41").read_head()["Content-Type"].startswith("text/event-stream")
        for n in (42, 43):
            event = connection.read_until(b"\n\n").decode().splitlines()
            assert {f"data: {n}", "event: count", f"id: {n}"} <= set(event)
    with Connection(server.address) as connection:
        connection.get("/news").read_head()
        assert request(server, "POST", "/news", "It rains").status == 204
        connection.read_until(b"data: It rains\n\n")


def test_session(example):
    with Client(example("session"), "/count") as client:
        assert client.text() == "What is your name?"
        client.send_text("Ada")
        assert client.text() == "Hello, Ada"
        assert [client.text() for _ in range(3)] == ["0", "1", "2"]
        client.send_text("100")
        last = 2
        while (number := int(client.text())) == last + 1:
            last = number
        assert number == last + 100
        client.send_text("stop")
        while True:
            fin, opcode, payload = client.next_frame()
            if opcode == 8:
                break
        assert payload == b"\x03\xe8"
        client.send(close_frame())
        assert client.closed()


def test_secure(example):
    server = example("secure", urls=2)
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    for path, fields, begins in [
        ("/", (), b"You came by TLSv1.3 with TLS_"),
        ("/echo", ("Upgrade: websocket",), b"the Connection field does not list upgrade"),
    ]:
        with Connection(server.address) as connection:
            connection.socket = anybody.wrap_socket(connection.socket, server_hostname="localhost")
            answer = connection.get(path, *fields).answer()
            assert answer.body.startswith(begins)
            assert answer["Strict-Transport-Security"] == "max-age=300"
    in_clear = ("127.0.0.1", int(server.urls[1].rsplit(":")[-1]))
    with Connection(in_clear) as connection:
        answer = connection.get("/a?b").answer()
        assert (answer.status, answer["Location"]) == (308, f"https://test:{server.port}/a?b")
    with Connection(in_clear) as connection:
        answer = connection.get("/echo", "Upgrade: websocket").answer()
        assert answer.status == 400
        assert f"wss://test:{server.port}/echo".encode() in answer.body
    server.signal(signal.SIGHUP)
    server.line_with("new certificates are in use")


def test_static_site(example, tmp_path):
    (tmp_path / "index.html").write_text("home")
    server = example("static_site", tmp_path)
    assert get(server, "/").body == b"home"
    assert get(server, "/api/status").body == b'{"status":"fine"}'
    assert get(server, "/index.html")["Cache-Control"] == "max-age=60"


def test_middleware(example):
    server = example("middleware")
    assert "handler;dur=" in get(server, "/")["Server-Timing"]
    answer = get(server, "/private/diary")
    assert (answer.status, answer["WWW-Authenticate"]) == (401, 'Basic realm="diary"')
    password = "Authorization: Basic YWRhOmxvdmVsYWNl"
    assert get(server, "/private/diary", password).body == b"Dear diary...\n"
    with pytest.raises(AssertionError, match="401"):
        Client(server, "/private/echo")
    with Client(server, "/private/echo", password) as client:
        assert client.send_text("hi").text() == "hi"


def transcript(name, *arguments):
    command = [program_path("examples/" + name), *arguments]
    done = subprocess.run(command, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().splitlines()


def test_http_in_memory():
    lines = transcript("http_in_memory")
    assert lines[:-1] == [
        "-- 14 bytes come in",
        "-- 55 bytes come in",
        "head: POST /notes",
        "  Host = localhost",
        "  Transfer-Encoding = chunked",
        "-- 10 bytes come in",
        "content: Hello",
        "-- 40 bytes come in",
        "end",
        "head: GET /",
        "  Host = localhost",
        "end",
        "-- 36 bytes come in",
    ]
    assert lines[-1].startswith("refused: ")


def test_websocket_in_memory():
    lines = transcript("websocket_in_memory")
    assert lines[1:4] == ["message: Hello, server", "ping, answered already", "close: 1000 Goodbye"]
    assert lines[-1].startswith("close: 1000")


@pytest.fixture
def hello():
    server = Program([program_path("examples/hello"), "0"])
    yield server
    server.signal(signal.SIGTERM)
    server.wait()


def test_client(hello):
    lines = transcript("client", hello.url)
    assert lines[:2] == ["Hello, World!", "hello"]
    assert lines[2].startswith("a ping takes less than ")


def test_client_says_what_is_wrong():
    command = [program_path("examples/client"), "http://127.0.0.1:1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr == "connect: 127.0.0.1:1: Connection refused\n"


def test_blocking_client(hello):
    assert transcript("blocking_client", hello.url) == ["Hello, World!", "one", "two"]


def test_gateway(example, hello):
    server = example("gateway")
    assert get(server, f"/both?of={hello.url}/hello/World").body == b"14 and 14\n"
    assert b"Connection refused" in get(server, "/both?of=http://127.0.0.1:1/").body


def test_reconnecting(example):
    server = example("echo")
    url = server.url.replace("http", "ws") + "/echo"
    lines = transcript("reconnecting", url, "3")
    assert lines[1:] == ["message 1", "message 2", "message 3"]
    assert lines[0].startswith("connected to 127.0.0.1:")


def test_every_example_has_a_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {path.stem for path in (REPOSITORY / "examples").glob("*.cpp")} <= tested


def test_examples_are_short():
    for path in (REPOSITORY / "examples").glob("*.cpp"):
        assert len(path.read_text().splitlines()) <= 60, path.name

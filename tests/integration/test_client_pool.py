"""Connections that the client keeps: nginx that serves many requests on each, and servers that
close what is idle at the worst moment."""

import threading

import pytest
from support.http import eventually
from support.nginx import free_port, nginx
from support.scripted import Scripted, answering, response

MIB = 1024 * 1024
HELLO = response("200 OK", "hello")


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """nginx with what such servers do: compression, large files, a server behind it that speaks
    HTTP/1.0, connections that end after some requests."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "www").mkdir()
    (folder / "www/text.txt").write_text("words and words\n" * 10_000)
    (folder / "www/large.bin").write_bytes(bytes(range(256)) * (128 << 10))
    with Scripted(answering(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + b"old " * 10_000)) as old:
        port, few, short = free_port(), free_port(), free_port()
        http = f"""
          keepalive_requests 100000;
          server {{
            listen 127.0.0.1:{port};
            root {folder}/www;
            gzip on; gzip_types *; gzip_min_length 1;
            location /empty {{ return 204; }}
            location /echo {{ client_max_body_size 100m; proxy_pass http://127.0.0.1:{port}/sink; }}
            location /old {{ proxy_pass http://127.0.0.1:{old.port}; }}
            location /moved {{ return 301 /text.txt; }}
          }}
          server {{ listen 127.0.0.1:{few}; keepalive_requests 10; location / {{ return 200 few; }} }}
          server {{ listen 127.0.0.1:{short}; keepalive_timeout 50ms; location / {{ return 200 short; }} }}
        """
        with nginx(folder, port, http):
            yield {
                "": f"http://127.0.0.1:{port}",
                "few": f"http://127.0.0.1:{few}/",
                "short": f"http://127.0.0.1:{short}/",
            }


# nginx


def test_many_requests_on_one_connection(client, web):
    for _ in range(500):
        assert client.get(web[""] + "/text.txt", fields=[["Range", "bytes=0-4"]]).content == b"words"
    statistics = client.statistics()
    assert (statistics["connections_opened"], statistics["connections_reused"]) == (1, 499)


def test_compressed_on_the_fly(client, web):
    answer = client.get(web[""] + "/text.txt")
    assert answer.content == b"words and words\n" * 10_000
    assert answer.all("Content-Encoding") == ["gzip"] and answer.all("Transfer-Encoding") == ["chunked"]
    assert answer["download"]["bytes"] < 10_000


def test_large_files(client, web):
    answer = client.get(web[""] + "/large.bin", fields=[["Accept-Encoding", "identity"]])
    assert answer.content == bytes(range(256)) * (128 << 10)
    answer = client.stream(web[""] + "/large.bin")
    assert answer["bytes"] == 32 * MIB


def test_ranges(client, web):
    for asked, status, told in (
        ("bytes=10-19", 206, "bytes 10-19/160000"),
        ("bytes=-5", 206, "bytes 159995-159999/160000"),
        ("bytes=160000-", 416, "bytes */160000"),
    ):
        answer = client.get(web[""] + "/text.txt", fields=[["Range", asked], ["Accept-Encoding", "identity"]])
        assert (answer["status"], answer.field("Content-Range")) == (status, told)


def test_a_server_behind_it_that_speaks_http_1_0(client, web):
    assert client.get(web[""] + "/old").content == b"old " * 10_000
    assert client.get(web[""] + "/empty")["status"] == 204
    assert client.get(web[""] + "/moved")["redirects"] == 1
    assert client.get(web[""] + "/moved")["reused"]


def test_a_server_that_ends_connections_after_some_requests(client, web):
    """nginx says so in the last response. None fails, whatever their number."""
    going = [client.begin_get(web["few"]) for _ in range(300)]
    assert {one.result().get("content") for one in going} == {"few"}
    for _ in range(100):
        assert client.get(web["few"]).content == b"few"


def test_a_server_that_ends_idle_connections_soon(client, web):
    assert client.get(web["short"]).content == b"short"
    eventually(lambda: client.statistics()["connections_open"] == 0)
    assert client.get(web["short"]).content == b"short"


# What is kept


def test_what_is_idle_is_closed_in_time(start_client):
    client = start_client(pool={"idle_ms_max": 50})
    with Scripted(answering(HELLO, HELLO, stays=True)) as server:
        client.get(server.url)
        eventually(lambda: client.statistics()["connections_open"] == 0)
        assert client.get(server.url)["reused"] is False


def test_only_so_many_are_kept_idle(start_client):
    client = start_client(pool={"idle_max": 2})
    servers = [Scripted(answering(HELLO, HELLO, stays=True)) for _ in range(4)]
    for server in servers:
        client.get(server.url)
    eventually(lambda: client.statistics()["connections_open"] == 2)
    reused = [client.get(server.url)["reused"] for server in servers[2:]]
    assert reused == [True, True]
    for server in servers:
        server.__exit__()


@pytest.mark.parametrize(
    ("fields", "version", "kept"),
    [
        ([], "1.1", True),
        (["Connection: close"], "1.1", False),
        (["Connection: x, Close"], "1.1", False),
        ([], "1.0", False),
        (["Connection: keep-alive"], "1.0", True),
    ],
)
def test_what_the_server_says_of_keeping(client, fields, version, kept):
    answer = response("200 OK", "hello", *fields).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    with Scripted(answering(answer, answer, stays=True)) as server:
        client.get(server.url)
        assert client.get(server.url)["reused"] is kept


# Connections that turn out to have ended


class Stale:
    """Serves one request on the first connection, and ends that connection when the next request
    comes on it: what a client meets whose request crosses the server's goodbye. What comes
    after that is answered."""

    def __init__(self, end):
        self.end = end
        self.received = []

    def __call__(self, visitor):
        if not self.received:
            self.received.append(visitor.read_request())
            visitor.send(HELLO)
            self.received.append(visitor.read_request())
            self.end(visitor)
        while True:
            self.received.append(visitor.read_request())
            visitor.send(HELLO)


ENDS = {"closes": lambda visitor: visitor.close(), "resets": lambda visitor: visitor.reset()}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_what_may_be_repeated_is(client, end, method):
    """RFC 9110 section 9.2.2: idempotent methods, on a connection that was used before."""
    stale = Stale(ENDS[end])
    with Scripted(stale) as server:
        client.get(server.url)
        content = {"text": "content"} if method == "PUT" else None
        answer = client.send(method, server.url, content)
        assert answer.failure is None and answer["status"] == 200
        assert len(stale.received) == 3 and stale.received[1] == stale.received[2]
        assert server.visits == 2


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_not_be_repeated_is_not(client, end, method):
    stale = Stale(ENDS[end])
    with Scripted(stale) as server:
        client.get(server.url)
        failed = client.send(method, server.url, {"text": "order"})
        assert failed["error"]["step"] == "protocol"
        assert failed.failure == {
            "closes": "protocol: http1::Error::no_response",
            "resets": "protocol: client::ClientError::connection_closed",
        }[end]
        assert len(stale.received) == 2


def test_content_that_can_be_made_only_once_is_not_repeated(client):
    stale = Stale(ENDS["closes"])
    with Scripted(stale) as server:
        client.get(server.url)
        failed = client.send("PUT", server.url, {"streamed": {"bytes": 10, "announced": 10}})
        assert failed.failure and len(stale.received) == 2


def test_nothing_is_repeated_after_a_part_of_the_response(client):
    """Then it was processed."""

    def end(visitor):
        visitor.send(HELLO[:20])
        visitor.close()

    stale = Stale(end)
    with Scripted(stale) as server:
        client.get(server.url)
        assert client.get(server.url).failure == "protocol: http1::Error::incomplete_head"
        assert len(stale.received) == 2


def test_a_new_connection_that_ends_is_no_reason_to_repeat(client):
    with Scripted(lambda visitor: visitor.read_head()) as server:
        assert client.get(server.url).failure == "protocol: http1::Error::no_response"
        assert server.visits == 1


def test_a_goodbye_that_has_come_is_noticed(client):
    """No request is sent into a connection that has ended: not even a POST is lost."""
    served = threading.Event()

    def script(visitor):
        visitor.read_request()
        visitor.send(HELLO)
        served.set()

    with Scripted(script) as server:
        for _ in range(5):
            assert client.post(server.url, "order").content == b"hello"
            eventually(lambda: client.statistics()["connections_open"] == 0)
        assert server.visits == 5


# Answers before the content has been sent


def test_an_early_answer(client):
    """What the server does not want is not sent in full, and its answer is not lost."""

    def script(visitor):
        visitor.read_head()
        visitor.send(response("413 Content Too Large", "too much", "Connection: close"))
        visitor.finish_sending()
        visitor.until_closed()

    with Scripted(script) as server:
        answer = client.post(server.url, {"streamed": {"bytes": 100 * MIB}})
        assert (answer["status"], answer.content) == (413, b"too much")
        assert answer["upload"]["bytes"] < 100 * MIB
        assert server.visits == 1
    eventually(lambda: client.statistics()["connections_open"] == 0)


def test_an_early_answer_to_a_file(client, tmp_path):
    path = tmp_path / "upload"
    with path.open("wb") as file:
        file.truncate(200 * MIB)

    def script(visitor):
        visitor.read_head()
        visitor.send(response("403 Forbidden", "no"))
        visitor.until_closed()

    with Scripted(script) as server:
        answer = client.send("PUT", server.url, {"file": path})
        assert (answer["status"], answer.content) == (403, b"no")
        assert answer["upload"]["bytes"] < 200 * MIB


def test_an_upload_is_not_held_in_memory(client, tmp_path):
    path = tmp_path / "upload"
    with path.open("wb") as file:
        file.truncate(300 * MIB)
    received = []

    def script(visitor):
        visitor.read_head()
        total = len(visitor.buffer)
        while total < 300 * MIB:
            total += len(visitor.socket.recv(1 << 20))
        received.append(total)
        visitor.send(HELLO)

    before = client.memory("VmHWM")
    with Scripted(script) as server:
        for content in ({"file": path}, {"streamed": {"bytes": 300 * MIB, "announced": 300 * MIB}}):
            answer = client.send("PUT", server.url, content)
            assert answer["status"] == 200 and answer["upload"]["bytes"] == 300 * MIB
    assert received == [300 * MIB] * 2
    assert client.memory("VmHWM") - before < 16 * MIB

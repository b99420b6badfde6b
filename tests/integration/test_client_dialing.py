"""How the client comes to a server: names, several addresses of which some are dead, Unix sockets."""

import os
import socket
import threading
import time

import pytest
from support.http_server import HttpServer
from support.name_server import REFUSED, SERVFAIL, NameServer
from support.nginx import free_port
from support.peers import Blackhole
from support.scripted import Scripted, Visitor, answering, response, upgrade

HELLO = response("200 OK", "hello")


def hello(host="127.0.0.1", port=0):
    return Scripted(answering(HELLO), host=host, port=port)


def name_server(names):
    return NameServer({f"{name}.test": known for name, known in names.items()})


def test_a_name_with_one_address(start_client):
    with hello() as server, name_server({"one": ["127.0.0.1"]}) as names:
        client = start_client(name_servers=[names.address])
        answer = client.get(f"http://one.test:{server.port}/")
        assert (answer.content, answer["peer"]) == (b"hello", server.authority)
        assert {kind for name, kind in names.asked if name == "one.test"} == {"A", "AAAA"}


def test_a_dead_first_address_that_refuses(start_client):
    """127.0.0.2 has nobody at this port; who is at 127.0.0.1 is found at once."""
    with hello() as server, name_server({"two": ["127.0.0.2", "127.0.0.1"]}) as names:
        client = start_client(name_servers=[names.address])
        for _ in range(5):
            assert client.get(f"http://two.test:{server.port}/").content == b"hello"


def test_a_dead_first_address_that_is_silent(start_client):
    """A packet that is dropped: the next address is tried beside it, after a while (RFC 8305)."""
    with Blackhole() as hole, hello(port=hole.port), name_server({"two": ["127.0.0.2", "127.0.0.1"]}) as names:
        client = start_client(name_servers=[names.address], time_limits_ms={"next_address": 50})
        start = time.monotonic()
        answer = client.get(f"http://two.test:{hole.port}/")
        assert (answer.content, answer["peer"]) == (b"hello", f"127.0.0.1:{hole.port}")
        assert time.monotonic() - start < 5


def test_ipv6_is_preferred_and_ipv4_will_do(start_client):
    with name_server({"both": ["127.0.0.1", "::1"]}) as names:
        client = start_client(name_servers=[names.address])
        with hello() as server:
            assert client.get(f"http://both.test:{server.port}/")["peer"] == server.authority
        with hello("::1") as server:
            assert client.get(f"http://both.test:{server.port}/")["peer"] == server.authority
            with hello(port=server.port):
                assert client.get(f"http://both.test:{server.port}/")["peer"] == server.authority


def test_all_addresses_are_dead(start_client):
    port = free_port()
    with name_server({"dead": ["127.0.0.2", "127.0.0.3", "::1"]}) as names:
        client = start_client(name_servers=[names.address])
        failed = client.get(f"http://dead.test:{port}/")
        assert failed.failure == "connect: std::errc::connection_refused"
        assert failed["error"]["peer"] == f"dead.test:{port}"


def test_connecting_has_a_limit(start_client):
    with Blackhole() as hole, name_server({"hole": ["127.0.0.2"]}) as names:
        for limit in ("connect", "connect_attempt"):
            client = start_client(name_servers=[names.address], time_limits_ms={limit: 100})
            failed = client.get(f"http://hole.test:{hole.port}/")
            assert failed.failure == "connect: std::errc::timed_out"
            assert failed["error"]["peer"] == f"hole.test:{hole.port}"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing.test", "host_not_found"),
        ("empty.test", "no_addresses"),
        ("failing.test", "server_failed"),
        ("refused.test", "server_failed"),
        ("a..b.test", "invalid_name"),
        ("x" * 64 + ".test", "invalid_name"),
    ],
)
def test_names_that_do_not_resolve(start_client, name, error):
    with name_server({"empty": [], "failing": SERVFAIL, "refused": REFUSED}) as names:
        client = start_client(name_servers=[names.address])
        for failed in (client.get(f"http://{name}/"), client.try_connect(f"ws://{name}/")):
            assert failed.failure in (f"resolve: net::ResolveError::{error}", "request: http::UrlError::bad_authority")
            if failed["error"]["step"] == "resolve":
                assert failed["error"]["peer"] == f"{name}:80"


def test_name_servers_that_do_not_answer(start_client):
    with name_server({"silent": None, "garbage": "garbage"}) as names:
        client = start_client(name_servers=[names.address], time_limits_ms={"resolve": 200})
        failed = client.get("http://silent.test/")
        assert failed.failure == "resolve: net::ResolveError::timed_out"
        assert failed["error"]["timed_out"]
        assert client.get("http://garbage.test/")["error"]["step"] == "resolve"
    nobody = start_client(name_servers=[f"127.0.0.1:{free_port()}"], time_limits_ms={"resolve": 200})
    # c-ares notices that nobody listens for one of its two questions, and waits for the other.
    assert nobody.get("http://any.test/").failure in (
        "resolve: net::ResolveError::server_unreachable",
        "resolve: net::ResolveError::timed_out",
    )


def test_name_servers_that_are_none(start_client):
    assert start_client(name_servers=["not an address"]).refused


def test_addresses_are_not_looked_up(start_client):
    with name_server({}) as names, hello() as four, hello("::1") as six:
        client = start_client(name_servers=[names.address])
        assert client.get(four.url).content == b"hello"
        assert client.get(six.url).content == b"hello"
        assert names.asked == []


# Unix sockets


class UnixServer:
    """The same scripts at a path."""

    def __init__(self, path, script):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._script = script
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                visitor = Visitor(self._listener.accept()[0])
            except OSError:
                return
            self._script(visitor)
            visitor.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def test_a_unix_socket(client, tmp_path):
    path = tmp_path / "socket"
    heads = []

    def script(visitor):
        heads.append(visitor.read_head())
        visitor.send(HELLO)
        heads.append(visitor.read_head())
        visitor.send(HELLO)

    with UnixServer(path, script):
        for _ in range(2):
            answer = client.get("http://service.example/path", unix_path=path)
            assert (answer.content, answer["peer"]) == (b"hello", f"unix:{path}")
        assert answer["reused"]
    assert b"\r\nHost: service.example\r\n" in heads[0]
    # No other origin's connection is taken for it.
    assert client.get("http://service.example:1/", unix_path=tmp_path / "none")["error"]["peer"].endswith("none")


def test_a_websocket_at_a_unix_socket(client, tmp_path):
    def script(visitor):
        visitor.send(upgrade(visitor.read_head()))
        visitor.until_closed()

    with UnixServer(tmp_path / "socket", script):
        socket = client.connect("ws://service.example/", unix_path=tmp_path / "socket")
        assert socket.opened["peer"] == f"unix:{tmp_path}/socket"
        socket.do("terminate")


def test_unix_sockets_that_are_not_there(client, tmp_path):
    failed = client.get("http://a.test/", unix_path=tmp_path / "missing")
    assert failed.failure == "connect: std::errc::no_such_file_or_directory"
    assert failed["error"]["peer"] == str(tmp_path / "missing")
    socket.socket(socket.AF_UNIX).bind(str(tmp_path / "dead"))
    assert client.get("http://a.test/", unix_path=tmp_path / "dead").failure == "connect: std::errc::connection_refused"
    assert client.get("http://a.test/", unix_path="/" + "x" * 200)["error"]["step"] in ("request", "connect")


def test_out_of_descriptors(start_client):
    """What the system refuses is told as the system's."""
    import resource

    with HttpServer() as server:
        client = start_client()
        if client.sanitized:
            pytest.skip("the sanitizer itself needs descriptors")
        client.get(server.url)
        soft, hard = resource.prlimit(client.pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{client.pid}/fd"))
        resource.prlimit(client.pid, resource.RLIMIT_NOFILE, (used, hard))
        other = f"http://127.0.0.2:{server.port}/"
        failed = client.get(other)
        resource.prlimit(client.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert failed.failure == "connect: std::errc::too_many_files_open"
        assert client.get(server.url).content == b"hello"

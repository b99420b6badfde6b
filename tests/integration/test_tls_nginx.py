"""nginx in front: ending TLS itself, passing it through, and encrypting anew to us."""

import asyncio
import os

import pytest
import websockets
from support.frames import TEXT, Client, frame
from support.http import eventually
from support.nginx import PROXIED, free_port, nginx
from support.program import DEADLINE_S, Endpoint
from support.tls import Tls, client_context, tls_connection

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module("--threads", "2", "--message-bytes", str(64 * MIB))


@pytest.fixture(scope="module")
def front(server, certificates, tmp_path_factory):
    """One nginx with a port for each of its three roles; role -> where it listens."""
    folder = tmp_path_factory.mktemp("nginx")
    shown = f"ssl_certificate {certificates.renewed.chain}; ssl_certificate_key {certificates.renewed.key};"
    roles = {role: free_port() for role in ("terminates", "encrypts anew", "passes through")}
    http = f"""
      upstream clear {{ server 127.0.0.1:{server.port}; keepalive 8; }}
      upstream encrypted {{ server 127.0.0.1:{server.secure.port}; keepalive 8; }}
      server {{
        listen 127.0.0.1:{roles["terminates"]} ssl;
        {shown}
        location / {{ proxy_pass http://clear; {PROXIED} }}
      }}
      server {{
        listen 127.0.0.1:{roles["encrypts anew"]} ssl;
        {shown}
        location / {{
          proxy_pass https://encrypted;
          proxy_ssl_protocols TLSv1.2 TLSv1.3;
          proxy_ssl_trusted_certificate {certificates.root};
          proxy_ssl_verify on;
          proxy_ssl_verify_depth 3;
          proxy_ssl_name localhost;
          proxy_ssl_server_name on;
          {PROXIED}
        }}
      }}
      server {{
        listen 127.0.0.1:{(refused := free_port())} ssl;
        {shown}
        location / {{
          proxy_pass https://127.0.0.1:{server.secure.port};
          proxy_ssl_trusted_certificate {certificates.other_authority.root};
          proxy_ssl_verify on;
          proxy_ssl_verify_depth 3;
          proxy_ssl_name localhost;
          {PROXIED}
        }}
      }}
    """
    stream = f"""
      server {{ listen 127.0.0.1:{roles["passes through"]}; proxy_pass 127.0.0.1:{server.secure.port}; }}
    """
    with nginx(folder, roles["terminates"], http, stream):
        yield {
            role: Endpoint(f"https://127.0.0.1:{port}") for role, port in {**roles, "distrusts": refused}.items()
        }


@pytest.fixture(params=["terminates", "encrypts anew", "passes through"])
def nginx_that(request, front):
    return front[request.param]


@pytest.fixture
def context(certificates):
    return client_context(certificates.root)


def test_requests(nginx_that, context):
    with tls_connection(nginx_that, context) as connection:
        for _ in range(3):
            assert connection.get("/").answer().body == b"root"
        content = os.urandom(MIB)
        assert connection.post("/body", content).answer().body == content
        connection.get("/body", "Transfer-Encoding: chunked", method="POST").send("5\r\nhello\r\n0\r\n\r\n")
        assert connection.answer().body == b"hello"
        assert len(connection.get("/generated?bytes=3000000").answer().body) == 3_000_000
        assert connection.get("/", method="HEAD").answer("HEAD")["Content-Length"] == "4"
        assert connection.get("/status/204").answer().status == 204
        assert b"event 2" in connection.get("/events?count=3").answer().body


def test_many_requests_one_after_another(nginx_that, context):
    for _ in range(30):
        with tls_connection(nginx_that, context) as connection:
            for _ in range(5):
                assert connection.get("/").answer().body == b"root"


def test_websockets(nginx_that, context):
    async def talk():
        url = nginx_that.websocket_url + "/echo"
        async with websockets.connect(url, ssl=context, max_size=None) as client:
            for message in ("hello", "ä€𐍈", "", b"", bytes(range(256)), "x" * 70_000, os.urandom(5 * MIB)):
                await client.send(message)
                assert await client.recv() == message
        assert client.close_code == 1000

    asyncio.run(asyncio.wait_for(talk(), DEADLINE_S))


def test_many_websockets_at_once(nginx_that, context):
    async def one(n):
        url = nginx_that.websocket_url + "/echo"
        async with websockets.connect(url, ssl=context, open_timeout=DEADLINE_S) as client:
            for index in range(20):
                await client.send(f"{n} {index}")
                assert await client.recv() == f"{n} {index}"

    async def all_of_them():
        await asyncio.gather(*(one(n) for n in range(50)))

    asyncio.run(asyncio.wait_for(all_of_them(), DEADLINE_S))


def test_frames_and_the_closing_handshake(nginx_that, context):
    with Client(nginx_that, tls=Tls(context)) as client:
        client.send(frame(TEXT, "in ", fin=False) + frame(0, "pieces"))
        assert client.text() == "in pieces"
        client.close_normally(4000, "bye")


def test_who_is_seen_is_who_ends_tls(front, context, certificates):
    """Passed through, the client sees our certificate and we see its handshake; else nginx's."""
    seen = {}
    for role in ("terminates", "encrypts anew", "passes through"):
        with tls_connection(front[role], context) as connection:
            shown = connection.socket.tls.getpeercert(binary_form=True)
            seen[role] = shown, connection.get("/tls").answer().body
    assert seen["passes through"][0] != seen["terminates"][0] == seen["encrypts anew"][0]
    assert seen["terminates"][1] == b"in clear\n"
    for role in ("encrypts anew", "passes through"):
        assert b"protocol: TLSv1.3\n" in seen[role][1] and b"server name: localhost\n" in seen[role][1]


def test_nginx_does_not_speak_to_who_shows_what_it_does_not_trust(front, context):
    with tls_connection(front["distrusts"], context) as connection:
        assert connection.get("/").answer().status == 502


def test_it_resumes_its_sessions_with_us(front, context, server):
    with tls_connection(front["encrypts anew"], context) as connection:

        def resumed():  # by the connection to us that follows one which we have ended
            connection.get("/close").answer()
            return b"resumed: yes" in connection.get("/tls").answer().body

        eventually(resumed)

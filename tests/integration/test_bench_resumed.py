"""`duplex bench --mode connect --resume` against servers that resume TLS sessions, and that don't."""

import contextlib
import re
import socketserver
import ssl
import threading

import pytest

RESUMING = ("-d", 2, "-c", 3, "--mode", "connect", "--resume")
WARNING = "\n             the server resumes nothing: full handshakes were measured\n"


@pytest.fixture
def resuming(bench, certificates):
    """resuming(url): a run that is to resume sessions, without an error."""

    def run(url):
        said = bench(*RESUMING, "--cacert", certificates.root, url)
        assert said.json["errors"] == []
        assert said.json["connections"]["opened"] > 3
        return said

    return run


@pytest.fixture
def context(certificates):
    """context(): a server's settings, which know of nobody else's sessions."""

    def new():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.here.chain, certificates.here.key)
        return context

    return new


class Silent(socketserver.BaseRequestHandler):
    """Shakes hands, and waits until the client has gone."""

    def handle(self):
        with contextlib.suppress(OSError):
            with self.server.context().wrap_socket(self.request, server_side=True) as connection:
                connection.recv(1)


class SilentServer(socketserver.ThreadingTCPServer):
    request_queue_size = 128
    daemon_threads = True


@pytest.fixture
def silent_server():
    """silent_server(context): the URL of a server that asks `context` for its settings each time."""
    with SilentServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)

        def start(context):
            server.context = context
            thread.start()
            return f"https://127.0.0.1:{server.server_address[1]}/"

        yield start
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("scheme", ["wss", "https"])
def test_tells_how_many_connections_resumed_a_session(resuming, start_duplex, certificates, scheme):
    server = start_duplex(
        *("--tls-listen", "127.0.0.1:0", "--tls-cert", certificates.here.chain, "--tls-key", certificates.here.key),
        urls=2,
    )
    run = resuming(server.secure.url.replace("https", scheme) + "/echo")
    connections = run.json["connections"]
    # Those that begin together have nothing to resume yet.
    assert connections["opened"] - 3 <= connections["resumed"] < connections["opened"]
    assert re.search(rf"^connections  .*, {connections['resumed']:,} resumed$", run.errors, re.M)
    assert WARNING not in run.errors


def expect_none_resumed(run):
    assert run.json["connections"]["resumed"] == 0
    assert WARNING in run.errors


def test_says_that_a_server_gives_no_tickets(resuming, silent_server, context):
    without = context()
    without.num_tickets = 0
    expect_none_resumed(resuming(silent_server(lambda: without)))


def test_says_that_a_server_takes_no_tickets(resuming, silent_server, context):
    expect_none_resumed(resuming(silent_server(context)))


def test_says_that_a_server_of_websockets_resumes_nothing(resuming, python_server, context):
    without = context()
    without.num_tickets = 0

    async def handler(websocket, *_):
        await websocket.wait_closed()

    expect_none_resumed(resuming(python_server(handler, ssl=without)))

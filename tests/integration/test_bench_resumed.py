"""`duplex bench --mode connect --resume` against servers that resume TLS sessions, and that don't."""

import contextlib
import itertools
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
        context = self.server.context()
        self.server.log.append(("begins", context))
        with contextlib.suppress(OSError):
            with context.wrap_socket(self.request, server_side=True) as connection:
                connection.recv(1)
        self.server.log.append(("ends", context))


class SilentServer(socketserver.ThreadingTCPServer):
    request_queue_size = 128
    daemon_threads = True


@pytest.fixture
def silent_server():
    """silent_server(context, log): the URL of a server that asks `context` for its settings each time, and notes in
    `log` when a connection begins and ends with which."""
    with SilentServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)

        def start(context, log=None):
            server.context = context
            server.log = [] if log is None else log
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


def test_waits_only_until_one_connection_has_a_ticket(bench, silent_server, context):
    without, giving = context(), context()
    without.num_tickets = 0
    numbers = itertools.count()
    log = []
    url = silent_server(lambda: giving if next(numbers) else without, log)
    # It would wait for longer than that.
    run = bench("-d", 0.4, "-c", 2, "--mode", "connect", "--resume", "--insecure", url)
    assert run.json["connections"]["resumed"] > 0 and WARNING not in run.errors
    assert ("begins", giving) in log[log.index(("ends", without)) :]


def test_says_nothing_of_tickets_that_there_was_no_time_to_wait_for(bench, silent_server, context):
    without = context()
    without.num_tickets = 0
    url = silent_server(lambda: without)
    run = bench("-d", 0.3, "-c", 2, "--mode", "connect", "--resume", "--insecure", url)
    assert run.json["connections"]["opened"] == 2
    assert WARNING not in run.errors


def test_says_that_a_server_of_websockets_resumes_nothing(resuming, python_server, context):
    without = context()
    without.num_tickets = 0

    async def handler(websocket, *_):
        await websocket.wait_closed()

    expect_none_resumed(resuming(python_server(handler, ssl=without)))

"""What all integration tests share: the programs under test, each stopped and examined at the end.

A test file also runs alone: /usr/bin/python3 -m pytest tests/integration/test_x.py
DUPLEX_BIN names the duplex program to test; build/dev/bin/duplex by default."""

import functools

import pytest
from support.bench import Bench
from support.certificates import Certificates
from support.client import Client
from support.handler_server import HandlerServer
from support.program import Program, program_path


@pytest.fixture(scope="session")
def duplex_program():
    """The path of the duplex program."""
    path = program_path("duplex")
    assert path.exists(), f"{path} is not built; set DUPLEX_BIN, or build it"
    return path


def _starting():
    """Starts programs, and at the end asks each to stop: it must do so with exit status 0 and
    without a sanitizer's report."""
    programs = []

    def begin(path, *arguments, **options):
        program = Program([path, *arguments], **options)
        programs.append(program)
        return program

    yield begin
    failures = []
    for program in programs:
        try:
            program.stop()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture
def start():
    """start(path, *arguments, **options): starts a program that names its URL, for one test."""
    yield from _starting()


@pytest.fixture(scope="module")
def start_for_module():
    """The same for all tests of a file."""
    yield from _starting()


def _duplex(begin, program):
    return lambda *arguments, **options: begin(
        program, "serve", "--listen", "127.0.0.1:0", *arguments, **options
    )


def _test_server(begin):
    return lambda *arguments, **options: begin(program_path("test_server"), *arguments, **options)


@pytest.fixture
def start_duplex(start, duplex_program):
    """start_duplex(*arguments): `duplex serve` on a free port of 127.0.0.1."""
    return _duplex(start, duplex_program)


@pytest.fixture(scope="module")
def start_duplex_for_module(start_for_module, duplex_program):
    return _duplex(start_for_module, duplex_program)


@pytest.fixture
def example(start):
    """example(name): starts examples/NAME on a free port."""
    return lambda name, *arguments, **options: start(
        program_path("examples/" + name), "0", *arguments, **options
    )


@pytest.fixture
def start_test_server(start):
    """start_test_server(*arguments): tests/support/test_server with its knobs."""
    return _test_server(start)


@pytest.fixture(scope="module")
def start_test_server_for_module(start_for_module):
    return _test_server(start_for_module)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """All certificates, made when first asked for; see support/certificates.py."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


def _tls_server(begin, certificates):
    def start_both(*arguments, certificate=None, **options):
        shown = certificate or [certificates.here]
        return begin(
            program_path("test_server"),
            *("--tls-cert", ",".join(str(one.chain) for one in shown)),
            *("--tls-key", ",".join(str(one.key) for one in shown)),
            *arguments,
            urls=2,
            **options,
        )

    return start_both


@pytest.fixture
def start_tls_server(start, certificates):
    """start_tls_server(*arguments, certificate=[...]): the test server with two listeners, one in
    clear, which is `server` itself, and one encrypted, which is `server.secure`."""
    return _tls_server(start, certificates)


@pytest.fixture(scope="module")
def start_tls_server_for_module(start_for_module, certificates):
    return _tls_server(start_for_module, certificates)


def _clients():
    """Starts clients; at the end each must end well."""
    started = []

    def begin(**options):
        started.append(Client(**options))
        return started[-1]

    yield begin
    for client in started:
        client.close()


@pytest.fixture
def start_client():
    """start_client(**options): the client library as a program that is told what to do; see
    support/client.py."""
    yield from _clients()


@pytest.fixture(scope="module")
def start_client_for_module():
    yield from _clients()


@pytest.fixture
def client(start_client):
    """A client that was told nothing."""
    return start_client()


@pytest.fixture
def bench(duplex_program, tmp_path):
    """bench(*arguments, status=0): `duplex bench` to its end, in a folder of its own; what it said."""
    return functools.partial(Bench, duplex_program, tmp_path)


@pytest.fixture
def python_server():
    """python_server(handler, ssl=None): a server of Python's websockets; its URL."""
    servers = []

    def start(handler, **options):
        servers.append(HandlerServer(handler, **options))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()

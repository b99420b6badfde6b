"""Who listens on the way reads ws, and nothing of wss; who poses as the server is not believed."""

import asyncio
import json
import subprocess
import sys

import pytest
import websockets
from support.http import eventually, get
from support.program import DEADLINE_S
from support.proxy import Impostor, Proxy
from support.tls import TLS_1_2, TLS_1_3, client_context

PATH = "/topic/a-path-that-is-nobody-s-business"
MESSAGE = "a message that is nobody's business"


@pytest.fixture(scope="module")
def server(start_tls_server_for_module):
    return start_tls_server_for_module()


def session(url, **options):
    """One client that sends a message to all, and receives it."""

    async def talk():
        async with websockets.connect(url, **options) as client:
            await client.send("all " + MESSAGE)
            assert await client.recv() == "all " + MESSAGE

    asyncio.run(asyncio.wait_for(talk(), DEADLINE_S))


def test_of_ws_everything_can_be_read(server):
    with Proxy(server.address) as proxy:
        session(f"ws://127.0.0.1:{proxy.port}{PATH}")
    assert f"GET {PATH} HTTP/1.1".encode() in proxy.sent
    # Masking (RFC 6455 section 5.3) is there for other reasons: the key is in front of the payload.
    assert MESSAGE.encode() in proxy.answered


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3], ids=["TLS 1.2", "TLS 1.3"])
def test_of_wss_nothing_can_be_read(server, certificates, version):
    context = client_context(certificates.root, version)
    with Proxy(server.secure.address) as proxy:
        session(f"wss://localhost:{proxy.port}{PATH}", ssl=context)
    assert len(proxy.sent) > 300 and len(proxy.answered) > 1000, "it has been listening"
    for secret in (PATH, PATH[7:], MESSAGE, "GET", "HTTP/1.1", "Upgrade", "websocket", "Sec-WebSocket"):
        assert secret.encode() not in proxy.sent
        assert secret.encode() not in proxy.answered


@pytest.fixture(scope="module")
def impostor(server, certificates):
    with Impostor(server.secure.address, certificates.strange) as proxy:
        yield proxy


@pytest.fixture
def handles_nothing(server):
    """Not one request or message of the test itself may reach a handler."""
    before = json.loads(get(server, "/statistics").body)
    yield
    after = json.loads(get(server, "/statistics").body)
    assert after["requests"] == before["requests"] + 1
    assert after["messages_received"] == before["messages_received"]


def test_an_impostor_would_read_all_if_it_was_trusted(impostor):
    """That it is able to is what makes the next tests tell something."""
    session(f"wss://localhost:{impostor.port}{PATH}", ssl=client_context())
    eventually(lambda: f"GET {PATH} HTTP/1.1".encode() in impostor.sent and MESSAGE.encode() in impostor.answered)


def test_websockets_does_not_speak_to_an_impostor(impostor, certificates, handles_nothing):
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        session(f"wss://localhost:{impostor.port}{PATH}", ssl=client_context(certificates.root))


def test_curl_does_not_speak_to_an_impostor(impostor, certificates, handles_nothing):
    done = subprocess.run(
        ["curl", "-sS", "--cacert", certificates.root, f"https://localhost:{impostor.port}/"], capture_output=True
    )
    assert done.returncode == 60, done
    assert b"certificate" in done.stderr


def test_python_s_urllib_does_not_speak_to_an_impostor(impostor, certificates, handles_nothing):
    program = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], cafile=sys.argv[2])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, f"https://localhost:{impostor.port}/", certificates.root],
        capture_output=True,
    )
    assert done.returncode != 0 and b"CERTIFICATE_VERIFY_FAILED" in done.stderr


def test_a_certificate_for_another_name_is_no_better(server, certificates, handles_nothing):
    with Impostor(server.secure.address, certificates.exact) as impostor:
        with pytest.raises(Exception, match="(?i)hostname mismatch"):
            session(f"wss://localhost:{impostor.port}{PATH}", ssl=client_context(certificates.root))

"""The client by way of proxies: tinyproxy (HTTP) and microsocks (SOCKS5)."""

import json
import ssl

import pytest
from support.http_server import HttpServer
from support.name_server import NameServer
from support.nginx import free_port
from support.peers import microsocks, tinyproxy
from support.scripted import Scripted, answering, response
from support.websocket_server import WebSocketServer

USER, PASSWORD = "alice", "open%sesame"  # a percent sign has to be escaped in a URL
ESCAPED = "alice:open%25sesame"


@pytest.fixture(scope="module")
def context(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.here.chain, certificates.here.key)
    return context


@pytest.fixture(scope="module")
def peers(context):
    """One server for each scheme."""
    with (
        HttpServer() as http,
        HttpServer(tls=context) as https,
        WebSocketServer() as ws,
        WebSocketServer(tls=context) as wss,
    ):
        yield {"http": http, "https": https, "ws": ws, "wss": wss}


@pytest.fixture(scope="module")
def proxies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proxies")
    with (
        tinyproxy(folder) as http,
        tinyproxy(folder, user=USER, password="opensesame") as http_login,
        microsocks() as socks,
        microsocks(user=USER, password=PASSWORD) as socks_login,
    ):
        yield {
            "http": f"http://127.0.0.1:{http}",
            "http with login": f"http://alice:opensesame@127.0.0.1:{http_login}",
            "socks5": f"socks5://127.0.0.1:{socks}",
            "socks5 with login": f"socks5h://{ESCAPED}@127.0.0.1:{socks_login}",
        }


KINDS = ["http", "http with login", "socks5", "socks5 with login"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_schemes_by_all_proxies(start_client, certificates, peers, proxies, kind):
    client = start_client(proxy=proxies[kind], tls={"ca": certificates.root})
    proxy_address = proxies[kind].split("//")[1].split("@")[-1]
    for scheme in ("http", "https"):
        answer = client.get(peers[scheme].url + "/reflect")
        assert answer["status"] == 200
        assert answer["peer"] == proxy_address
        assert answer["secure"] == (scheme == "https")
        fields = {name.lower(): value for name, value in json.loads(answer["content"])["fields"]}
        assert "proxy-authorization" not in fields, "what logs in at the proxy is no business of the server"
        assert fields["host"] == peers[scheme].url.split("//")[1]
        # tinyproxy ends a connection after each request that is not a tunnel.
        assert client.get(peers[scheme].url)["reused"] or (scheme == "http" and kind.startswith("http"))
    for scheme in ("ws", "wss"):
        socket = client.connect(peers[scheme].url + "/echo")
        assert socket.do("echo", count=100, bytes=200) == {"echoed": 100}
        assert socket.close() == (1000, "")


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_names_are_resolved_by_the_proxy(start_client, peers, proxies, kind):
    """Nobody else learns them: the client's own name server is not asked."""
    with NameServer({}) as names:
        client = start_client(proxy=proxies[kind], name_servers=[names.address])
        assert client.get(f"http://localhost:{peers['http'].port}/").content == b"hello"
        assert names.asked == []


@pytest.mark.parametrize(
    ("kind", "url", "failure", "status"),
    [
        ("http with login", "http://{}", "authentication_required", 407),
        ("http with login", "http://alice:wrong@{}", "authentication_refused", 401),
        ("socks5 with login", "socks5://{}", "no_acceptable_method", None),
        ("socks5 with login", "socks5://alice:wrong@{}", "login_refused", None),
    ],
)
def test_logins_that_fail(start_client, certificates, peers, proxies, kind, url, failure, status):
    address = proxies[kind].split("@")[-1]
    client = start_client(proxy=url.format(address), tls={"ca": certificates.root})
    for scheme in ("https", "ws", "wss"):
        failed = client.get(peers[scheme].url) if scheme == "https" else client.try_connect(peers[scheme].url)
        assert failed.failure == f"proxy: client::ProxyError::{failure}"
        assert failed["error"]["peer"] == address
        assert "wrong" not in json.dumps(failed), "the password is not told"
        if status:
            assert failed.refusal["status"] == status
    answer = client.get(peers["http"].url)
    # A proxy's refusal of a plain request looks like any response.
    assert answer["status"] == status if status else answer.failure == f"proxy: client::ProxyError::{failure}"


def test_targets_that_are_not_there(start_client, proxies):
    nobody = free_port()
    client = start_client(proxy=proxies["socks5"])
    assert client.get(f"http://127.0.0.1:{nobody}/").failure == "proxy: client::ProxyError::connection_refused"
    client = start_client(proxy=proxies["http"])
    failed = client.get(f"https://127.0.0.1:{nobody}/")
    assert failed.failure == "proxy: client::ProxyError::tunnel_refused"
    assert failed.refusal["status"] >= 500 and str(failed.refusal["status"]) in failed.reason


def test_a_proxy_that_is_not_there(start_client, peers):
    nobody = free_port()
    for url in (f"http://127.0.0.1:{nobody}", f"socks5://127.0.0.1:{nobody}"):
        failed = start_client(proxy=url).get(peers["http"].url)
        assert failed.failure == "connect: std::errc::connection_refused"
        assert failed["error"]["peer"] == f"127.0.0.1:{nobody}"
    failed = start_client(proxy="http://proxy.invalid:1").get(peers["http"].url)
    assert failed["error"]["step"] == "resolve"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "closed_early"),
        (b"HTTP/1.1 200 O", "closed_early"),
        (b"SSH-2.0\r\n", "malformed_response"),
        (response("403 Filtered", "not there"), "tunnel_refused"),
        (b"HTTP/1.1 200 Connection established\r\n\r\nsurplus", "surplus_bytes"),
    ],
    ids=["nothing", "cut", "garbage", "refusal", "surplus"],
)
def test_http_proxies_that_misbehave(start_client, answer, error):
    with Scripted(answering(answer)) as proxy:
        failed = start_client(proxy=proxy.url).get("https://example.test/")
        assert failed.failure == f"proxy: client::ProxyError::{error}"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([b""], "closed_early"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "not_socks5"),
        ([b"\x05\xff"], "no_acceptable_method"),
        ([b"\x05\x01"], "method_not_offered"),
        *(
            ([b"\x05\x00", bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])], error)
            for reply, error in enumerate(
                "general_failure not_allowed network_unreachable host_unreachable connection_refused "
                "ttl_expired command_not_supported address_not_supported unknown_reply".split(),
                start=1,
            )
        ),
        ([b"\x05\x00", b"\x05\x00\x01\x01\0\0\0\0\0\0"], "reserved_byte_not_zero"),
        ([b"\x05\x00", b"\x05\x00\x00\x02\0\0\0\0\0\0"], "unknown_address_type"),
        ([b"\x05\x00", b"\x05\x00\x00\x01\0\0"], "closed_early"),
    ],
)
def test_socks_proxies_that_misbehave(start_client, answers, error):
    def script(visitor):
        for answer in answers:
            visitor._more()
            visitor.buffer = b""
            visitor.send(answer)

    with Scripted(script) as proxy:
        failed = start_client(proxy=f"socks5://{proxy.authority}").get("http://example.test/")
        assert failed.failure == f"proxy: client::ProxyError::{error}"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_silent_proxy(start_client, scheme):
    with Scripted(lambda visitor: visitor.until_closed()) as proxy:
        client = start_client(proxy=f"{scheme}://{proxy.authority}", time_limits_ms={"proxy": 100})
        assert client.get("https://example.test/").failure == "proxy: std::errc::timed_out"


# The environment


@pytest.fixture
def traced():
    """A proxy of which only the address counts: it answers everything."""
    with Scripted(answering(response("200 OK", "by proxy"))) as proxy:
        yield proxy


def test_the_environment_names_proxies(start_client, traced):
    client = start_client(environment={"http_proxy": traced.url})
    assert client.get("http://example.test/").content == b"by proxy"
    client = start_client(environment={"all_proxy": traced.url})
    assert client.get("http://example.test/a").content == b"by proxy"
    client = start_client(environment={"all_proxy": "http://127.0.0.1:1", "http_proxy": traced.url})
    assert client.get("http://example.test/b").content == b"by proxy"


def test_https_proxy_counts_for_encrypted_urls(start_client, traced):
    client = start_client(environment={"https_proxy": traced.url, "http_proxy": "http://127.0.0.1:1"})
    failed = client.try_connect("wss://example.test/")
    assert failed["error"]["peer"] in (traced.authority, "example.test:443") and traced.visits == 1
    assert client.get("http://example.test/").failure == "connect: std::errc::connection_refused"


def test_what_goes_by_no_proxy(start_client, traced, peers):
    with NameServer({"a.inside.test": ["127.0.0.1"], "outside.test": ["127.0.0.1"]}) as names:
        options = {"name_servers": [names.address]}
        for client in (
            start_client(environment={"http_proxy": traced.url, "no_proxy": "inside.test,10.0.0.0/8"}, **options),
            start_client(proxy=traced.url, no_proxy=".inside.test", **options),
        ):
            assert client.get(f"http://a.inside.test:{peers['http'].port}/").content == b"hello"
            assert client.get(f"http://outside.test:{peers['http'].port}/").content == b"by proxy"


def test_the_environment_is_not_for_this_machine(start_client, traced, peers):
    client = start_client(environment={"http_proxy": traced.url, "all_proxy": traced.url})
    assert client.get(peers["http"].url).content == b"hello"
    assert start_client(proxy=traced.url).get(peers["http"].url).content == b"by proxy"


def test_the_environment_need_not_count(start_client, traced, peers):
    client = start_client(environment={"http_proxy": traced.url}, proxy_from_environment=False)
    with NameServer({}) as names:
        client = start_client(
            environment={"http_proxy": traced.url}, proxy_from_environment=False, name_servers=[names.address]
        )
        assert client.get("http://example.test/").failure == "resolve: net::ResolveError::host_not_found"
    assert traced.visits == 0


def test_a_proxy_that_is_none(start_client):
    refused = start_client(proxy="ftp://127.0.0.1:1").refused
    assert refused and "ftp" not in refused

"""The client against Python's http.server: methods, content, redirections, credentials, cookies,
codings."""

import json
import ssl

import pytest
from support.http_server import CODINGS, TEXT, HttpServer

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server():
    with HttpServer() as running:
        yield running


@pytest.fixture(scope="module")
def other():
    """Another origin."""
    with HttpServer() as running:
        yield running


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


@pytest.fixture
def secure(certificates):
    with HttpServer(tls=server_context(certificates.here)) as running:
        yield running


def reflected(answer):
    assert answer["status"] == 200, answer
    told = json.loads(answer["content"])
    told["names"] = {name.lower(): value for name, value in told["fields"]}
    return told


# Requests


def test_get(client, server):
    answer = client.get(server.url + "/hello?a=b#fragment")
    assert (answer["status"], answer.content, answer["version"]) == (200, b"hello", "1.1")
    assert answer["reason"] == "OK"
    assert answer["peer"] == f"127.0.0.1:{server.port}"
    assert (answer["reused"], answer["secure"], answer["redirects"]) == (False, False, 0)
    assert answer["request_head"].startswith("GET /hello?a=b HTTP/1.1\r\n")
    assert answer["raw"].startswith("HTTP/1.1 200 OK\r\n") and answer["raw"].endswith("\r\n\r\n")
    assert client.get(server.url)["reused"]


def test_fields_are_added_unless_they_are_given(client, server):
    told = reflected(client.get(server.url + "/reflect"))["names"]
    assert told["host"] == f"127.0.0.1:{server.port}"
    assert told["user-agent"] == "duplex"
    assert told["accept"] == "*/*"
    assert {word.strip() for word in told["accept-encoding"].split(",")} == {"gzip", "deflate", "br", "zstd"}
    told = reflected(client.get(server.url + "/reflect", fields=[["User-Agent", "other"], ["X-A", "1"], ["x-a", "2"]]))
    assert told["names"]["user-agent"] == "other"
    assert [value for name, value in told["fields"] if name.lower() == "x-a"] == ["1", "2"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods(client, server, method):
    content = {"text": "tärä"} if method in ("POST", "PUT", "PATCH") else None
    told = reflected(client.send(method, server.url + "/reflect", content))
    assert told["method"] == method
    if content:
        assert told["content"].encode("latin-1").decode() == "tärä"
        assert told["names"]["content-type"] == "text/plain; charset=utf-8"
        assert told["names"]["content-length"] == "6"


def test_head_has_no_content(client, server):
    answer = client.send("HEAD", server.url + "/bytes/1000")
    assert (answer["content"], answer.field("Content-Length")) == ("", "1000")
    assert client.get(server.url)["reused"]


@pytest.mark.parametrize(
    ("content", "media_type", "received"),
    [
        ({"json": '{"a": 1}'}, "application/json", b'{"a": 1}'),
        ({"bytes": "\x00\xff"}, "application/octet-stream", b"\x00\xff"),
        ({"form": [["a b", "c&d"], ["e", "ü"]]}, "application/x-www-form-urlencoded", b"a+b=c%26d&e=%C3%BC"),
        ({"streamed": {"bytes": 25_000, "announced": 25_000}}, "text/plain", b"s" * 25_000),
        ({"streamed": {"bytes": 25_000}}, "text/plain", b"s" * 25_000),
        ({"streamed": {"bytes": 0}}, "text/plain", b""),
    ],
    ids=["json", "bytes", "form", "announced", "chunked", "nothing"],
)
def test_content(client, server, content, media_type, received):
    told = reflected(client.post(server.url + "/reflect", content))
    assert told["content"].encode("latin-1") == received
    assert told["names"]["content-type"] == media_type
    chunked = "streamed" in content and "announced" not in content["streamed"]
    assert told["names"].get("transfer-encoding") == ("chunked" if chunked else None)


def test_a_file(client, server, tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"<p>" * (2 * MIB // 3))
    answer = client.post(server.url + "/reflect", {"file": path})
    told = reflected(answer)
    assert told["content"].encode() == path.read_bytes()
    assert told["names"]["content-type"].startswith("text/html")
    size = path.stat().st_size
    assert answer["upload"]["bytes"] == answer["upload"]["total"] == size
    assert not answer["upload"]["went_back"]


@pytest.mark.parametrize("way", ["wait", "then"])
def test_other_ways_to_call(client, server, way):
    assert client.get(server.url, way=way).content == b"hello"
    assert client.get("http://127.0.0.1:1/", way=way).failure == "connect: std::errc::connection_refused"


def test_many_at_once(start_client, server):
    client = start_client(pool={"connections_per_origin_max": 4})
    going = [client.begin_get(server.url + f"/bytes/{size}") for size in range(200)]
    assert [len(one.result()["content"]) for one in going] == list(range(200))
    statistics = client.statistics()
    assert statistics["connections_opened"] == 4
    assert statistics["connections_reused"] == 196
    assert statistics["requests"] == 200


def test_too_many_wait(start_client, server):
    client = start_client(pool={"connections_per_origin_max": 1, "waiting_per_origin_max": 2})
    going = [client.begin_get(server.url) for _ in range(6)]
    failures = [one.result().failure for one in going]
    assert "connect: client::ClientError::too_many_requests" in failures
    assert failures.count(None) >= 3


def test_options_of_the_client(start_client, server):
    client = start_client(user_agent="", fields=[["X-All", "yes"], ["X-Mine", "client's"]])
    told = reflected(client.get(server.url + "/reflect", fields=[["X-Mine", "request's"]]))["fields"]
    names = {name.lower(): value for name, value in told}
    assert "user-agent" not in names
    assert (names["x-all"], names["x-mine"]) == ("yes", "request's")
    assert len([name for name, _ in told if name.lower() == "x-mine"]) == 1


# Streams


def test_a_stream(client, server):
    import zlib

    answer = client.stream(server.url + "/coded/br")
    assert (answer["bytes"], answer["crc32"]) == (len(TEXT), zlib.crc32(TEXT))
    coded = len(CODINGS["br"](TEXT))
    assert answer["download"]["bytes"] == answer["download"]["total"] == answer["content_length"] == coded
    answer = client.stream(server.url + "/chunked")
    assert (answer["bytes"], answer["trailers"]) == (11, [["X-Sum", "11"]])
    assert client.get(server.url)["reused"]


def test_a_stream_that_is_dropped(client, server):
    answer = client.stream(server.url + f"/bytes/{50 * MIB}", drop_at=100_000)
    assert 100_000 <= answer["bytes"] < MIB
    assert not client.get(server.url)["reused"]


def test_what_is_not_read_is_not_received(client, server):
    """The server is held up by TCP, and the client holds no more than a little of it."""
    before = client.memory("VmHWM")
    going = client.begin("stream", url=server.url + f"/bytes/{200 * MIB}", hold=True)
    going.event("waits")
    assert client.get(server.url).content == b"hello"  # meanwhile others go on
    client.do("go", what=going.number)
    assert going.result()["bytes"] == 200 * MIB
    assert client.memory("VmHWM") - before < 16 * MIB


def test_trailers_of_a_whole_response(client, server):
    answer = client.get(server.url + "/chunked")
    assert (answer.content, answer["trailers"]) == (b"hello world", [["X-Sum", "11"]])


# Codings


@pytest.mark.parametrize("coding", [*CODINGS])
def test_codings(client, server, coding):
    answer = client.get(server.url + "/coded/" + coding)
    assert answer.failure is None and answer.content == TEXT


def test_codings_one_on_another(client, server):
    assert client.get(server.url + "/coded-twice").content == TEXT


def test_content_as_it_is_on_the_wire(client, server):
    answer = client.get(server.url + "/coded/gzip", decode=False)
    assert answer.content[:2] == b"\x1f\x8b"
    assert "accept-encoding" not in answer.request_fields


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs(client, server, coding):
    """64 MiB of zeros in a few kilobytes."""
    before = client.memory("VmHWM")
    assert client.get(server.url + "/bomb/" + coding).failure in (
        "content: client::DecodeError::expands_too_much",
        "content: client::ClientError::content_too_large",
        "content: client::DecodeError::content_too_large",
    )
    assert client.memory("VmHWM") - before < 96 * MIB


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("miscoded/gzip", "not_gzip"),
        ("miscoded/deflate", "invalid_deflate"),
        ("miscoded/br", "incomplete"),
        ("miscoded/zstd", "not_zstd"),
        ("miscoded/compress", "unknown_coding"),
        ("cut/gzip", "incomplete"),
        ("cut/br", "incomplete"),
        ("cut/zstd", "incomplete"),
        ("behind/gzip", "trailing_data"),
        ("behind/br", "trailing_data"),
    ],
)
def test_content_that_is_not_what_it_says(client, server, path, error):
    assert client.get(server.url + "/" + path).failure == f"content: client::DecodeError::{error}"


def test_content_beyond_the_limit(client, server):
    url = server.url + "/bytes/1000"
    assert client.get(url, body_bytes_max=1000).failure is None
    assert client.get(url, body_bytes_max=999).failure == "content: client::ClientError::content_too_large"
    coded = client.get(server.url + "/coded/gzip", body_bytes_max=len(TEXT) - 1)
    assert coded.failure == "content: client::ClientError::content_too_large"


# Redirections


def redirected(server, status, to):
    return f"{server.url}/redirect/{status}?to={to}"


@pytest.mark.parametrize(
    ("status", "method", "afterwards", "with_content"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (301, "PUT", "PUT", True),
        (302, "DELETE", "DELETE", False),
        (307, "POST", "POST", True),
        (308, "PATCH", "PATCH", True),
        (303, "HEAD", "HEAD", False),
    ],
)
def test_which_method_follows(client, server, status, method, afterwards, with_content):
    content = {"text": "content"} if method in ("POST", "PUT", "PATCH") else None
    answer = client.send(method, redirected(server, status, "/reflect"), content)
    assert (answer["status"], answer["redirects"]) == (200, 1)
    assert answer["url"] == server.url + "/reflect"
    assert answer["request_head"].startswith(afterwards + " /reflect ")
    if afterwards != "HEAD":
        told = reflected(answer)
        assert told["content"] == ("content" if with_content else "")
        assert ("content-type" in told["names"]) == with_content


def test_a_chain(client, server):
    answer = client.get(server.url + "/chain/10")
    assert (answer.content, answer["redirects"]) == (b"hello", 10)
    assert answer["reused"], "the connection is kept over redirections"
    failed = client.get(server.url + "/chain/11")
    assert failed.failure == "redirect: client::ClientError::too_many_redirects"
    assert client.get(server.url + "/chain/2", redirects_max=1).failure == failed.failure
    assert client.get(server.url + "/loop").failure == failed.failure


def test_none_are_followed_when_none_are_wanted(client, server):
    answer = client.get(server.url + "/chain/3", redirects_max=0)
    assert (answer["status"], answer["redirects"]) == (302, 0)


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/locations", "http::RedirectError::several_locations"),
        ("/redirect/302?to=ftp://example.test/", "http::RedirectError::invalid_location"),
        ("/redirect/302?to=http://user:pass@example.test/", "http::RedirectError::invalid_location"),
        ("/redirect/302?to=http://[::1/", "http::RedirectError::invalid_location"),
    ],
)
def test_redirections_that_lead_nowhere(client, server, path, error):
    assert client.get(server.url + path).failure == f"redirect: {error}"


SECRETS = [["Authorization", "Bearer x"], ["Cookie", "a=b"], ["Origin", "http://a.test"], ["X-Mine", "stays"]]


def test_credentials_stay_with_their_origin(client, server, other):
    here = reflected(client.get(redirected(server, 302, "/reflect"), fields=SECRETS))["names"]
    assert (here["authorization"], here["cookie"]) == ("Bearer x", "a=b")
    there = reflected(client.get(redirected(server, 302, other.url + "/reflect"), fields=SECRETS))["names"]
    assert there["x-mine"] == "stays"
    assert not {"authorization", "cookie", "origin", "proxy-authorization"} & there.keys()
    assert there["host"] == f"127.0.0.1:{other.port}"


def test_credentials_of_the_client_s_own_fields_stay_too(start_client, server, other):
    client = start_client(fields=[["Authorization", "Bearer all"]])
    assert reflected(client.get(server.url + "/reflect"))["names"]["authorization"] == "Bearer all"
    there = reflected(client.get(redirected(server, 302, other.url + "/reflect")))["names"]
    assert "authorization" not in there


def test_no_downgrade_unless_allowed(start_client, certificates, server, secure):
    client = start_client(tls={"ca": certificates.root})
    url = redirected(secure, 302, server.url + "/hello")
    assert client.get(url).failure == "redirect: http::RedirectError::downgrade"
    answer = client.get(url, allow_downgrade=True)
    assert (answer.content, answer["secure"]) == (b"hello", False)
    upwards = client.get(redirected(server, 302, secure.url + "/hello"))
    assert (upwards.content, upwards["secure"]) == (b"hello", True)


def test_content_that_can_be_made_only_once(client, server):
    content = {"streamed": {"bytes": 1000}}
    failed = client.post(redirected(server, 307, "/reflect"), content)
    assert failed.failure == "redirect: client::ClientError::content_not_replayable"
    assert reflected(client.post(redirected(server, 303, "/reflect"), content))["method"] == "GET"


# Who one is


def test_authentication(client, server):
    assert client.get(server.url + "/basic")["status"] == 401
    assert client.get(server.url + "/basic", basic=["user", "wrong"])["status"] == 401
    assert client.get(server.url + "/basic", basic=["user", "pass"]).content == b"welcome"
    told = reflected(client.get(server.url + "/reflect", bearer="abc.def"))
    assert told["names"]["authorization"] == "Bearer abc.def"


def test_cookies(start_client, server, other):
    client = start_client(cookies=True)
    url = server.url + "/cookies"
    cookies = ["a=1;Path=/", "b=2;Path=/cookies", "d=4;Domain=elsewhere.test"]
    assert client.get(url + "?set=" + "&set=".join(cookies)).content == b""
    assert set(client.get(url).content.decode().split("; ")) == {"a=1", "b=2"}
    assert reflected(client.get(server.url + "/reflect"))["names"]["cookie"] == "a=1"
    client.get(url + "?set=a=;Path=/;Max-Age=0")
    assert client.get(url).content == b"b=2"


def test_cookies_that_a_redirection_sets(start_client, server):
    client = start_client(cookies=True)
    # The redirection itself sets none, but what it leads to does, and then gets them.
    client.get(redirected(server, 302, "/cookies?set=seen=yes;Path=/"))
    assert client.get(server.url + "/cookies").content == b"seen=yes"


def test_without_a_jar_no_cookies_are_kept(client, server):
    client.get(server.url + "/cookies?set=a=1")
    assert client.get(server.url + "/cookies").content == b""


# Whether content is wanted


def test_expect_continue(client, server):
    answer = client.post(server.url + "/reflect", "wanted", expect_continue=True)
    told = reflected(answer)
    assert (told["content"], told["names"]["expect"]) == ("wanted", "100-continue")
    assert "/reflect" in server.expectations


def test_content_that_is_refused_is_not_sent(client, server):
    answer = client.post(server.url + "/expect/final", {"streamed": {"bytes": 50 * MIB}}, expect_continue=True)
    assert (answer["status"], answer["upload"]["bytes"]) == (413, 0)


@pytest.mark.parametrize("content", ["all the same", {"streamed": {"bytes": 5 * MIB}}], ids=["text", "streamed"])
def test_an_expectation_that_is_refused(client, server, content):
    """Once more without it (RFC 9110 section 10.1.1)."""
    refused = server.expectations.count("/expect/refused")
    answer = client.post(server.url + "/expect/refused", content, expect_continue=True)
    assert answer["status"] == 200
    assert server.expectations.count("/expect/refused") == refused + 1


def test_a_server_that_does_not_know_expect(start_client, server):
    client = start_client(time_limits_ms={"continue": 50})
    assert client.post(server.url + "/expect/ignored", "all the same", expect_continue=True)["status"] == 200


# What can't be sent


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://example.test/", "unsupported_scheme"),
        ("example.test", "missing_scheme"),
        ("http://user@example.test/", "user_information"),
        ("http://exa mple.test/", "bad_character"),
        ("http://example.test:0/", "port_zero"),
        ("http://example.test:99999/", "bad_authority"),
        ("http://example.test/%zz", "bad_escape"),
        ("http://example.test/" + "x" * 70_000, "too_long"),
    ],
)
def test_urls_that_are_none(client, url, error):
    failed = client.get(url)
    assert failed.failure == f"request: http::UrlError::{error}"
    assert failed["error"]["peer"] == url


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Content-Length", "framing_field"),
        ("Transfer-Encoding", "framing_field"),
        ("Connection", "connection_field"),
        ("Upgrade", "upgrade_field"),
        ("Expect", "expect_field"),
    ],
)
def test_fields_that_are_not_the_users(client, server, name, error):
    failed = client.get(server.url, fields=[[name, "1"]])
    assert failed.failure == f"request: http1::RequestError::{error}"


def test_content_that_fails(client, server):
    failed = client.post(server.url, {"streamed": {"bytes": 20_000, "fails": True}})
    assert failed.failure == "request: client::ClientError::content_failed"
    assert "the content could not be made" in failed.reason


@pytest.mark.parametrize("bytes", [9_999, 30_001])
def test_content_of_another_length_than_announced(client, server, bytes):
    failed = client.post(server.url, {"streamed": {"bytes": bytes, "announced": 20_000}})
    assert failed.failure == "request: client::ClientError::content_failed"


def test_a_file_that_is_not_there(client, server, tmp_path):
    failed = client.post(server.url, {"file": tmp_path / "missing"})
    assert failed.failure == "file: std::errc::no_such_file_or_directory"
    assert failed["error"]["peer"] == str(tmp_path / "missing")

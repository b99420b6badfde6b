"""What docs/client.md says of what is verified when, and with which error each failure ends: every
row is provoked, and the table is what came of it.

With DUPLEX_WRITE_DOCS=1 the table is written instead of compared."""

import os
import ssl
import threading
from dataclasses import dataclass

import pytest
from support.client import ENUMERATIONS, enumerators
from support.http_server import HttpServer
from support.name_server import SERVFAIL, NameServer
from support.nginx import free_port
from support.peers import Blackhole, TlsServer
from support.program import REPOSITORY
from support.scripted import Scripted, answering, response, upgrade
from support.wrong_answers import CUT, FRAMES, HANDSHAKES, OFFER, RESPONSES, head

DOCUMENT = REPOSITORY / "docs/client.md"


@dataclass
class World:
    """What a row needs to be provoked."""

    start_client: object
    certificates: object
    folder: object

    @property
    def client(self):
        return self.start_client()


# How things are provoked: each of these gives a function of the world that yields an outcome.


def get(url, **arguments):
    return lambda world: world.client.get(url, **arguments)


def connect(url, **arguments):
    return lambda world: world.client.try_connect(url, **arguments)


def answered(*answers, stays=True, options=None, **arguments):
    """A GET whose server answers so."""

    def provoke(world):
        with Scripted(answering(*answers, stays=stays)) as server:
            return world.start_client(**(options or {})).get(server.url, **arguments)

    return provoke


def upgraded(answer, stays=True, options=None, **arguments):
    """A WebSocket whose server answers so."""

    def provoke(world):
        with Scripted(answering(answer, stays=stays)) as server:
            client = world.start_client(**(options or {}))
            return client.try_connect(server.websocket_url, **OFFER, **arguments)

    return provoke


def served(path, method="GET", content=None, **arguments):
    def provoke(world):
        with HttpServer() as server:
            return world.client.send(method, server.url + path, content, **arguments)

    return provoke


def resolved(known, name="host.test", **limits):
    def provoke(world):
        with NameServer({"host.test": known}) as names:
            client = world.start_client(name_servers=[names.address], time_limits_ms=limits)
            return client.get(f"http://{name}/")

    return provoke


def dialled(*addresses, **limits):
    def provoke(world):
        with Blackhole() as hole, NameServer({"host.test": list(addresses)}) as names:
            client = world.start_client(name_servers=[names.address], time_limits_ms=limits)
            return client.get(f"http://host.test:{hole.port}/")

    return provoke


def encrypted(certificate, *arguments, by_address=False, pinned=None, client=None, **options):
    """A TLS server with a certificate, by the name of certificates.py."""

    def provoke(world):
        tls = {"ca": world.certificates.root, **options}
        if pinned:
            tls["pins"] = ["sha256//" + getattr(world.certificates, pinned).public_key_hash()]
        with TlsServer(getattr(world.certificates, certificate), *arguments) as server:
            return world.start_client(tls=tls).get(server.by_address if by_address else server.url)

    return provoke


def demanding(world):
    """A TLS server that wants to see a certificate, and is shown none."""
    demands = ["-Verify", "2", "-verify_return_error", "-CAfile", world.certificates.root]
    return encrypted("here", *demands)(world)


def greeted(script, scheme="https", **limits):
    """A server that says something else than TLS."""

    def provoke(world):
        def respond(visitor):
            visitor._more()
            script(visitor)

        with Scripted(respond) as server:
            return world.start_client(time_limits_ms=limits).get(f"{scheme}://{server.authority}/")

    return provoke


def proxied(scheme, *answers, login="", target="https://host.test/", stays=False, **limits):
    """A proxy that answers so, whatever it is asked."""

    def provoke(world):
        def script(visitor):
            for answer in answers:
                visitor._more()
                visitor.buffer = b""
                visitor.send(answer)
            if stays:
                visitor.until_closed()

        with Scripted(script) as proxy:
            client = world.start_client(proxy=f"{scheme}://{login}{proxy.authority}", time_limits_ms=limits)
            return client.get(target)

    return provoke


def stale_post(world):
    """A connection that had served a request ends before the next is answered."""
    visits = []

    def script(visitor):
        visitor.read_request()
        visitor.send(response("200 OK", "hello"))
        visits.append(visitor.read_request())

    with Scripted(script) as server:
        client = world.client
        client.get(server.url)
        return client.post(server.url, "order")


def busy(world):
    with Scripted(answering(b"", stays=True)) as server:
        client = world.start_client(pool={"connections_per_origin_max": 1, "waiting_per_origin_max": 1})
        going = [client.begin_get(server.url) for _ in range(3)]
        outcome = going[2].result()
        client.close()
        return outcome


def stalled(world):
    stop = threading.Event()
    with Scripted(lambda visitor: (visitor.read_head(), stop.wait(30))) as server:
        client = world.start_client(time_limits_ms={"stalled_write": 100})
        outcome = client.post(server.url, {"streamed": {"bytes": 100 << 20}})
        stop.set()
        return outcome


def downloaded(*answers):
    def provoke(world):
        with Scripted(answering(*answers)) as server:
            return world.client.download(server.url, world.folder / "file")

    return provoke


def downgraded(world):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.certificates.here.chain, world.certificates.here.key)
    with HttpServer(tls=context) as server:
        client = world.start_client(tls={"ca": world.certificates.root})
        return client.get(server.url + "/redirect/302?to=http://127.0.0.1:1/")


def truncated(world):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(world.certificates.here.chain, world.certificates.here.key)
    with Scripted(answering(head() + b"all?"), tls=context) as server:
        return world.start_client(tls={"ca": world.certificates.root}).get(
            f"https://localhost:{server.port}/"
        )


def reconnecting(world):
    going = world.client.reconnecting(
        f"ws://127.0.0.1:{free_port()}/", attempts_max=2, delay_ms_first=1, delay_ms_max=1
    )
    return going.result()


def cancelled(world):
    asked = threading.Event()

    def script(visitor):
        visitor.read_head()
        asked.set()
        visitor.until_closed()

    with Scripted(script) as server:
        going = world.client.begin_get(server.url)
        asked.wait()
        going.cancel()
        return going.result()


def responses(*errors):
    """All answers of a table that break one of these rules."""
    return [answered(answer) for error, answer in RESPONSES if error in errors]


def handshakes(*errors):
    return [upgraded(answer) for error, answer in HANDSHAKES if error in errors]


def cut(*errors):
    return [answered(answer, stays=False) for error, answer in CUT if error in errors]


BEFORE, NAME, CONNECTION, PROXY = "before anything is sent", "name", "connection", "proxy"
TLS, UPGRADE, HEAD, CONTENT = "TLS handshake", "answer to an upgrade", "head of a response", "content"
RECORDS, REDIRECTION, DOWNLOAD, ALWAYS = "TLS records", "redirection", "download", "at any time"

# When something is verified, what, and how a failure is provoked; in the order of a call.
ROWS = [
    (
        *(BEFORE, "the URL can be asked for"),
        *(get("http://host.test/" + "x" * 70_000), get("http://ho st.test/"), get("http://host.test/%zz")),
        *(get("host.test"), get("ftp://host.test/"), get("http://user@host.test/"), get("http://host.test:99999/")),
        *(get("http://host.test:0/"), connect("ws://host.test/#part")),
    ),
    (
        *(BEFORE, "no field says what is the client's to say: length, connection, `Expect`, `Upgrade`"),
        *(served("/", fields=[[name, "1"]]) for name in ("Content-Length", "Connection", "Expect", "Upgrade")),
    ),
    (
        *(BEFORE, "what a WebSocket offers may be offered: compression, subprotocols, origin"),
        connect("ws://host.test/", deflate={"send_window_bits_max": 8}),
        connect("ws://host.test/", subprotocols=["one", "one"]),
        connect("ws://host.test/", origin="https://host.test\n"),
    ),
    (BEFORE, "a file to send is there", served("/", "PUT", {"file": "/nonexistent/file"})),
    (BEFORE, "not too many requests wait for the same server already", busy),
    (NAME, "it is one", resolved([], name="x" * 64 + ".test")),
    (NAME, "it exists", resolved([], name="missing.test")),
    (NAME, "it has addresses", resolved([])),
    (NAME, "the name servers answer, in words that can be read", resolved(SERVFAIL), resolved(None, resolve=100)),
    (CONNECTION, "one of the addresses takes it", dialled("127.0.0.1", "::1")),
    (CONNECTION, "in time", dialled("127.0.0.2", connect=100)),
    (CONNECTION, "the Unix socket is there", get("http://host.test/", unix_path="/nonexistent/socket")),
    (
        *(PROXY, "it speaks SOCKS5, or HTTP"),
        proxied("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        *(proxied("socks5", b"\x05\x01"), proxied("socks5", b"\x05\x00", b"\x05\x00\x01\x01\0\0\0\0\0\0")),
        proxied("socks5", b"\x05\x00", b"\x05\x00\x00\x02\0\0\0\0\0\0"),
        *(proxied("http", b"SSH-2.0\r\n"), proxied("http", b"HTTP/1.1 2")),
        proxied("http", b"HTTP/1.1 200 OK\r\n\r\nsurplus"),
    ),
    (
        *(PROXY, "it lets us in"),
        *(proxied("socks5", b"\x05\xff"), proxied("socks5", b"\x05\x02", b"\x01\x01", login="me:wrong@")),
        proxied("http", response("407 Proxy Authentication Required", "", "Proxy-Authenticate: Basic realm=x")),
        proxied("http", response("407 Again", "", "Proxy-Authenticate: Basic realm=x"), login="me:wrong@"),
    ),
    (
        *(PROXY, "it leads to the server"),
        proxied("http", response("403 Filtered")),
        *(proxied("socks5", b"\x05\x00", bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])) for reply in range(1, 10)),
    ),
    (PROXY, "in time", proxied("http", stays=True, proxy=100), proxied("socks5", stays=True, proxy=100)),
    (TLS, "the server speaks TLS", greeted(lambda visitor: visitor.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))),
    (TLS, "a version that is secure", encrypted("here", "-tls1_2", only_1_3=True)),
    (TLS, "a suite that is secure", encrypted("here_rsa", "-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0")),
    (TLS, "the certificate leads to an authority that is trusted", encrypted("strange")),
    (TLS, "and does not vouch for itself alone", encrypted("self_signed")),
    (TLS, "its time has begun", encrypted("not_yet_valid")),
    (TLS, "and is not over", encrypted("expired")),
    (TLS, "it is for the host of the URL", encrypted("elsewhere")),
    (TLS, "or for its address, where the URL has one", encrypted("by_name_only", by_address=True)),
    (TLS, "it is for servers", encrypted("for_clients")),
    (
        *(TLS, "keys and signatures of the chain can't be forged"),
        encrypted("weak_key", "-cipher", "DEFAULT@SECLEVEL=0"),
        encrypted("weak_digest", "-cipher", "DEFAULT@SECLEVEL=0"),
    ),
    (TLS, "its key is one of those pinned, if some are", encrypted("here", pinned="renewed")),
    (TLS, "the server takes our certificate, or wants none", demanding),
    (TLS, "the handshake is whole", greeted(lambda visitor: None)),
    (TLS, "in time", greeted(lambda visitor: visitor.until_closed(), handshake=100)),
    (RECORDS, "an end is the server's own, and nobody's who cut the connection", truncated),
    (
        *(UPGRADE, "the status is 101; else the response is in the error"),
        *(upgraded(response(status, "no")) for status in ("200 OK", "403 Forbidden")),
    ),
    (UPGRADE, "by HTTP/1.1", upgraded(lambda head: upgrade(head, status="HTTP/1.0 101 Switching Protocols"))),
    (UPGRADE, "`Upgrade` is `websocket`, once", *handshakes("not_one_upgrade", "upgrade_not_websocket")),
    (UPGRADE, "`Connection` lists `upgrade`", *handshakes("no_connection_upgrade")),
    (UPGRADE, "`Sec-WebSocket-Accept` is the one for our key, once", *handshakes("not_one_accept", "wrong_accept")),
    (
        *(UPGRADE, "extensions can be read, and are what was offered, once"),
        *handshakes("malformed_extensions", "extension_not_offered", "repeated_extension"),
    ),
    (
        *(UPGRADE, "compression has the parameters that it may have"),
        *handshakes("unknown_deflate_parameter", "repeated_deflate_parameter", "invalid_deflate_value"),
    ),
    (
        *(UPGRADE, "and those that we insist on, and no others that need our consent"),
        *handshakes("server_context_not_refused", "server_window_too_large", "client_window_not_offered"),
    ),
    (
        *(UPGRADE, "at most one subprotocol, of those that were offered"),
        *handshakes("repeated_subprotocol", "subprotocol_not_offered"),
    ),
    (UPGRADE, "in time", upgraded(b"", options={"time_limits_ms": {"head": 100}})),
    (HEAD, "there is one", *cut("no_response"), stale_post),
    (
        *(HEAD, "its first line is that of HTTP/1.0 or 1.1"),
        *responses("invalid_status_line", "unsupported_version", "invalid_status_code", "invalid_reason"),
    ),
    (
        *(HEAD, "its lines are fields, and end as they must"),
        *responses("bare_carriage_return", "bare_line_feed", "folded_line", "space_before_colon"),
        *responses("empty_field_name", "invalid_field_name", "invalid_field_value"),
    ),
    (HEAD, "within limits", *responses("head_too_large", "too_many_fields", "too_many_interim_responses")),
    (
        *(HEAD, "it says in one way where the content ends"),
        *responses("transfer_encoding_and_length", "transfer_encoding_in_http_1_0", "repeated_transfer_encoding"),
        *responses("chunked_not_last", "unknown_transfer_coding", "differing_content_lengths"),
        *responses("invalid_content_length", "forbidden_content"),
    ),
    (HEAD, "it switches to no protocol that nobody asked for", *responses("unexpected_upgrade")),
    (HEAD, "it is whole", *cut("incomplete_head")),
    (HEAD, "in time", answered(b"", options={"time_limits_ms": {"head": 100}})),
    (
        *(CONTENT, "chunks are chunks"),
        *responses("invalid_chunk_size", "chunk_size_overflow", "invalid_chunk_extension"),
        *responses("chunk_extension_too_large", "missing_chunk_end", "trailers_too_large"),
    ),
    (CONTENT, "it is whole", *cut("incomplete_content")),
    (
        *(CONTENT, "it goes on, in either direction"),
        *(answered(head("Content-Length: 5"), options={"time_limits_ms": {"progress": 100}}), stalled),
    ),
    (
        *(CONTENT, "it is coded as it says"),
        *(served(f"/miscoded/{coding}") for coding in ("gzip", "deflate", "br", "zstd", "compress")),
        *(served("/cut/gzip"), served("/behind/gzip")),
    ),
    (
        *(CONTENT, "it expands no more than content does, and to no more than is wanted"),
        *(served("/bomb/gzip"), served("/coded/gzip", body_bytes_max=1000), served("/bytes/1000", body_bytes_max=999)),
    ),
    (CONTENT, "ours can be made", served("/", "POST", {"streamed": {"bytes": 20_000, "fails": True}})),
    (
        *(REDIRECTION, "it leads to one place, by HTTP"),
        *(served("/locations"), served("/redirect/302?to=ftp://host.test/")),
    ),
    (REDIRECTION, "it stays encrypted, unless that is waived", downgraded),
    (REDIRECTION, "it is not one too many", served("/loop")),
    (
        *(REDIRECTION, "content that it wants again can be had again"),
        served("/redirect/307?to=/", "POST", {"streamed": {"bytes": 10}}),
    ),
    (DOWNLOAD, "the response brings a file; else it is in the error", downloaded(response("404 Not Found", "no"))),
    (
        *(DOWNLOAD, "a part comes only where one was asked for"),
        downloaded(response("206 Partial Content", "6789", 'ETag: "a"', "Content-Range: bytes 6-9/10")),
    ),
    (ALWAYS, "the deadline has not passed", answered(b"", deadline_ms=100)),
    (ALWAYS, "nobody has cancelled", cancelled),
    (ALWAYS, "a socket that comes back has attempts left", reconnecting),
]


def names_in_order(codes):
    """`tls::TlsError`: `weak`; or several names, in the order of their enumeration."""
    named = {}
    for code in codes:
        enumeration, _, name = code.rpartition("::")
        named.setdefault(enumeration, set()).add(name)
    order = [name for category in ENUMERATIONS for name in enumerators(category).values()]

    def place(name):
        return order.index(name) if name in order else 0

    return "; ".join(
        f"`{enumeration}`: " + ", ".join(f"`{name}`" for name in sorted(names, key=place))
        for enumeration, names in named.items()
    )


def cells(world, row):
    when, what, *ways = row
    failures = [way(world).failure for way in ways]
    assert None not in failures, f"{when}, {what}: {failures}"
    steps = sorted({failure.split(": ")[0] for failure in failures})
    return when, what, ", ".join(f"`{step}`" for step in steps), names_in_order(f.split(": ")[1] for f in failures)


def table(columns, lines):
    rule = " | ".join(["---"] * len(columns))
    return "".join(f"| {' | '.join(line)} |\n" for line in [columns, rule.split(" | "), *lines])


def closed_by(world, frames):
    def script(visitor):
        visitor.send(upgrade(visitor.read_head()) + frames)
        visitor.until_closed()

    with Scripted(script) as server:
        return world.client.connect(server.websocket_url).until_closed()


def compare(name, made):
    """The part of the document that is called `name` is what was made."""
    begin, end = f"<!-- {name}: made by tests/integration/test_client_verified.py -->\n", f"<!-- end of {name} -->\n"
    text = DOCUMENT.read_text()
    before, rest = text.split(begin)
    written, behind = rest.split(end)
    if os.environ.get("DUPLEX_WRITE_DOCS"):
        DOCUMENT.write_text(before + begin + "\n" + made + "\n" + end + behind)
    else:
        assert written.strip() == made.strip()


@pytest.fixture
def world(start_client, certificates, tmp_path):
    return World(start_client, certificates, tmp_path)


def test_what_is_verified_when(world):
    lines, last = [], None
    for row in ROWS:
        when, *others = cells(world, row)
        lines.append(["" if when == last else when, *others])
        last = when
    compare("what is verified", table(["when", "what", "step", "code"], lines))


def test_what_ends_an_open_socket(world):
    lines = []
    for _, code, frames in FRAMES:
        closed, reason = closed_by(world, frames)
        assert closed == code
        lines.append([reason, str(closed)])
    compare("what ends a socket", table(["reason", "close code"], lines))

"""Whom the client trusts: `openssl s_server` with certificates that are good, and with each that is
not. Each is refused with a reason of its own."""

import socket
import ssl
import subprocess
import time
from datetime import datetime, timezone

import pytest
from support.frames import accept_for
from support.http import eventually
from support.http_server import HttpServer
from support.peers import TlsServer
from support.proxy import Proxy, RecordChanger
from support.scripted import Scripted, answering, response


@pytest.fixture
def trusting(start_client, certificates):
    """start(**more): a client that trusts the tests' authority."""

    def start(environment=None, **more):
        return start_client(environment=environment, tls={"ca": certificates.root, **more})

    return start


def pin(certificate):
    return "sha256//" + certificate.public_key_hash()


def server_context(certificate, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


# What is accepted


@pytest.mark.parametrize("kind", ["here", "here_rsa"])
def test_a_good_certificate(trusting, certificates, kind):
    certificate = getattr(certificates, kind)
    with TlsServer(certificate) as server:
        client = trusting()
        for url in (server.url, server.by_address):
            answer = client.get(url)
            assert (answer.failure, answer["status"], answer["secure"]) == (None, 200, True)
            assert answer["tls"]["protocol"] == "TLSv1.3"
            assert answer["tls"]["certificate"]["fingerprint"] == certificate.fingerprint()
            assert not answer["tls"]["resumed"]


def test_wildcards(trusting, certificates, start_client):
    from support.name_server import NameServer

    with TlsServer(certificates.wildcard) as server, NameServer(
        {"a.example.test": ["127.0.0.1"], "a.b.example.test": ["127.0.0.1"], "example.test": ["127.0.0.1"]}
    ) as names:
        client = start_client(name_servers=[names.address], tls={"ca": certificates.root})
        assert client.get(f"https://a.example.test:{server.port}/")["status"] == 200
        for host in ("a.b.example.test", "example.test"):
            assert client.get(f"https://{host}:{server.port}/").failure == "tls: tls::TlsError::wrong_host"


@pytest.mark.parametrize(("version", "name"), [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_versions(trusting, certificates, version, name):
    with TlsServer(certificates.here, version) as server:
        assert trusting().get(server.url)["tls"]["protocol"] == name


def test_old_versions_are_refused(trusting, certificates):
    # Python can be talked into it, s_server can't be without a configuration of its own.
    context = server_context(certificates.here)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL@SECLEVEL=0")
    with HttpServer(tls=context) as server:
        failed = trusting().get(server.url)
        assert failed.failure in ("tls: tls::TlsError::no_common_version", "tls: tls::TlsError::alert")
    with TlsServer(certificates.here, "-tls1_2") as server:
        failed = trusting(only_1_3=True).get(server.url)
        assert failed.failure in ("tls: tls::TlsError::no_common_version", "tls: tls::TlsError::alert")


def test_weak_suites_are_refused(trusting, certificates):
    with TlsServer(certificates.here_rsa, "-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0") as server:
        failed = trusting().get(server.url)
        assert failed.failure in ("tls: tls::TlsError::no_common_cipher", "tls: tls::TlsError::alert")


def test_the_name_and_the_protocol_that_are_asked_for(trusting, certificates):
    names = []
    context = server_context(certificates.here, ["http/1.1"])
    context.sni_callback = lambda _, name, __: names.append(name)
    with HttpServer(tls=context) as server:
        answer = trusting().get(server.url)
        assert answer["tls"]["application_protocol"] == "http/1.1"
        assert answer["tls"]["server_name"] == "localhost"
        assert trusting().get(f"https://127.0.0.1:{server.port}/")["status"] == 200
    # RFC 6066 section 3: no address is a server name.
    assert names == ["localhost", None]


def test_a_server_without_alpn_will_do(trusting, certificates):
    with HttpServer(tls=server_context(certificates.here)) as server:
        assert trusting().get(server.url)["tls"]["application_protocol"] == ""


def test_a_server_that_wants_another_protocol(trusting, certificates):
    with TlsServer(certificates.here, "-alpn", "h2") as server:
        failed = trusting().get(server.url)
        assert failed.failure in ("tls: tls::TlsError::no_common_protocol", "tls: tls::TlsError::alert")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_resumption(trusting, certificates, version):
    """s_server ends each connection, so that each request is a new one."""
    with TlsServer(certificates.here, version) as server:
        client = trusting()
        assert [client.get(server.url)["tls"]["resumed"] for _ in range(4)] == [False, True, True, True]
        assert client.statistics()["tls_resumptions"] == 3
        # Nobody else's session: another name at the same port is another server.
        assert client.get(server.by_address)["tls"]["resumed"] is False


def test_a_resumed_session_tells_its_certificate(trusting, certificates):
    with TlsServer(certificates.here) as server:
        client = trusting()
        first, second = client.get(server.url), client.get(server.url)
        assert second["tls"]["resumed"]
        assert second["tls"]["certificate"] == first["tls"]["certificate"]


def test_a_server_that_has_forgotten_the_session(trusting, certificates):
    with TlsServer(certificates.here) as server:
        client = trusting()
        client.get(server.url)
        port = server.port
    with TlsServer(certificates.renewed, port=port) as server:
        answer = client.get(server.url)
        assert (answer["status"], answer["tls"]["resumed"]) == (200, False)


# Who is refused


def refused(client, url, error):
    """What both kinds of calls say."""
    host = url.split("/")[2]
    for failed in (client.get(url), client.try_connect(url.replace("https", "wss"))):
        assert failed.failure == f"tls: tls::TlsError::{error}"
        assert failed["error"]["peer"] == host
        assert failed["error"]["message"].startswith(f"tls: {host}: ")
        reason = failed.reason
    return reason


def test_another_host(trusting, certificates):
    with TlsServer(certificates.elsewhere) as server:
        reason = refused(trusting(), server.url, "wrong_host")
        assert "localhost" in reason and "elsewhere.example.test" in reason


def test_another_address(trusting, certificates):
    for certificate in (certificates.other_address, certificates.by_name_only):
        with TlsServer(certificate) as server:
            assert "127.0.0.1" in refused(trusting(), server.by_address, "wrong_host")


def test_expired(trusting, certificates):
    with TlsServer(certificates.expired) as server:
        refused(trusting(), server.url, "certificate_expired")


def test_not_yet_valid(trusting, certificates):
    with TlsServer(certificates.not_yet_valid) as server:
        assert "2040" in refused(trusting(), server.url, "certificate_not_yet_valid")


def test_self_signed(trusting, certificates, start_client):
    with TlsServer(certificates.self_signed) as server:
        refused(trusting(), server.url, "self_signed")
        # Unless it is this very one that is trusted.
        known = start_client(tls={"ca": certificates.self_signed.certificate})
        assert known.get(server.url)["status"] == 200


def test_an_authority_that_nobody_trusts(trusting, certificates, client):
    with TlsServer(certificates.strange) as server:
        refused(trusting(), server.url, "untrusted_authority")
    with TlsServer(certificates.here) as server:
        refused(client, server.url, "untrusted_authority")  # the system's are trusted by default


def test_a_chain_with_a_gap(trusting, certificates):
    with TlsServer(certificates.here, chain=False) as server:
        refused(trusting(), server.url, "untrusted_authority")


def test_a_certificate_of_a_client(trusting, certificates):
    with TlsServer(certificates.for_clients) as server:
        refused(trusting(), server.url, "unsuitable_purpose")


def test_a_weak_key(trusting, certificates):
    with TlsServer(certificates.weak_key, "-cipher", "DEFAULT@SECLEVEL=0") as server:
        refused(trusting(), server.url, "weak")


def test_a_weak_signature(trusting, certificates):
    with TlsServer(certificates.weak_digest, "-cipher", "DEFAULT@SECLEVEL=0") as server:
        refused(trusting(), server.url, "weak")


def test_pins(trusting, certificates):
    with TlsServer(certificates.here) as server:
        assert trusting(pins=[pin(certificates.here)]).get(server.url)["status"] == 200
        both = [pin(certificates.renewed), pin(certificates.here)]
        assert trusting(pins=both).get(server.url)["status"] == 200
        reason = refused(trusting(pins=[pin(certificates.renewed)]), server.url, "pin_mismatch")
        assert pin(certificates.here) in reason, "what to pin is told"


def test_a_pin_does_not_replace_the_rest(trusting, certificates):
    with TlsServer(certificates.expired) as server:
        refused(trusting(pins=[pin(certificates.expired)]), server.url, "certificate_expired")
    with TlsServer(certificates.elsewhere) as server:
        refused(trusting(pins=[pin(certificates.elsewhere)]), server.url, "wrong_host")


def test_the_pin_of_an_authority_does_not_count(trusting, certificates):
    class Intermediate:
        certificate = certificates.folder / "authority/intermediate.crt"
        public_key_hash = type(certificates.here).public_key_hash

    with TlsServer(certificates.here) as server:
        refused(trusting(pins=[pin(Intermediate())]), server.url, "pin_mismatch")


@pytest.mark.parametrize(
    "kind", ["elsewhere", "expired", "not_yet_valid", "self_signed", "strange", "weak_key", "for_clients"]
)
def test_verification_can_be_skipped_and_that_is_told(start_client, certificates, kind):
    certificate = getattr(certificates, kind)
    weak = ["-cipher", "DEFAULT@SECLEVEL=0"] if kind == "weak_key" else []
    with TlsServer(certificate, *weak) as server:
        client = start_client(tls={"dangerously_skip_verification": True})
        answer = client.get(server.url)
        assert answer.failure is None or kind == "weak_key"
        eventually(lambda: [line for line in client.logged if line.startswith("warning: ")])
        # Pins are checked all the same.
        pinned = start_client(tls={"dangerously_skip_verification": True, "pins": [pin(certificates.here)]})
        assert pinned.get(server.url).failure == "tls: tls::TlsError::pin_mismatch" or kind == "weak_key"


def test_the_system_s_authorities(start_client, certificates):
    """They are OpenSSL's, which SSL_CERT_FILE changes."""
    with TlsServer(certificates.here) as server:
        client = start_client(environment={"SSL_CERT_FILE": str(certificates.root)})
        assert client.get(server.url)["status"] == 200
        only_other = start_client(
            environment={"SSL_CERT_FILE": str(certificates.root)}, tls={"ca": certificates.other_authority.root}
        )
        refused(only_other, server.url, "untrusted_authority")
        beside = start_client(
            environment={"SSL_CERT_FILE": str(certificates.root)},
            tls={"ca": certificates.other_authority.root, "ca_beside_system": True},
        )
        assert beside.get(server.url)["status"] == 200


# Who the client is


def test_a_client_certificate(trusting, certificates):
    demands = ["-Verify", "2", "-verify_return_error", "-CAfile", certificates.root]
    # s_server sends no intermediate of its own with -CAfile for clients: the chain is shown by us.
    for version in ("-tls1_2", "-tls1_3"):
        with TlsServer(certificates.here, *demands, version) as server:
            shown = trusting(certificate=certificates.client.chain, key=certificates.client.key)
            answer = shown.get(server.url)
            assert answer.failure is None and "DNS:device-7.test" in answer["content"]
            failed = trusting().get(server.url)
            assert failed.failure == "tls: tls::TlsError::alert", version
            assert ("certificate" if version == "-tls1_3" else "handshake") in failed.reason
            strange = trusting(certificate=certificates.strange_client.chain, key=certificates.strange_client.key)
            assert strange.get(server.url).failure == "tls: tls::TlsError::alert"


def test_certificates_that_can_t_be_used_are_refused_at_once(start_client, certificates, tmp_path):
    (tmp_path / "empty").write_text("")
    for options in (
        {"ca": tmp_path / "missing"},
        {"ca": tmp_path / "empty"},
        {"certificate": certificates.client.chain, "key": certificates.here.key},
        {"pins": ["sha256//short"]},
        {"pins": [certificates.here.public_key_hash()]},
    ):
        assert start_client(tls=options).refused, options


# What is no TLS


def test_a_server_that_speaks_http_in_clear(trusting):
    with Scripted(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        # The ClientHello has no empty line.
        server.script = lambda visitor: (visitor._more(), visitor.send(response("400 Bad Request")))
        refused(trusting(), f"https://{server.authority}/", "not_tls")


def test_http_in_clear_to_a_server_that_speaks_tls(client, certificates):
    """What comes is an alert, which is no HTTP."""
    with TlsServer(certificates.here) as server:
        failed = client.get(f"http://localhost:{server.port}/")
        assert failed.failure in (
            "protocol: http1::Error::invalid_status_line",
            "protocol: http1::Error::no_response",
            "protocol: client::ClientError::connection_closed",
        )


def test_nobody_changes_a_record(trusting, certificates):
    with TlsServer(certificates.here) as server:
        with Proxy(("127.0.0.1", server.port), to_client=lambda: RecordChanger(6)) as between:
            failed = trusting().get(f"https://localhost:{between.port}/")
            assert failed.failure == "tls: tls::TlsError::broken"
        with Proxy(("127.0.0.1", server.port), to_client=lambda: RecordChanger(1)) as between:
            assert trusting().get(f"https://localhost:{between.port}/").failure == "tls: tls::TlsError::broken"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_end_without_goodbye_is_no_end(trusting, certificates, version):
    """Content that ends with its connection may have been cut by anybody (RFC 8446 section 6.1)."""
    context = server_context(certificates.here)
    context.minimum_version = context.maximum_version = version

    def script(orderly):
        def answer(visitor):
            visitor.read_head()
            visitor.send(b"HTTP/1.1 200 OK\r\n\r\nall of it?")
            if orderly:
                visitor.socket.unwrap()
            visitor.socket.close()

        return answer

    with Scripted(script(orderly=False), tls=context) as server:
        assert trusting().get(server.url).failure == "tls: tls::TlsError::truncated"
    with Scripted(script(orderly=True), tls=context) as server:
        assert trusting().get(server.url).content == b"all of it?"


@pytest.mark.parametrize("size", [0, 1, 5, 50, 130, 500, 900])
def test_handshakes_that_are_cut(trusting, certificates, size):
    """Within what the server says, after so many bytes."""
    with TlsServer(certificates.here) as server:

        def script(visitor):
            visitor._more()
            with socket.create_connection(("127.0.0.1", server.port)) as behind:
                behind.sendall(visitor.buffer)
                visitor.send(behind.recv(size) if size else b"")

        with Scripted(script) as between:
            refused(trusting(), f"https://localhost:{between.port}/", "truncated")


def test_websockets_over_tls(trusting, certificates):
    """The whole way once: the answer of a server that is OpenSSL and nothing else."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificates.here.certificate, "-quiet"]
    command += ["-key", certificates.here.key, "-cert_chain", certificates.here.chain, "-naccept", "1"]
    # -quiet hides the port as well; so it is asked for without, and said what comes by hand.
    command.remove("-quiet")
    process = subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        said = b""
        while b"ACCEPT" not in said:
            said += process.stdout.readline()
        port = int(said.split(b"ACCEPT ")[1].split(b":")[-1])
        going = trusting().begin("connect", url=f"wss://localhost:{port}/", deadline_ms=20_000)
        while b"Sec-WebSocket-Key: " not in said or not said.endswith(b"\r\n\r\n"):
            said += process.stdout.read1(4096)
        key = said.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
        process.stdin.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_for(key).encode() + b"\r\n\r\n\x81\x02hi"
        )
        process.stdin.flush()
        opened = going.result()
        assert opened.failure is None and opened["secure"]
        assert going.client.do("receive", socket=going.number) == {"text": "hi"}
    finally:
        process.kill()
        process.wait()


def test_the_clock_decides(trusting, certificates):
    """What is told of a certificate's time is the time in it."""
    with TlsServer(certificates.here) as server:
        told = trusting().get(server.url)["tls"]["certificate"]["not_after"]
    end = datetime.fromtimestamp(told, timezone.utc)
    assert 88 <= (end.timestamp() - time.time()) / 86400 <= 91

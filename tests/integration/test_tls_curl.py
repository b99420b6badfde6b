"""https as curl's users meet it: trust, methods, large content, client certificates, redirections."""

import hashlib
import json
import os
import subprocess

import pytest
from support.http import Connection, eventually, get
from support.frames import handshake
from support.program import DEADLINE_S
from support.tls import Tls, client_context, tls_connection

MIB = 1024 * 1024

# Exit statuses of its manual.
TLS_FAILED, RECEIVE_FAILED, NOT_TRUSTED = 35, 56, 60


class Curl:
    def __init__(self, root):
        self.root = root

    def _run(self, arguments):
        return subprocess.run(
            ["curl", "-sS", "--max-time", str(DEADLINE_S), "--cacert", self.root, *map(str, arguments)],
            capture_output=True,
        )

    def run(self, *arguments):
        done = self._run(arguments)
        assert done.returncode == 0, (done.returncode, done.stderr.decode())
        return done.stdout

    def fails(self, *arguments):
        """What it says when it fails, as (exit status, words)."""
        done = self._run(arguments)
        assert done.returncode != 0, done.stdout
        return done.returncode, done.stderr.decode()


@pytest.fixture(scope="module")
def curl(certificates):
    """curl, which trusts our root alone."""
    return Curl(certificates.root)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "large.bin").write_bytes(os.urandom(20 * MIB))
    (folder / "index.html").write_text("<!doctype html>home")
    return folder


@pytest.fixture(scope="module")
def server(start_tls_server_for_module, folder):
    return start_tls_server_for_module(
        "--threads", "2", "--folder", folder, "--body-bytes", str(64 * MIB), "--hsts", "31536000"
    )


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(params=["1.2", "1.3"])
def version(request):
    """Options for one version of TLS."""
    return ["--tlsv1.3"] if request.param == "1.3" else ["--tls-max", "1.2"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_get(curl, server, version, host):
    url = f"https://{host}:{server.secure.port}"
    said = curl.run(*version, "-w", "%{http_code} %{ssl_verify_result} %{num_connects}", url + "/")
    assert said == b"root200 0 1"


def test_post_head_and_trailers(curl, server, version):
    url = server.secure.url
    assert curl.run(*version, "-d", "some content", url + "/body") == b"some content"
    assert b"content-length: 4\r\n" in curl.run(*version, "-I", url + "/").lower()
    assert curl.run(*version, "-T", "-", "-H", "Expect: 100-continue", "-X", "POST", url + "/count") == b"0"


def test_a_download_of_20_mib_comes_whole(curl, server, folder, version):
    wanted = sha256((folder / "large.bin").read_bytes())
    assert sha256(curl.run(*version, server.secure.url + "/files/large.bin")) == wanted


def test_a_part_of_a_file(curl, server, folder, version):
    part = (folder / "large.bin").read_bytes()[1_000_000:3_000_001]
    assert curl.run(*version, "-r", "1000000-3000000", server.secure.url + "/files/large.bin") == part


def test_an_upload_of_20_mib_comes_whole(curl, server, folder, version):
    for way in ([], ["-H", "Transfer-Encoding: chunked"]):
        back = curl.run(
            *(*version, *way, "-H", "Expect:", "--data-binary", f"@{folder / 'large.bin'}", server.secure.url + "/body")
        )
        assert sha256(back) == sha256((folder / "large.bin").read_bytes())


def test_generated_and_streamed_content(curl, server, version):
    for way in ("generated", "streamed"):
        content = curl.run(*version, f"{server.secure.url}/{way}?bytes=5000000")
        assert len(content) == 5_000_000 and b"4990000\n" in content
    assert b"event 2" in curl.run(*version, server.secure.url + "/events?count=3")


def test_a_slow_reader_gets_all(curl, server, folder):
    content = curl.run("--limit-rate", "12M", server.secure.url + "/files/large.bin")
    assert sha256(content) == sha256((folder / "large.bin").read_bytes())


def test_one_connection_for_many_requests(curl, server, version):
    url = server.secure.url
    said = curl.run(*version, "-w", "%{num_connects};", *[f"{url}/reflect/[1-20]"])
    assert said.count(b";") == 20 and sum(int(part[-1:]) for part in said.split(b";")[:-1]) == 1


def test_many_at_once(curl, server, version):
    said = curl.run(*version, "-Z", "--parallel-max", "40", f"{server.secure.url}/generated?bytes=10000&n=[1-200]")
    assert len(said) == 200 * 10_000


def test_the_handler_knows_what_was_agreed_on(curl, server):
    said = curl.run("--tlsv1.3", f"https://localhost:{server.secure.port}/tls").decode()
    assert "protocol: TLSv1.3\n" in said and "cipher: TLS_AES_" in said
    assert "application protocol: http/1.1\n" in said and "server name: localhost\n" in said
    said = curl.run("--tls-max", "1.2", "--no-alpn", server.secure.url + "/tls").decode()
    assert "protocol: TLSv1.2\n" in said and "cipher: TLS_ECDHE_ECDSA_WITH_AES_" in said
    assert "application protocol: \n" in said and "server name: \n" in said  # an address is no name
    assert get(server, "/tls").body == b"in clear\n"


def test_http_2_is_not_offered_yet(curl, server):
    assert curl.run("--http2", "-w", "%{http_version}", server.secure.url + "/") == b"root1.1"


def test_who_trusts_another_authority_goes(server, certificates):
    status, words = Curl(certificates.other_authority.root).fails(server.secure.url + "/")
    assert status == NOT_TRUSTED and "unable to get local issuer certificate" in words


def test_who_asks_for_another_name_goes(curl, server):
    status, words = curl.fails("--resolve", f"another.test:{server.secure.port}:127.0.0.1",
                               f"https://another.test:{server.secure.port}/")
    assert status == NOT_TRUSTED and "no alternative certificate subject name matches" in words, words


# Client certificates


@pytest.fixture(scope="module")
def strict(start_tls_server_for_module, certificates):
    return start_tls_server_for_module("--tls-client-ca", certificates.root)


@pytest.fixture(scope="module")
def lenient(start_tls_server_for_module, certificates):
    return start_tls_server_for_module("--tls-client-ca", certificates.root, "--tls-client-cert", "optional")


def shown(certificate):
    return ["--cert", certificate.chain, "--key", certificate.key]


def handled(server):
    return json.loads(get(server, "/statistics").body)["requests"]


def test_a_client_certificate_opens_the_door_and_tells_the_handler_who(curl, strict, certificates, version):
    said = curl.run(*version, *shown(certificates.client), strict.secure.url + "/tls").decode()
    assert "subject: CN=device 7,O=Example\n" in said
    assert "issuer: CN=Test Intermediate\n" in said
    assert "name: device-7.test\n" in said
    assert f"fingerprint: {certificates.client.fingerprint()}\n" in said


def test_the_certificate_is_known_in_a_resumed_session_too(strict, certificates):
    context = client_context(certificates.root, client=certificates.client)
    with tls_connection(strict.secure, context) as first:
        assert b"resumed: no" in first.get("/tls").answer().body
        session = first.socket.tls.session
    with Connection(strict.secure.address, tls=Tls(context, session=session)) as second:
        said = second.get("/tls").answer().body
        assert b"resumed: yes" in said and b"subject: CN=device 7,O=Example\n" in said


@pytest.mark.parametrize("who", ["nobody", "a stranger", "one that has expired", "a server"])
def test_all_others_stay_outside(curl, strict, certificates, version, who):
    before = handled(strict)
    certificate = {
        "nobody": None,
        "a stranger": certificates.strange_client,
        "one that has expired": certificates.expired_client,
        "a server": certificates.here,
    }[who]
    status, words = curl.fails(*version, *(shown(certificate) if certificate else []), strict.secure.url + "/tls")
    # The last is what curl makes of the alert that says that a certificate has expired.
    assert status in (TLS_FAILED, RECEIVE_FAILED, NOT_TRUSTED), words
    assert handled(strict) == before + 1


def test_optional_means_none_or_a_good_one(curl, lenient, certificates, version):
    assert b"subject" not in curl.run(*version, lenient.secure.url + "/tls")
    assert b"subject: CN=device 7" in curl.run(*version, *shown(certificates.client), lenient.secure.url + "/tls")
    status, words = curl.fails(*version, *shown(certificates.strange_client), lenient.secure.url + "/tls")
    assert status in (TLS_FAILED, RECEIVE_FAILED) and "unknown ca" in words, words


# From http to https


def test_every_encrypted_answer_asks_to_come_encrypted(curl, server):
    for target in ("/", "/nowhere", "/files/index.html", "/throw"):
        answer = curl.run("-i", server.secure.url + target).lower()
        assert answer.count(b"strict-transport-security: max-age=31536000") == 1, answer
    assert get(server, "/")["Strict-Transport-Security"] is None  # RFC 6797 section 7.2


@pytest.fixture(scope="module")
def redirecting(start_tls_server_for_module):
    return start_tls_server_for_module("--redirect", "yes")


def test_requests_in_clear_are_led_to_the_encrypted_port(curl, redirecting):
    target = "/reflect/a%20b?q=1&r=2"
    said = curl.run("-L", "-w", " %{url_effective}", f"http://localhost:{redirecting.port}{target}").decode()
    assert f"GET {target}\n" in said
    assert said.endswith(f" https://localhost:{redirecting.secure.port}{target}")


def test_methods_and_content_survive_the_redirection(curl, redirecting):
    said = curl.run("-L", "-d", "content", f"http://localhost:{redirecting.port}/body")
    assert said == b"content"


def test_a_websocket_is_not_led_but_told(redirecting):
    with Connection(redirecting.address) as connection:
        answer = connection.send(handshake()).answer()
        assert answer.status in (400, 426) and b"wss" in answer.body
        assert answer["Location"] is None


def test_curl_speaks_to_a_certificate_of_rsa_too(curl, start_tls_server, certificates, version):
    server = start_tls_server(certificate=[certificates.here_rsa])
    assert curl.run(*version, server.secure.url + "/") == b"root"
    eventually(lambda: json.loads(get(server, "/statistics").body)["tls_handshakes"] == 1)

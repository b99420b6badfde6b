"""`duplex serve` with TLS as its users meet it: certificates, given and made, redirections, signals."""

import asyncio
import contextlib
import os
import pty
import re
import signal
import socket
import ssl
import stat
import subprocess

import pytest
import websockets
from support.frames import Client, close_frame
from support.http import eventually, get
from support.program import DEADLINE_S, URL_LINE, Endpoint
from support.tls import Tls, client_context

TLS = ("--tls-listen", "127.0.0.1:0")


@pytest.fixture
def home(tmp_path):
    """The environment of a user with a data folder of their own."""
    return {"XDG_DATA_HOME": str(tmp_path / "data")}


@pytest.fixture
def run(duplex_program, home):
    """run(*arguments): the program to its end."""

    def to_its_end(*arguments, status=0, cwd=None, **environment):
        result = subprocess.run(
            [str(duplex_program), *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, **home, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        assert result.returncode == status, result
        return result.stdout + result.stderr

    return to_its_end


@pytest.fixture
def serve(start, duplex_program, home):
    """serve(*arguments): `duplex serve` of that user; `urls` says how many lines to wait for."""
    return lambda *arguments, urls=1, **environment: start(
        duplex_program, "serve", *arguments, urls=urls, environment={**home, **environment}
    )


class Made:
    """What `duplex cert` made in a folder."""

    def __init__(self, run, folder, *arguments, name="cert"):
        folder.mkdir(exist_ok=True)
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}-key.pem"
        self.authority = folder / "ca/ca.pem"
        run("cert", *arguments, "--dir", folder / "ca", "--out", self.certificate, "--key", self.key, "--force")
        self.options = ("--tls-cert", self.certificate, "--tls-key", self.key)


@pytest.fixture
def made(run, tmp_path):
    """made(*arguments, name=...): a certificate of `duplex cert`, all of one authority."""
    return lambda *arguments, **options: Made(run, tmp_path / "made", *arguments, **options)


def curl(*arguments, status=0):
    result = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", "--max-time", str(int(DEADLINE_S)), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE_S,
    )
    assert result.returncode == status, result
    return result.stdout


def port_of(url):
    return int(url.rstrip("/").rsplit(":", 1)[1])


def shown(port, server_name=None):
    """The certificate that a server shows, as PEM."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), DEADLINE_S) as clear:
        with context.wrap_socket(clear, server_hostname=server_name) as encrypted:
            return ssl.DER_cert_to_PEM_cert(encrypted.getpeercert(True)).strip()


def pem_of(path):
    """The first certificate of a file, as PEM."""
    end = "-----END CERTIFICATE-----"
    return path.read_text().split(end)[0] + end


# A certificate of the program's own


def test_self_signed_serves_the_page_on_https(serve, tmp_path):
    server = serve(*TLS, "--tls-self-signed")
    assert server.output == [f"duplex serves https://127.0.0.1:{server.port}/"]
    trusted = tmp_path / "data/duplex/self-signed/certificate.pem"
    for host in ("127.0.0.1", "localhost"):
        text = curl("--cacert", trusted, f"https://{host}:{server.port}/")
        assert "One asks." in text
    curl(server.url + "/", status=60)  # nobody trusts it unasked


def test_self_signed_tells_its_fingerprint_and_how_to_trust_it(serve, tmp_path):
    server = serve(*TLS, "--tls-self-signed")
    trusted = tmp_path / "data/duplex/self-signed/certificate.pem"
    printed = subprocess.run(
        ["openssl", "x509", "-in", trusted, "-noout", "-fingerprint", "-sha256"], capture_output=True, text=True
    ).stdout
    server.stop()
    errors = server.errors()
    assert printed.strip().split("=")[1] in errors
    assert f"--cacert {trusted}" in errors and "certutil" in errors


def test_self_signed_is_the_same_after_a_restart_and_for_its_owner_alone(serve, tmp_path):
    folder = tmp_path / "data/duplex/self-signed"
    first = serve(*TLS, "--tls-self-signed")
    seen = shown(first.port)
    first.stop()
    assert shown(serve(*TLS, "--tls-self-signed").port) == seen == pem_of(folder / "certificate.pem")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"certificate.pem": 0o644, "certificate-and-key.pem": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_self_signed_does_without_a_folder(serve):
    server = serve(*TLS, "--tls-self-signed", XDG_DATA_HOME="/proc/nowhere")
    assert "One asks." in curl("-k", server.url + "/")
    server.stop()
    assert "in memory only" in server.errors()


def test_self_signed_alone_encrypts_the_default_address(run):
    """Told by the words about a port that is taken: by us, or by somebody who was faster."""
    with socket.socket() as taken, contextlib.suppress(OSError):
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
        text = run("serve", "--tls-self-signed", status=1)
    assert "cannot listen on 127.0.0.1:8080" in text and "--tls-listen 127.0.0.1:8081" in text


# Certificates that are given


def test_it_serves_files_echo_and_channels_with_a_certificate_of_duplex_cert(serve, made, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/hello.txt").write_text("hello")
    cert = made("localhost", "127.0.0.1")
    server = serve(*TLS, *cert.options, tmp_path / "files")
    assert curl("--cacert", cert.authority, server.url + "/hello.txt") == "hello"

    async def talk():
        context = ssl.create_default_context(cafile=str(cert.authority))
        url = f"wss://localhost:{server.port}"
        async with websockets.connect(url + "/echo", ssl=context) as echo:
            for message in ("text", b"binary" * 20_000):
                await echo.send(message)
                assert await echo.recv() == message
        async with websockets.connect(url + "/live/news", ssl=context) as live:
            curl("--cacert", cert.authority, "-d", "news", f"https://localhost:{server.port}/live/news")
            assert await live.recv() == "news"

    asyncio.run(asyncio.wait_for(talk(), DEADLINE_S))


def test_the_name_asked_for_chooses_the_certificate(serve, made):
    first, second = made("one.test", name="one"), made("*.two.test", "--rsa", name="two")
    server = serve(*TLS, *first.options, *second.options)
    assert shown(server.port) == shown(server.port, "one.test") == pem_of(first.certificate)
    assert shown(server.port, "www.two.test") == pem_of(second.certificate)


def test_a_configuration_file_has_the_same_names(serve, made, tmp_path):
    cert = made()
    config = tmp_path / "duplex.toml"
    config.write_text(
        f'tls-listen = "127.0.0.1:0"\ntls-cert = ["{cert.certificate}"]\ntls-key = "{cert.key}"\ntls-min = 1.3\n'
    )
    server = serve("--config", config)
    assert "One asks." in curl("--cacert", cert.authority, server.url + "/")
    curl("--cacert", cert.authority, "--tls-max", "1.2", server.url + "/", status=35)


def test_a_key_may_be_in_its_certificates_file_or_want_a_passphrase(serve, made, tmp_path):
    cert = made()
    both = tmp_path / "both.pem"
    both.write_text(cert.certificate.read_text() + cert.key.read_text())
    assert shown(serve(*TLS, "--tls-cert", both).port) == pem_of(cert.certificate)

    passphrase, locked, bundle = tmp_path / "passphrase", tmp_path / "locked.pem", tmp_path / "bundle.p12"
    passphrase.write_text("open sesame\n")
    secret = f"file:{passphrase}"
    subprocess.run(["openssl", "pkey", "-in", cert.key, "-aes256", "-passout", secret, "-out", locked], check=True)
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", cert.certificate, "-inkey", cert.key, "-passout", secret, "-out", bundle],
        check=True,
    )
    for options in (["--tls-cert", cert.certificate, "--tls-key", locked], ["--tls-cert", bundle]):
        server = serve(*TLS, *options, "--tls-key-passphrase", passphrase)
        assert shown(server.port) == pem_of(cert.certificate)


def test_clients_show_certificates_when_they_must(serve, made):
    cert, client = made(), made("--client", "Ada's phone", name="client")
    ours = ["--cacert", cert.authority]
    theirs = [*ours, "--cert", client.certificate, "--key", client.key]
    strict = serve(*TLS, *cert.options, "--tls-client-ca", cert.authority)
    assert "One asks." in curl(*theirs, strict.url + "/")
    curl(*ours, strict.url + "/", status=56)
    lenient = serve(*TLS, *cert.options, "--tls-client-ca", cert.authority, "--tls-client-cert", "optional")
    for way in (ours, theirs):
        assert "One asks." in curl(*way, lenient.url + "/")


# Beside a clear listener


def test_clear_and_encrypted_listeners_serve_side_by_side(serve, made):
    cert = made()
    server = serve("--listen", "127.0.0.1:0", *TLS, *cert.options, urls=2)
    clear, encrypted = server.urls
    assert clear.startswith("http://") and encrypted.startswith("https://")
    assert "One asks." in curl(clear) and "One asks." in curl("--cacert", cert.authority, encrypted)


def test_clear_leads_to_https(serve, made):
    cert = made()
    server = serve("--listen", "127.0.0.1:0", *TLS, *cert.options, "--redirect-to-https", "--hsts", "86400", urls=2)
    clear, encrypted = server.urls
    answer = get(server, "/live/x?y=1")
    assert answer.status == 308
    assert answer["Location"] == f"https://test:{port_of(encrypted)}/live/x?y=1"
    assert "One asks." in curl("--cacert", cert.authority, "--location", clear)
    head = curl("--cacert", cert.authority, "-I", encrypted)
    assert re.search(r"^Strict-Transport-Security: max-age=86400\r?$", head, re.M | re.I), head
    assert "Strict-Transport-Security" not in curl("-I", clear)


def test_hsts_is_withdrawn_by_zero_and_not_by_silence(serve, made):
    cert = made()
    for options, expected in ((["--hsts", "0"], True), ([], False)):
        server = serve(*TLS, *cert.options, *options)
        head = curl("--cacert", cert.authority, "-I", server.url)
        assert bool(re.search(r"^Strict-Transport-Security: max-age=0\r?$", head, re.M | re.I)) == expected, head


# Reloading


def test_sighup_reads_certificates_anew(serve, made):
    cert = made()
    server = serve(*TLS, *cert.options)
    before = shown(server.port)
    made()
    after = pem_of(cert.certificate)
    assert after != before
    server.signal(signal.SIGHUP)
    eventually(lambda: shown(server.port) == after)

    cert.certificate.write_text("nonsense")
    server.signal(signal.SIGHUP)
    eventually(lambda: "certificates in use are kept" in server.errors())
    assert shown(server.port) == after and server.running


def test_without_certificates_sighup_ends_the_program_as_ever(start_duplex, duplex_program):
    program = subprocess.Popen(
        [str(duplex_program), "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    program.stdout.readline()
    program.send_signal(signal.SIGHUP)
    assert program.wait(DEADLINE_S) == -signal.SIGHUP
    program.stdout.close()


class InTerminal:
    """A program that leads the session of a terminal of its own."""

    def __init__(self, *command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], [str(word) for word in command])
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.ended():
            self.signal(signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def url(self):
        """The first that it names on the terminal."""
        text = ""
        while not (match := URL_LINE.search(text)) or "\n" not in text[match.end() :]:
            text += os.read(self.terminal, 1024).decode()
        return match.group(1)

    def close_terminal(self):
        os.close(self.terminal)

    def signal(self, number):
        os.kill(self.pid, number)

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if pid else None
        return self.status is not None

    def exit_status(self):
        """Waits for its end; negative for the signal that ended it."""
        eventually(self.ended)
        return os.waitstatus_to_exitcode(self.status)


def test_a_closed_terminal_stops_it(duplex_program, made):
    """The other meaning of SIGHUP: nobody is left who could press Ctrl+C."""
    with InTerminal(duplex_program, "serve", *TLS, *made().options) as program:
        program.url()
        program.close_terminal()
        assert program.exit_status() == 0, "as by Ctrl+C, not killed"


def test_a_closed_terminal_does_not_cut_short_the_stop_that_it_began(duplex_program, made):
    """Kernel and shell may both send SIGHUP; who is still connected is served to the end."""
    cert = made()
    with InTerminal(duplex_program, "serve", *TLS, *cert.options) as program:
        server = Endpoint(program.url())
        with Client(server, tls=Tls(client_context(cert.authority))) as client:
            client.send_text("hello")
            assert client.text() == "hello"
            program.close_terminal()
            assert client.close_code()[0] == 1001
            program.signal(signal.SIGHUP)
            client.send(close_frame(1001))
            assert client.closed()
        assert program.exit_status() == 0


def test_under_nohup_it_outlives_its_terminal_and_reloads(duplex_program, made, tmp_path, monkeypatch):
    cert = made()
    monkeypatch.chdir(tmp_path)  # where nohup puts what would go to the terminal
    with InTerminal("nohup", duplex_program, "serve", *TLS, *cert.options) as program:
        output = tmp_path / "nohup.out"
        said = lambda: output.read_text() if output.exists() else ""
        port = Endpoint(eventually(lambda: URL_LINE.search(said())).group(1)).port
        program.close_terminal()
        for times in (1, 2):
            eventually(lambda: said().count("uses its certificates as they are now") == times)
            assert shown(port) == pem_of(cert.certificate) and not program.ended()
            program.signal(signal.SIGHUP)
        program.signal(signal.SIGTERM)
        assert program.exit_status() == 0


# What is wrong


@pytest.mark.parametrize(
    "options, words",
    [
        (["--tls-listen", "127.0.0.1:0"], "--tls-listen needs a certificate"),
        (["--tls-listen", "here"], "--tls-listen"),
        (["--tls-self-signed", "--tls-cert", "x"], "don't go together"),
        (["--tls-self-signed", "--listen", ":0"], "nothing would be encrypted"),
        (["--tls-cert", "x", "--tls-key", "a", "--tls-key", "b"], "2 of --tls-key and 1 of --tls-cert"),
        (["--tls-min", "1.1", "--tls-self-signed"], "write 1.2 or 1.3"),
        (["--redirect-to-https", "--tls-self-signed"], "--listen ADDR:PORT"),
        (["--tls-client-cert", "required", "--tls-self-signed"], "--tls-client-ca FILE"),
    ],
)
def test_wrong_usage_names_what_to_write(run, options, words):
    text = run("serve", *options, status=2)
    assert words in text and "duplex serve --help" in text


def test_certificates_that_can_not_be_used_are_failures_that_say_why(run, made, tmp_path):
    one, other = made(name="one"), made(name="other")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense")
    for certificate, key, words in (
        (tmp_path / "missing.pem", one.key, "missing.pem"),
        (nonsense, one.key, "nonsense.pem"),
        (one.certificate, other.key, "does not match"),
        (one.certificate, nonsense, "nonsense.pem"),
    ):
        text = run("serve", *TLS, "--tls-cert", certificate, "--tls-key", key, status=1)
        assert words in text
        assert "for example with" not in text, "another address would not help"


def test_a_port_that_is_taken_is_told_with_the_right_option(serve, run, made):
    cert = made()
    port = serve(*TLS, *cert.options).port
    text = run("serve", "--tls-listen", f"127.0.0.1:{port}", *cert.options, status=1)
    assert f"--tls-listen 127.0.0.1:{port + 1}" in text

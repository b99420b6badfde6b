"""https and wss in Chromium: whom it trusts it talks to, all of the page works, and others it refuses."""

import ssl
import subprocess

import pytest
from support.browser import open_page
from support.http import eventually
from support.proxy import Impostor


@pytest.fixture(scope="module")
def server(start_duplex_for_module, certificates):
    """`duplex serve`, encrypted; the clear listener leads there."""
    return start_duplex_for_module(
        *("--tls-listen", "127.0.0.1:0", *certificates.here.arguments, "--redirect-to-https", "--threads", "2"), urls=2
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory, certificates):
    """A user's home whose NSS store trusts our root."""
    home = tmp_path_factory.mktemp("home")
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for arguments in (["-N", "--empty-password"], ["-A", "-n", "test", "-t", "C,,", "-i", certificates.root]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *arguments], check=True)
    return home


@pytest.fixture
def browse(tmp_path, server):
    """browse(url, *flags, home=None): a browser that is closed at the end."""
    opened = []

    def begin(url, *flags, home=None):
        if home is None:
            (home := tmp_path / "nobody-trusted").mkdir(exist_ok=True)
        page = open_page(url, tmp_path / f"profile{len(opened)}", *flags, home=home)
        opened.append(page)
        return page

    yield begin
    for page in opened:
        page.driver.quit()


def echoes(page, url, message):
    """What comes back from the WebSocket at `url`, or "refused"."""
    return page.driver.execute_async_script(
        """const [url, message, done] = arguments;
           const socket = new WebSocket(url);
           socket.onopen = () => socket.send(message);
           socket.onmessage = (event) => { done(event.data); socket.close(); };
           socket.onerror = () => done("refused");""",
        url,
        message,
    )


def warns_of(page, error):
    """Whether the browser shows its own page about that error in place of ours."""
    page.until_text("#error-code", error)
    return not page.elements("#page-state")


def test_the_page_works_by_an_address_in_place_of_a_name(browse, server, home, host="127.0.0.1"):
    page = browse(f"https://{host}:{server.secure.port}/", home=home)
    page.until_text("#page-state", "connected")
    assert page.run("return [location.protocol, isSecureContext]") == ["https:", True]
    page.until(lambda: page.elements(".exchange .end"))
    request, response = page.texts(".exchange pre")
    assert request.startswith("POST /_duplex/exchange HTTP/1.1\r\n")
    assert response.startswith("HTTP/1.1 200 OK\r\n")

    page.until_frames(lambda frames: len(frames) == 2)
    page.write("#both-text", "over wss")
    page.click("#ws-send")
    frames = page.until_frames(lambda frames: len(frames) == 4 and frames[3]["payload"])
    assert [frame["payload"] for frame in frames[2:]] == ["“over wss”"] * 2

    assert page.run("return document.getElementById('console-url').value") == f"wss://{host}:{server.secure.port}/echo"
    page.click("#console-toggle")
    page.until_text("#console-state", "connected by wss")
    page.element("#console-text").send_keys("grüß dich\n")
    page.until_text("#console-log .received .content", "grüß dich")

    page.click("#ws-push")
    page.until_frames(lambda frames: any("5 of 5" in frame["payload"] for frame in frames))
    page.click("#ws-toggle")
    page.until_text("#socket-end", "closed with 1000")
    assert page.driver.get_log("browser") == []


def test_clear_addresses_lead_to_the_encrypted_page(browse, server, home):
    page = browse(f"http://localhost:{server.port}/_duplex/", home=home)
    page.until_text("#page-state", "connected")
    assert page.run("return location.href") == f"https://localhost:{server.secure.port}/_duplex/"


def test_large_messages_and_many_at_once_over_wss(browse, server, home):
    page = browse(f"https://localhost:{server.secure.port}/_duplex/health", home=home)
    got = page.driver.execute_async_script(
        """const [url, done] = arguments;
           const sizes = [0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 1000000];
           const one = (size) => new Promise((resolve, reject) => {
             const socket = new WebSocket(url);
             const sent = new Uint8Array(size).map((_, at) => at % 251);
             socket.binaryType = "arraybuffer";
             socket.onopen = () => socket.send(sent);
             socket.onerror = () => reject(new Error("refused"));
             socket.onmessage = ({ data }) => {
               const back = new Uint8Array(data);
               socket.onclose = (event) => resolve([back.length, back.every((b, at) => b === sent[at]), event.code]);
               socket.close(1000);
             };
           });
           Promise.all([...sizes, ...sizes, ...sizes].map(one)).then(done, (error) => done(String(error)));""",
        server.secure.websocket_url.replace("127.0.0.1", "localhost") + "/echo",
    )
    sizes = [0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 1_000_000] * 3
    assert got == [[size, True, 1000] for size in sizes]


def test_a_certificate_trusted_by_its_fingerprint(browse, server, certificates):
    flag = f"--ignore-certificate-errors-spki-list={certificates.here.public_key_hash()}"
    page = browse(f"https://localhost:{server.secure.port}/", flag)
    page.until_text("#page-state", "connected")
    url = f"wss://localhost:{server.secure.port}/echo"
    assert echoes(page, url, "trusted by its key") == "trusted by its key"


def test_an_authority_that_is_not_trusted_is_refused(browse, server):
    assert warns_of(browse(f"https://localhost:{server.secure.port}/"), "ERR_CERT_AUTHORITY_INVALID")


def test_an_impostor_is_refused_by_page_and_websocket(browse, server, home, certificates):
    with Impostor(server.secure.address, certificates.strange) as impostor:
        page = browse(f"https://localhost:{server.secure.port}/_duplex/health", home=home)
        assert echoes(page, f"wss://localhost:{server.secure.port}/echo", "to the server") == "to the server"
        assert echoes(page, f"wss://localhost:{impostor.port}/echo", "to the impostor") == "refused"
        page.driver.get(f"https://localhost:{impostor.port}/")
        assert warns_of(page, "ERR_CERT_AUTHORITY_INVALID")
        assert impostor.sent == b""


def test_another_name_is_refused(browse, server, home):
    page = browse(
        f"https://another.test:{server.secure.port}/", "--host-resolver-rules=MAP another.test 127.0.0.1", home=home
    )
    assert warns_of(page, "ERR_CERT_COMMON_NAME_INVALID")


def test_a_renewed_certificate_is_taken_by_an_open_page(start_duplex, browse, home, certificates, tmp_path):
    """The page's sockets stay; what comes next gets the new certificate."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificates.here.chain.read_bytes())
    key.write_bytes(certificates.here.key.read_bytes())
    server = start_duplex("--tls-listen", "127.0.0.1:0", "--tls-cert", chain, "--tls-key", key, urls=2)
    page = browse(f"https://localhost:{server.secure.port}/", home=home)
    page.until_text("#page-state", "connected")
    page.until_frames(lambda frames: len(frames) == 2)
    handshake = page.text("#handshake pre")
    chain.write_bytes(certificates.renewed.chain.read_bytes())
    key.write_bytes(certificates.renewed.key.read_bytes())
    server.signal(1)
    renewed = ssl.PEM_cert_to_DER_cert(certificates.renewed.certificate.read_text())
    eventually(lambda: ssl.get_server_certificate(server.secure.address) == ssl.DER_cert_to_PEM_cert(renewed))
    page.click("#ws-send")
    page.until_frames(lambda frames: len(frames) == 4)
    assert page.text("#handshake pre") == handshake, "the same socket"
    assert echoes(page, f"wss://localhost:{server.secure.port}/echo", "anew") == "anew"

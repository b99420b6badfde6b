"""The page, in a real browser: what it shows of the wire is checked against what was done."""

import asyncio
import json
import os
import subprocess
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest
import websockets
from support.browser import open_page


@pytest.fixture
def browser(tmp_path, start):
    """browser(url, quiet=True, home=None): opens the page, in a browser of the user whose home that
    is. At the end the browser's log must be empty, unless it need not be quiet. Asks for `start`, so
    that the servers end after the browsers."""
    opened = []

    def begin(url, quiet=True, home=None):
        page = open_page(url, tmp_path / f"profile{len(opened)}", home=home)
        opened.append((page.driver, quiet))
        return page

    yield begin
    logs = []
    for driver, quiet in opened:
        if quiet:
            logs += driver.get_log("browser")
        driver.quit()
    assert logs == []


@pytest.fixture
def page(browser, start_duplex):
    """The page of a `duplex serve` of its own, with all its connections open."""
    page = browser(start_duplex().url + "/")
    page.until_text("#page-state", "connected")
    return page


def test_shows_an_exchange_as_the_server_saw_it(page):
    page.until(lambda: page.elements(".exchange .end"))
    request, response = page.texts(".exchange pre")
    host = page.run("return location.host")
    assert request.startswith("POST /_duplex/exchange HTTP/1.1\r\n")
    assert f"\r\nHost: {host}\r\n" in request
    assert "\r\nContent-Length: 5" in request
    assert response.startswith("HTTP/1.1 200 OK\r\n")
    assert "content-type: application/json" in response
    assert page.text(".exchange .left q") == "hello"
    assert "the end" in page.text(".exchange .end")


def test_each_exchange_is_a_closed_box_of_its_own(page):
    page.write("#both-text", "zwölf & <b>")
    for count in (2, 3):
        page.click("#http-send")
        page.until(lambda: len(page.elements(".exchange .end")) == count)
    assert page.texts(".exchange .left q") == ["hello", "zwölf & <b>", "zwölf & <b>"]
    assert page.text("#http-count") == "3"


def test_shows_the_upgrade_as_it_went_over_the_wire(page):
    page.until(lambda: len(page.texts("#handshake pre")) == 2)
    request, response = page.texts("#handshake pre")
    assert request.startswith("GET /_duplex/socket/")
    assert "\r\nUpgrade: websocket\r\n" in request
    assert "\r\nSec-WebSocket-Key: " in request
    assert "\r\nSec-WebSocket-Version: 13" in request
    assert response.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert "\r\nSec-WebSocket-Accept: " in response


def test_shows_frames_both_ways_with_their_bits(page):
    greeting, echo = page.until_frames(lambda frames: len(frames) == 2)
    assert greeting["incoming"] and not echo["incoming"]
    assert greeting["length"] == echo["length"] == "5"

    page.write("#both-text", "ä" * 100)
    page.click("#ws-send")
    frames = page.until_frames(lambda frames: len(frames) == 4 and frames[3]["payload"])
    sent, received = frames[2:]
    assert sent["opcode"] == received["opcode"] == "1"
    assert sent["fin"] == received["fin"] == "true"
    assert sent["length"] == received["length"] == "200"
    assert len(sent["mask"]) == 8 and received["mask"] == ""
    assert sent["header"] == "81fe00c8" + sent["mask"]
    assert received["header"] == "817e00c8"
    assert received["payload"] == "“" + "ä" * 32 + " …”"
    assert len({frame["mask"] for frame in (greeting, sent)}) == 2


def test_shows_binary_fragments_and_pings(page):
    page.until_frames(lambda frames: len(frames) == 2)
    page.click("#ws-binary")
    frames = page.until_frames(lambda frames: len(frames) == 4 and frames[3]["payload"])
    assert [frame["opcode"] for frame in frames[2:]] == ["2", "2"]
    assert frames[2]["payload"] == frames[3]["payload"]

    page.click("#ws-fragments")
    frames = page.until_frames(lambda frames: len(frames) == 8 and frames[7]["payload"])
    assert [(frame["opcode"], frame["fin"]) for frame in frames[5:]] == [
        ("1", "false"),
        ("0", "false"),
        ("0", "true"),
    ]
    assert [frame["payload"] for frame in frames[5:]] == ["“one message, ”", "“in three ”", "“frames”"]

    page.click("#ws-ping")
    ask, ping, pong = page.until_frames(lambda frames: len(frames) == 11)[8:]
    assert (ping["opcode"], ping["incoming"], ping["mask"]) == ("9", False, "")
    assert (pong["opcode"], pong["incoming"], len(pong["mask"])) == ("10", True, 8)


def test_the_server_speaks_unasked_and_listens_meanwhile(page):
    page.until_frames(lambda frames: len(frames) == 2)
    page.write("#both-text", "between")
    # By the page itself, since the five messages don't wait for a slow test.
    page.run("document.getElementById('ws-push').click(); document.getElementById('ws-send').click();")
    frames = page.until_frames(lambda frames: any("5 of 5" in frame["payload"] for frame in frames))
    payloads = [frame["payload"] for frame in frames if not frame["incoming"]]
    assert payloads.index("“between”") < payloads.index("“nobody asked, 5 of 5”")
    assert len([frame for frame in frames if frame["incoming"]]) == 3


def test_shows_the_close_and_opens_again(page):
    page.until_frames(lambda frames: len(frames) == 2)
    page.click("#ws-toggle")
    page.until_text("#socket-end", "closed with 1000")
    frames = page.until_frames(lambda frames: len(frames) == 4)
    assert [(frame["opcode"], frame["incoming"]) for frame in frames[2:]] == [("8", True), ("8", False)]
    first = page.text("#handshake pre")
    page.click("#ws-toggle")
    page.until_text("#socket-end", "open")
    page.until(lambda: page.text("#handshake pre") != first)


def test_compares_how_late_news_arrives(page):
    page.run(
        "const poll = document.getElementById('poll-every');"
        "poll.value = 1; poll.dispatchEvent(new Event('input'));"
    )
    assert page.text("#poll-every-text") == "1 s"
    page.until(lambda: len(page.elements(".dot.push")) >= 4 and len(page.elements(".dot.poll")) >= 3)
    late = {way: page.text(f"#{way}-median") for way in ("push", "poll")}
    ms = {
        way: float(text.removeprefix("under ").split()[0]) * (1 if text.endswith(" ms") else 1000)
        for way, text in late.items()
    }
    assert ms["push"] < ms["poll"] < 2000, late
    assert int(page.text("#poll-requests")) >= 1
    assert int(page.text("#push-items")) >= 4
    assert page.text("#push-bytes") != "0 B"
    assert "give or take" in page.text("#clock-text")
    assert page.run("return document.querySelectorAll('.medians text').length") == 2
    page.click("input[value=log]")
    assert "10 s" in page.texts(".grid text")


def test_two_tabs_chat(page):
    driver = page.driver
    first, url = driver.current_window_handle, driver.current_url
    page.until_text("#chat-here", "alone")
    page.write("#chat-name", "Ada")
    driver.switch_to.new_window("tab")
    second = driver.current_window_handle
    driver.get(url)
    page.until_text("#chat-here", "2 are here")
    page.write("#chat-name", "Grace")
    evil = "<img src=x onerror=alert(1)> & “so”"
    page.element("#chat-text").send_keys(evil + "\n")
    page.until_text(".said.mine .words", evil)

    driver.switch_to.window(first)
    page.until_text(".said .words", evil)
    assert page.texts(".said b") == ["Grace"]
    assert not page.elements(".said img")
    page.element("#chat-text").send_keys("hello, Grace\n")
    driver.switch_to.window(second)
    page.until(lambda: page.texts(".said .words")[-1:] == ["hello, Grace"])
    assert page.texts(".said b")[-1] == "Ada"

    driver.refresh()
    page.until(lambda: page.texts(".said .words") == [evil, "hello, Grace"])
    driver.close()
    driver.switch_to.window(first)
    page.until_text("#chat-here", "alone")


def test_console_echoes_text_and_binary(page):
    assert page.run("return document.getElementById('console-url').value").endswith("/echo")
    page.click("#console-toggle")
    page.until_text("#console-state", "connected by ws, in clear")
    page.element("#console-text").send_keys("grüß dich\n")
    page.until_text("#console-log .received .content", "grüß dich")
    assert "text · 11 B" in page.text("#console-log .received")

    page.click("input[name=console-kind][value=hex]")
    page.write("#console-text", "00 FF 10 ad")
    page.click("#console-send")
    page.until(lambda: page.texts("#console-log .received .content")[1:] == ["00 ff 10 ad"])
    assert "binary · 4 B" in page.texts("#console-log .received")[1]
    page.write("#console-text", "0g")
    page.click("#console-send")
    page.until_text("#console-log .failed", "not hex")

    page.click("#console-toggle")
    page.until(lambda: "closed with 1000" in page.texts("#console-log li")[-1])
    page.write("#console-url", "gopher://nowhere")
    page.click("#console-toggle")
    page.until(lambda: len(page.texts("#console-log .failed")) == 2)


def test_says_that_it_reconnects_and_does(browser, start, duplex_program):
    first = start(duplex_program, "serve", "--listen", "127.0.0.1:0")
    page = browser(first.url + "/_duplex/", quiet=False)
    page.until_text("#page-state", "connected")
    page.until(lambda: page.elements("#handshake pre"))
    handshake = page.text("#handshake pre")
    port = first.port
    first.stop()
    page.until_text("#page-state", "reconnecting in")
    start(duplex_program, "serve", "--listen", f"127.0.0.1:{port}")
    page.until(lambda: page.text("#page-state") == "connected")
    assert page.text("#socket-state") == page.text("#chat-state") == page.text("#news-state") == "connected"
    page.until(lambda: page.text("#handshake pre") != handshake)
    page.click("#ws-send")
    page.until_frames(lambda frames: [frame["payload"] for frame in frames] == ["“hello”"] * 2)


@pytest.fixture
def trusted(duplex_program, tmp_path):
    """A certificate of `duplex cert`, and the home of a user whose browser trusts its authority."""
    home = tmp_path / "home"
    store = f"sql:{home}/.pki/nssdb"
    (home / ".pki/nssdb").mkdir(parents=True)
    run = partial(subprocess.run, check=True, cwd=tmp_path, capture_output=True)
    run([str(duplex_program), "cert", "--dir", "ca", "localhost"])
    run(["certutil", "-d", store, "-N", "--empty-password"])
    run(["certutil", "-d", store, "-A", "-t", "C,,", "-n", "duplex-development", "-i", "ca/ca.pem"])
    return home, ("--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem")


def test_all_of_it_works_encrypted(browser, start, duplex_program, trusted, tmp_path):
    home, certificate = trusted
    server = start(duplex_program, "serve", "--tls-listen", "127.0.0.1:0", *certificate)
    page = browser(f"https://localhost:{server.port}/", home=home)
    page.until_text("#page-state", "connected")
    assert (page.text("#page-scheme"), page.text("#socket-scheme")) == ("https", "wss")
    page.until_text("#page-scheme-text", f"localhost:{server.port}, TLS 1.3")
    page.until_text("#encrypted-facts", "TLS_")
    assert page.elements("#way-encrypted.here") and not page.elements("#way-clear.here")
    assert page.text("#clear-facts") == "This server does not offer it."

    page.until_text(".exchange .end", "TLS 1.3")
    page.until_text(".switched", "the encrypted connection stays")
    page.click("#ws-fragments")
    page.until_frames(lambda frames: len(frames) == 6)
    page.until(lambda: page.elements(".dot.push"))
    page.element("#chat-text").send_keys("hello\n")
    page.until_text(".said.mine .words", "hello")
    assert page.run("return document.getElementById('console-url').value").startswith("wss://localhost")
    page.click("#console-toggle")
    page.until_text("#console-state", "connected by wss, encrypted")
    page.element("#console-text").send_keys("secret\n")
    page.until_text("#console-log .received .content", "secret")
    assert page.run(
        "return performance.getEntries().filter((e) => /^(http|ws):/.test(e.name)).map((e) => e.name)"
    ) == []
    page.run("document.documentElement.style.scrollBehavior = 'auto'")
    for part in ("top", "secrecy"):
        page.run("document.getElementById(arguments[0]).scrollIntoView()", part)
        save_screenshot(page, f"page-https-{part}.png", tmp_path)


def test_leads_to_the_other_way(browser, start, duplex_program, trusted):
    home, certificate = trusted
    arguments = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", *certificate]
    server = start(duplex_program, "serve", *arguments, urls=2)
    page = browser(f"http://localhost:{server.port}/", home=home)
    page.until_text("#page-scheme-text", "in clear")
    page.until_text("#encrypted-facts", "Open this page by https")
    page.click("#encrypted-facts a")
    page.until_text("#page-scheme-text", "TLS 1.3")
    page.until_text("#page-state", "connected")
    page.until_text("#clear-facts", "Open this page by http")
    page.click("#clear-facts a")
    page.until_text("#page-scheme-text", "in clear")
    assert page.driver.current_url == f"http://localhost:{server.port}/"


def test_in_clear_it_says_how_to_have_it_encrypted(page):
    page.until_text("#encrypted-facts", "duplex serve --tls-self-signed")
    assert page.elements("#way-clear.here") and not page.elements("#way-encrypted.here")
    assert page.text("#page-scheme-text").endswith(", in clear")
    page.until_text(".exchange .end", "in clear")


def save_screenshot(page, name, otherwise):
    """To be looked at."""
    screenshots = Path(os.environ.get("DUPLEX_BUILD", otherwise)) / "screenshots"
    screenshots.mkdir(exist_ok=True)
    assert page.driver.save_screenshot(str(screenshots / name))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_fits_every_screen_and_scheme(page, tmp_path, width, dark):
    page.emulate(width, dark)
    page.click("#ws-fragments")
    page.until_frames(lambda frames: len(frames) >= 6)
    page.until(lambda: page.elements(".dot.push"))
    assert page.run("return document.documentElement.scrollWidth") <= width
    too_wide = page.run(
        """return [...document.querySelectorAll("main *, header *")]
             .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.closest("svg") === null)
             .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert too_wide == []
    assert page.driver.get_screenshot_as_png().startswith(b"\x89PNG")
    save_screenshot(page, f"page-{width}-{'dark' if dark else 'light'}.png", tmp_path)
    # WCAG 2 asks for 4.5 to 1 for text (success criterion 1.4.3).
    contrasts = page.run(
        """const style = getComputedStyle(document.documentElement);
           const luminance = (name) => {
             const hex = style.getPropertyValue(name).trim();
             const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
               .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
             return 0.2126 * r + 0.7152 * g + 0.0722 * b;
           };
           const result = {};
           for (const ink of ["ink", "muted", "http", "ws", "ok", "warn", "bad", "key"])
             for (const ground of ["ground", "card", "sunk"]) {
               const [a, b] = [luminance(`--${ink}`), luminance(`--${ground}`)].sort((x, y) => y - x);
               result[`${ink} on ${ground}`] = (a + 0.05) / (b + 0.05);
             }
           return result;"""
    )
    assert {pair: ratio for pair, ratio in contrasts.items() if ratio < 4.5} == {}


def test_every_field_has_a_label(page):
    unlabelled = page.run(
        """return [...document.querySelectorAll("input, textarea, select")]
             .filter((field) => field.labels.length === 0).map((field) => field.id)"""
    )
    assert unlabelled == []
    nameless = page.run(
        """return [...document.querySelectorAll("button, a")]
             .filter((e) => !e.textContent.trim() && !e.ariaLabel).length"""
    )
    assert nameless == 0


def test_uses_nothing_from_outside(page):
    page.until(lambda: page.elements(".exchange .end"))
    outside = page.run(
        """return performance.getEntriesByType("resource").map((entry) => entry.name)
             .filter((name) => new URL(name).host !== location.host)"""
    )
    assert outside == []


def test_documents_carry_the_security_fields_and_are_revalidated(start_duplex):
    url = start_duplex().url
    for path in ("/", "/_duplex/", "/_duplex/page.js"):
        with urllib.request.urlopen(url + path) as response:
            fields = response.headers
        policy = fields["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
        assert fields["X-Content-Type-Options"] == "nosniff"
        assert fields["Referrer-Policy"] == "no-referrer"
        again = urllib.request.Request(url + path, headers={"If-None-Match": fields["ETag"]})
        with pytest.raises(urllib.error.HTTPError) as unchanged:
            urllib.request.urlopen(again)
        assert unchanged.value.code == 304


def test_serves_the_page_beside_a_folder(browser, start_duplex, tmp_path):
    (tmp_path / "index.html").write_text("<!doctype html><link rel=icon href=data:,>mine")
    url = start_duplex(tmp_path).url
    assert urllib.request.urlopen(url + "/").read().endswith(b"mine")
    with urllib.request.urlopen(url + "/_duplex") as response:
        assert response.url == url + "/_duplex/"
    page = browser(url + "/_duplex/")
    page.until_text("#page-state", "connected")


def test_answers_only_what_the_page_may_ask(start_duplex):
    server = start_duplex()
    too_much = urllib.request.Request(server.url + "/_duplex/exchange", data=b"x" * 5000, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(too_much)
    assert refused.value.code == 413
    no_text = urllib.request.Request(server.url + "/_duplex/exchange", data=b"\xff", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(no_text)
    assert refused.value.code == 400

    async def status_of(path, **options):
        try:
            async with websockets.connect(server.websocket_url + path, **options):
                return 101
        except websockets.InvalidStatusCode as refusal:
            return refusal.status_code

    good = "0123456789abcdef" * 2
    for kind in ("socket", "wire"):
        for bad in ("x", good[1:], good + "0", good.upper(), "%0A" * 32):
            assert asyncio.run(status_of(f"/_duplex/{kind}/{bad}")) == 400
        assert asyncio.run(status_of(f"/_duplex/{kind}/{good}")) == 101
        assert asyncio.run(status_of(f"/_duplex/{kind}/{good}", origin="https://elsewhere.example")) == 403


def test_chat_bounds_what_visitors_say(start_duplex):
    server = start_duplex()

    async def talk():
        url = server.websocket_url + "/_duplex/chat"
        async with websockets.connect(url + "?name=%ff%00") as visitor:
            welcome = json.loads(await visitor.recv())
            assert welcome["here"] == 1 and welcome["history"] == []
            for number in range(40):
                await visitor.send(f"{number}")
            said = [json.loads(await visitor.recv()) for _ in range(40)]
            assert [message["text"] for message in said] == [f"{number}" for number in range(40)]
            assert {message["name"] for message in said} == {"somebody"}
            async with websockets.connect(url + "?name=late") as late:
                history = json.loads(await late.recv())["history"]
                assert [message["text"] for message in history] == [f"{number}" for number in range(10, 40)]
            await visitor.send("x" * 3000)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    await visitor.recv()
            assert closed.value.rcvd.code == 1009

    asyncio.run(talk())

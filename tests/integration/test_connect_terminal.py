"""`duplex connect` at a terminal: typed to, and its screen read."""

import re
import signal
import socket
import stat

import pytest
from support.frames import BINARY, TEXT
from support.http import request
from support.terminal import Terminal
from support.websocket_peer import ScriptedServer, talking

FINE, NO_CONNECTION, PROTOCOL = 0, 3, 5

TIME = r"\d\d:\d\d:\d\d\.\d{3}"
LEFT, UP, DOWN, HOME, END, DELETE, BACKSPACE = "\x1b[D", "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[3~", "\x7f"
CTRL_A, CTRL_C, CTRL_D, CTRL_R, CTRL_U, CTRL_Z, ENTER = "\x01", "\x03", "\x04", "\x12", "\x15", "\x1a", "\r"


@pytest.fixture
def terminal(duplex_program, tmp_path):
    """terminal(*arguments): the program at a terminal, with a home of its own."""

    def begin(*arguments, environment=None, **options):
        home = {"XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
        return Terminal(
            [duplex_program, "connect", *arguments], environment={**home, **(environment or {})}, **options
        )

    return begin


@pytest.fixture
def server(start_duplex):
    return start_duplex("--log", "off")


@pytest.fixture
def echo(server):
    return server.websocket_url + "/echo"


def connected(program):
    """Waits until it is connected, and can be typed to."""
    program.shows("connected to")
    program.prompts()


def test_directions_time_and_size_are_told_apart(terminal, echo):
    with terminal(echo) as program:
        connected(program)
        program.type("hello" + ENTER)
        program.until(lambda: re.search(f"^{TIME} <        5 B  hello$", program.text(), re.M))
        assert re.search(f"^{TIME} >        5 B  hello$", program.text(), re.M)
        assert re.search(rf"^{TIME} \*             connected to {re.escape(echo)}$", program.text(), re.M)
        program.prompts()
        program.type(CTRL_D)
        assert program.ends() == FINE
        assert "closed: 1000 (normal)" in program.text()


def test_lines_are_edited(terminal, echo):
    with terminal(echo) as program:
        connected(program)
        program.type("wrld" + LEFT * 3 + "o" + END + "!!" + BACKSPACE + HOME + "XHello, " + CTRL_A + DELETE)
        program.until(lambda: program.cursor() == ("> Hello, world!", 2))
        program.type(ENTER)
        program.shows("<       13 B  Hello, world!")


def test_text_beyond_ascii_is_edited_by_characters(terminal, echo):
    # Whatever the locale is.
    with terminal(echo, environment={"LC_ALL": "C"}) as program:
        connected(program)
        program.type("é漢字x" + BACKSPACE * 2 + "🙂")
        program.shows("> é漢🙂")
        program.type(ENTER)
        program.shows("<        9 B  é漢🙂")


def test_lines_are_remembered_for_their_owner(terminal, echo, tmp_path):
    with terminal(echo) as program:
        connected(program)
        for line in ("first", "second", "third"):
            program.type(line + ENTER)
            program.shows(f"<        {len(line)} B  {line}")
        program.type(UP + UP)
        program.prompts("second")
        program.type(DOWN)
        program.prompts("third")
        program.type(CTRL_U + CTRL_D)
        assert program.ends() == FINE
    history = tmp_path / "data/duplex/connect_history"
    assert history.read_text() == "first\nsecond\nthird\n"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    with terminal(echo) as program:
        connected(program)
        program.type(UP * 3)
        program.prompts("first")
        program.type(ENTER)
        program.shows("<        5 B  first")
        program.prompts()
        program.type(CTRL_R + "sec")
        program.shows("second")


def test_what_comes_in_does_not_garble_what_is_typed(terminal, server):
    with terminal(server.websocket_url + "/live/news", columns=40) as program:
        connected(program)
        program.type("half a li")
        program.prompts("half a li")
        assert request(server, "POST", "/live/news", "news one").status < 300
        program.shows("news one")
        program.prompts("half a li")
        program.type("ne")
        program.prompts("half a line")
        # The same with a line that takes several rows, and the cursor within it.
        program.type(" " + "x" * 60)
        program.until(lambda: program.text().endswith("x" * 33))
        program.type(HOME)
        program.until(lambda: program.cursor() == ("> half a line " + "x" * 26, 2))
        for number in range(3):
            assert request(server, "POST", "/live/news", f"news {number + 2}").status < 300
            program.shows(f"news {number + 2}")
        program.until(lambda: program.cursor() == ("> half a line " + "x" * 26, 2))
        lines = program.lines()
        assert sum("half" in line for line in lines) == 1, program.text()
        assert [line for line in lines if "news" in line and "<" in line], program.text()
        program.type(ENTER)
        program.until(lambda: program.text().count("half a line") == 2)  # out, and in again
        program.prompts()


def test_a_terminal_may_change_its_size(terminal, server):
    with terminal(server.websocket_url + "/live/news") as program:
        connected(program)
        program.type("typed")
        program.prompts("typed")
        program.resize(60, 20)
        assert request(server, "POST", "/live/news", "news").status < 300
        program.shows("news")
        program.prompts("typed")


@pytest.mark.parametrize("end", [CTRL_C, CTRL_D, "/quit" + ENTER], ids=["Ctrl+C", "Ctrl+D", "quit"])
def test_it_says_goodbye_and_gives_the_terminal_back(terminal, end):
    def talk(peer):
        code = peer.until_close()
        peer.close()
        return code

    with ScriptedServer(talking(talk)) as server:
        with terminal(server.url) as program:
            connected(program)
            program.type("lost" + end if end == CTRL_C else end)
            assert program.ends() == FINE
            assert program.lines()[program.screen.cursor.y] == "" and program.screen.cursor.x == 0
            assert "> lost" not in program.text()
    assert server.results == [(1000, "")]


def test_it_can_be_stopped_before_it_is_connected(terminal):
    with socket.create_server(("127.0.0.1", 0)) as listener:  # which says nothing
        with terminal(f"ws://127.0.0.1:{listener.getsockname()[1]}/") as program:
            program.prompts()
            program.type(CTRL_C)
            assert program.ends() == FINE
            assert program.text() == ""


def test_the_terminal_is_as_it_was(duplex_program, echo, tmp_path):
    script = f"stty -a > before; {duplex_program} connect {echo}; echo status $?; stty -a > after; echo done"
    with Terminal(["sh", "-c", f"cd {tmp_path}; {script}"], environment={"HOME": str(tmp_path)}) as shell:
        connected(shell)
        shell.type(CTRL_D)
        shell.shows("status 0")
        shell.shows("done")
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()


def test_it_is_suspended_and_goes_on(terminal, echo):
    with terminal(echo) as program:
        connected(program)
        program.type("half")
        program.prompts("half")
        program.type(CTRL_Z)
        while not program.stopped():
            pass
        program.signal(signal.SIGCONT)
        program.prompts("half")
        program.type(" whole" + ENTER)
        program.shows("<       10 B  half whole")


def test_commands(terminal, tmp_path):
    (tmp_path / "some file").write_bytes(b"\x00\x01content")
    (tmp_path / "text").write_text("of a file\n")
    (tmp_path / "no text").write_bytes(b"\xff")

    def talk(peer):
        frames = []
        while (found := peer.next_frame()) and found[0] != 8:
            if found[0] == 9:
                peer.send(bytes([0x8A, len(found[1])]) + found[1])
            else:
                frames.append(found)
        peer.close(4001)
        return frames, found[1]

    with ScriptedServer(talking(talk)) as server:
        with terminal(server.url, rows=50) as program:
            connected(program)
            program.type("/help" + ENTER)
            program.shows("/close [CODE] [REASON]")
            program.type("/ping" + ENTER)
            program.shows("the answer to a ping took ")
            program.type("/binary 00 ff 41" + ENTER)
            program.until(lambda: re.search(r"00000000  00 ff 41 +\|\.\.A\|", program.text()))
            program.type(f"/file {tmp_path}/some file" + ENTER)
            program.shows("|..content|")
            program.type(f"/text {tmp_path}/text" + ENTER)
            program.shows("of a file")
            program.type(f"/text {tmp_path}/no text" + ENTER)
            program.shows("is not UTF-8")
            program.type(f"/file {tmp_path}/missing" + ENTER)
            program.shows("No such file")
            program.type("//slash" + ENTER)
            program.shows("6 B  /slash")
            program.type("/nonsense" + ENTER)
            program.shows("there is no command /nonsense")
            program.type("/close 4000 so long" + ENTER)
            assert program.ends() == FINE
    ((frames, goodbye),) = server.results
    assert frames == [
        (BINARY, b"\x00\xff\x41"),
        (BINARY, b"\x00\x01content"),
        (TEXT, b"of a file\n"),
        (TEXT, b"/slash"),
    ]
    assert goodbye == (4000).to_bytes(2, "big") + b"so long"


def test_a_server_steers_no_terminal_and_forges_no_line(terminal):
    def talk(peer):
        peer.send_text("one\n12:00:00.000 >        5 B  forged\x1b[2J\x1b]0;title\x07\u202e\x9b")
        peer.until_close()
        peer.close(1000, "bye \x1b[2J")

    with ScriptedServer(talking(talk)) as server:
        with terminal(server.url, columns=120) as program:
            program.shows(r"forged\x1b[2J\x1b]0;title\x07\u{202e}\u{009b}")
            assert not re.search(r"^12:00:00", program.text(), re.M)
            program.type(CTRL_D)
            assert program.ends() == FINE
            assert r"bye \x1b[2J" in program.text()
            assert b"\x1b[2J" not in program.raw and b"\x1b]0" not in program.raw


def test_long_messages_are_cut_on_the_screen_only(terminal, echo):
    with terminal("--show-bytes-max", "20", echo, rows=30) as program:
        connected(program)
        program.type("0123456789" * 3 + ENTER)
        program.until(lambda: program.text().count("... 10 B more") == 2)
        assert "<       30 B  01234567890123456789\n" in program.text()


GREEN, CYAN = b"\x1b[32m", b"\x1b[36m"


@pytest.mark.parametrize(
    "arguments, environment, colored",
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_colors_are_for_terminals_that_have_them(terminal, echo, arguments, environment, colored):
    with terminal(*arguments, echo, environment=environment) as program:
        program.until(lambda: b"connected" in program.raw)
        program.type("hello" + ENTER)
        program.until(lambda: re.search(rb"<(\x1b\[0m)? (\x1b\[2m)? *5 B", program.raw))
        program.type(CTRL_D)
        assert program.ends() == FINE
        assert (GREEN in program.raw) == (CYAN in program.raw) == colored


def test_verbose_shows_heads_and_frames(terminal, echo):
    with terminal("-v", echo, rows=50) as program:
        connected(program)
        assert "> GET /echo HTTP/1.1" in program.text()
        assert "< HTTP/1.1 101 Switching Protocols" in program.text()
        program.type("hello" + ENTER)
        program.shows("frame in:  text, FIN, 5 bytes")
        assert "frame out: text, FIN, 5 bytes, masked" in program.text()


def test_when_the_server_goes_so_does_it(terminal):
    def talk(peer):
        peer.send_text("ready")
        peer.next_frame()
        peer.close(1011, "out of order")
        peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        with terminal(server.url) as program:
            program.shows("ready")
            program.type("x" + ENTER + "half")
            assert program.ends() == PROTOCOL
            assert "closed: 1011 (internal error): out of order" in program.text()


def test_without_a_server_it_says_why(terminal):
    with terminal("ws://127.0.0.1:1/") as program:
        assert program.ends() == NO_CONNECTION
        assert "refused" in program.text()


def test_it_comes_back_when_asked_to(terminal):
    connections = []

    def talk(peer):
        connections.append(peer)
        if len(connections) == 1:
            peer.send_text("first")
            peer.end()
            return
        peer.send_text("second")
        peer.until_close()
        peer.close()

    with ScriptedServer(talking(talk)) as server:
        with terminal("--reconnect", server.url) as program:
            program.shows("second")
            assert "next attempt in" in program.text() and "again" in program.text()
            program.type(CTRL_C)
            assert program.ends() == FINE


def test_a_terminal_that_only_shows_is_not_steered_either(duplex_program):
    def talk(peer):
        peer.send_text("text \x1b[2J")
        peer.send_binary(b"\x1b[2J")
        peer.close()
        peer.until_close()

    with ScriptedServer(talking(talk)) as server:
        with Terminal(["sh", "-c", f"{duplex_program} connect {server.url} < /dev/null"]) as program:
            assert program.ends() == FINE
            assert r"text \x1b[2J" in program.text()
            assert "00000000  1b 5b 32 4a" in program.text()
            assert b"\x1b[2J" not in program.raw

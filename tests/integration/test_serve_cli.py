"""`duplex serve` as its users meet it: options, files of options, lines, signals, exit statuses."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from support.frames import Client
from support.http import Connection, get
from support.program import DEADLINE_S, Program

GOING_AWAY = 1001
MESSAGE_TOO_BIG = 1009


@pytest.fixture
def run(duplex_program):
    """run(*arguments): the program to its end, for what does not begin to serve."""

    def to_its_end(*arguments):
        return subprocess.run(
            [str(duplex_program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )

    return to_its_end


def complaint(result, status):
    """What a program that ended with `status` said; never to standard output."""
    assert (result.returncode, result.stdout) == (status, ""), result
    return result.stderr


# Help


def test_help_goes_to_standard_output(run):
    for arguments in (["--help"], ["-h"], ["serve", "--help"]):
        result = run(*arguments)
        assert (result.returncode, result.stderr) == (0, ""), result
        assert "Usage: duplex" in result.stdout


def test_the_help_of_serve_names_all_options_and_gives_examples(run):
    text = run("serve", "--help").stdout
    for option in (
        "--listen --threads --origin --max-message --spa --list --log --config --max-body --heartbeat "
        "--connections-per-address --max-connections --idle-timeout --shutdown-timeout"
    ).split():
        assert option in text, option
    assert "Examples:" in text


def test_no_subcommand_is_wrong_usage_and_shows_the_help(run):
    assert "duplex serve" in complaint(run(), 2)


def test_the_version_is_one_line(run):
    result = run("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"duplex \d+\.\d+\.\d+\n", result.stdout)


# What is wrong


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["serv"], "serv"),
        (["serve", "--nonsense"], "--nonsense"),
        (["serve", "one", "two"], "two"),
        (["serve", "--threads", "many"], "--threads"),
        (["serve", "--threads", "1", "--threads", "2"], "--threads: has more than one value"),
        (["serve", "--listen"], "--listen"),
        (["serve", "--listen", "8080"], "--listen"),
        (["serve", "--listen", "example.com:80"], "names are not looked up"),
        (["serve", "--max-message", "64Q"], "--max-message"),
        (["serve", "--log", "xml"], "text, json or off"),
        (["serve", "--origin", "example.com"], "--origin"),
        (["serve", "--spa"], "--spa needs a folder"),
        (["serve", "--heartbeat", "soon"], "--heartbeat"),
    ],
)
def test_wrong_usage_is_2_and_names_the_option(run, arguments, words):
    text = complaint(run(*arguments), 2)
    assert words in text
    assert "--help" in text


def test_a_folder_that_is_missing_is_a_failure(run, tmp_path):
    assert "there is no folder" in complaint(run("serve", tmp_path / "missing"), 1)


def test_a_file_is_not_a_folder(run, tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    assert "is not a folder" in complaint(run("serve", file), 1)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_port_that_is_taken_is_a_failure_that_says_what_to_do(start_duplex, run, threads):
    port = start_duplex("--threads", threads).port
    text = complaint(run("serve", "--threads", threads, "--listen", f"127.0.0.1:{port}"), 1)
    assert f"127.0.0.1:{port}: another program listens there" in text
    assert f"--listen 127.0.0.1:{port + 1}" in text


def test_an_address_of_another_machine_is_a_failure(run):
    text = complaint(run("serve", "--listen", "192.0.2.1:8080"), 1)
    assert "192.0.2.1" in text and "this machine" in text


def test_a_unix_path_that_is_taken_is_a_failure(start, duplex_program, run, tmp_path):
    path = f"unix:{tmp_path}/socket"
    program = start(duplex_program, "serve", "--listen", path, urls=0)
    assert path in program.next_line()
    text = complaint(run("serve", "--listen", path), 1)
    assert path in text and "another path" in text


def test_a_unix_path_in_a_folder_that_is_missing_is_a_failure(run, tmp_path):
    text = complaint(run("serve", "--listen", f"unix:{tmp_path}/missing/socket"), 1)
    assert "does not exist" in text


# Where it listens


@pytest.mark.parametrize("log", ["text", "json", "off"])
def test_standard_output_is_the_url_and_nothing_else(start_duplex, log):
    program = start_duplex("--log", log)
    assert get(program, "/_duplex/health").status == 200
    program.stop()
    assert program.output == [f"duplex serves http://127.0.0.1:{program.port}/"]


def test_it_listens_on_several_addresses(start, duplex_program, tmp_path):
    listens = ["127.0.0.1:0", "127.0.0.1:0", f"unix:{tmp_path}/socket"]
    arguments = [word for address in listens for word in ("--listen", address)]
    program = start(duplex_program, "serve", *arguments, urls=2)
    for url in program.urls:
        with Connection(("127.0.0.1", int(url.rstrip("/").rsplit(":", 1)[1]))) as connection:
            assert connection.get("/_duplex/health").answer().status == 200
    with Connection(f"{tmp_path}/socket", family=socket.AF_UNIX) as connection:
        assert connection.get("/_duplex/health").answer().status == 200
    program.stop()
    assert not (tmp_path / "socket").exists()


def test_it_listens_on_ipv6(start, duplex_program):
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    program = start(duplex_program, "serve", "--listen", "[::1]:0")
    assert program.url.startswith("http://[::1]:")
    with Connection(program.address, family=socket.AF_INET6) as connection:
        assert connection.get("/_duplex/health").answer().status == 200


def test_a_colon_and_a_port_are_all_addresses(start, duplex_program):
    program = start(duplex_program, "serve", "--listen", ":0")
    assert "all other addresses" in program.output[0]
    assert get(program, "/_duplex/health").status == 200


# Stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(start_duplex, number):
    program = start_duplex()
    with Client(program) as client:
        program.signal(number)
        assert client.close_code()[0] == GOING_AWAY
    assert program.wait() == 0


def test_a_connection_that_waits_for_nothing_does_not_hold_it_up(start_duplex):
    program = start_duplex("--shutdown-timeout", "3600")
    with Connection(program.address) as used, Connection(program.address) as unused:
        assert used.get("/_duplex/health").answer().status == 200
        program.signal(signal.SIGTERM)
        assert used.closed() and unused.closed()
    assert program.wait() == 0


def test_a_client_that_says_no_goodbye_is_cut_off_at_the_deadline(start_duplex):
    program = start_duplex("--shutdown-timeout", "0.3")
    with Client(program):
        begin = time.monotonic()
        program.signal(signal.SIGTERM)
        assert program.wait() == 0
    assert time.monotonic() - begin < DEADLINE_S / 2


def test_a_second_signal_ends_it_at_once(duplex_program):
    command = [duplex_program, "serve", "--listen", "127.0.0.1:0", "--shutdown-timeout", "3600"]
    program = Program(command)
    try:
        with Client(program) as client:
            program.signal(signal.SIGTERM)
            assert client.next_frame()[1] == 8  # its goodbye, which we don't answer
            program.signal(signal.SIGTERM)
            assert program.wait() == -signal.SIGTERM
    finally:
        program.kill()


# The file of options


def test_a_file_gives_options_and_the_command_line_wins(start, duplex_program, tmp_path):
    (tmp_path / "duplex.toml").write_text(
        'listen = "127.0.0.1:1"\nmax-message = 10\nthreads = 1\nlog = "json"\n'
        f'dir = "{tmp_path}"\nlist = true\n'
    )
    program = start(
        duplex_program, "serve", "--config", tmp_path / "duplex.toml", "--listen", "127.0.0.1:0"
    )
    assert b"duplex.toml" in get(program, "/").body
    with Client(program) as client:
        client.send_text("x" * 10)
        assert client.text() == "x" * 10
        client.send_text("x" * 11)
        assert client.close_code()[0] == MESSAGE_TOO_BIG
    program.stop()
    assert json.loads(program.errors().splitlines()[0])["target"] == "/"


@pytest.mark.parametrize(
    "toml, words",
    [
        ("threads = 1\nlissten = ':80'\n", ":2: lissten: there is no such option"),
        ("threads = 'x'\n", ":1: threads"),
        ("threads 1\n", ":1: "),
    ],
)
def test_a_file_that_is_wrong_is_told_by_line_and_key(run, tmp_path, toml, words):
    file = tmp_path / "duplex.toml"
    file.write_text(toml)
    assert f"{file}{words}" in complaint(run("serve", "--config", file), 2)


def test_a_file_that_is_missing_is_a_failure(run, tmp_path):
    assert "can't read" in complaint(run("serve", "--config", tmp_path / "missing"), 1)


# The log


def log_of(program):
    """The lines of the log, after a stop."""
    program.stop()
    return program.errors().splitlines()


def test_the_log_is_text(start_duplex):
    program = start_duplex("--log", "text")
    assert get(program, "/_duplex/health?x=%22").status == 200
    assert get(program, "/nothing").status == 404
    time_and_peer = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1:\d+ "
    lines = log_of(program)
    assert re.fullmatch(
        time_and_peer + r'"GET /_duplex/health\?x=%22" 200 \d+B \d+\.\d\dms', lines[0]
    ), lines
    assert re.fullmatch(time_and_peer + r'"GET /nothing" 404 \d+B \d+\.\d\dms', lines[1]), lines


def test_the_log_is_json_in_every_line(start_duplex):
    program = start_duplex("--log", "json")
    agent = r'say "hi" \ there'
    assert get(program, "/nothing", f"User-Agent: {agent}", "Referer: http://a.example/").status == 404
    with Client(program) as client:
        client.close_normally()
    first, second = map(json.loads, log_of(program))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.pop("time"))
    assert re.fullmatch(r"127\.0\.0\.1:\d+", first.pop("peer"))
    assert first.pop("duration_ms") >= 0
    assert first.pop("bytes") > 0
    assert first == {
        "method": "GET",
        "target": "/nothing",
        "status": 404,
        "upgraded": False,
        "user_agent": agent,
        "referer": "http://a.example/",
    }
    assert (second["target"], second["status"], second["upgraded"]) == ("/echo", 101, True)


@pytest.mark.parametrize("arguments", [("--compress",), ("--compress", "--compress-keep", "--compress-min", "1K")])
def test_the_log_says_that_messages_are_compressed(start_duplex, arguments):
    (line,) = log_of(start_duplex(*arguments))
    kept = "--compress-keep" in arguments
    assert re.fullmatch(
        rf"\S+Z info: WebSocket messages from {1024 if kept else 64} bytes on are compressed for clients that offer it: "
        rf"level 1, a window of 32768 bytes, {'kept from message to message' if kept else 'each message begins anew'}",
        line,
    )


def test_the_log_says_nothing_of_messages_that_go_as_they_are(start_duplex):
    assert log_of(start_duplex()) == []


def test_no_log_is_silent(start_duplex):
    program = start_duplex("--log", "off")
    assert get(program, "/nothing").status == 404
    assert log_of(program) == []


def test_a_log_that_nobody_reads_holds_nothing_up(duplex_program):
    """The reader of standard error hangs; requests are answered and the program ends."""
    process = subprocess.Popen(
        [str(duplex_program), "serve", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stdout.readline().split()[2]
        with Connection(("127.0.0.1", int(url.rstrip("/").rsplit(":", 1)[1]))) as connection:
            for _ in range(2000):  # more lines than a pipe takes
                assert connection.get("/_duplex/health").answer().status == 200
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
    finally:
        process.kill()
        process.communicate()


def test_nothing_takes_the_place_of_a_closed_standard_descriptor(start, duplex_program):
    """Or else the log would go there, to a client at worst."""
    program = start(
        "/bin/sh", "-c", 'exec "$@" 2>&- <&-', "sh", duplex_program, "serve", "--listen",
        "127.0.0.1:0",
    )
    for descriptor in (0, 2):
        assert os.readlink(f"/proc/{program.pid}/fd/{descriptor}") == "/dev/null"


# What it serves


def test_a_folder_is_served_and_listed_when_asked_for(start_duplex, tmp_path):
    (tmp_path / "a.txt").write_text("content")
    plain = start_duplex(tmp_path)
    assert get(plain, "/a.txt").body == b"content"
    assert get(plain, "/").status == 404
    assert get(plain, "/_duplex/").status == 200
    listing = start_duplex("--list", tmp_path)
    assert b"a.txt" in get(listing, "/").body


def test_a_single_page_answers_navigations(start_duplex, tmp_path):
    (tmp_path / "index.html").write_text("the page")
    program = start_duplex("--spa", tmp_path)
    assert get(program, "/some/where", "Accept: text/html").body == b"the page"


def test_without_a_folder_the_page_is_at_the_root(start_duplex):
    program = start_duplex()
    assert b"<html" in get(program, "/").body.lower()
    assert get(program, "/").body == get(program, "/_duplex/").body


def test_health_is_json(start_duplex):
    program = start_duplex()
    with Client(program):
        answer = get(program, "/_duplex/health")
    assert answer["Cache-Control"] == "no-store"
    health = json.loads(answer.body)
    assert health["status"] == "ok"
    assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"])
    assert health["websockets"] == 1
    assert health["connections"] >= 1
    assert health["uptime_s"] >= 0


def test_it_takes_as_many_descriptors_as_it_may(start, duplex_program):
    program = start(
        "/bin/sh", "-c", 'ulimit -S -n 64; exec "$@"', "sh", duplex_program, "serve", "--listen",
        "127.0.0.1:0",
    )
    with open(f"/proc/{program.pid}/limits") as limits:
        (line,) = [line for line in limits if line.startswith("Max open files")]
    soft, hard = line.split()[3:5]
    assert soft == hard and soft != "64"

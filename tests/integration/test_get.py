"""`duplex get` against Python's http.server and scripted servers: content, files, progress, exit statuses."""

import gzip
import http.server
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT
from support.terminal import Terminal

FINE, FAILURE, WRONG_USAGE, NO_CONNECTION, TLS_REFUSED, PROTOCOL, TIMED_OUT, HTTP_ERROR = range(8)

ENVIRONMENT = {
    **SANITIZER_OPTIONS,
    **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
}


@pytest.fixture
def get(duplex_program, tmp_path):
    """get(*arguments): the program to its end, in a folder of its own."""

    def to_its_end(*arguments, status=FINE, **options):
        result = subprocess.run(
            [str(duplex_program), "get", *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            timeout=DEADLINE_S,
            env=ENVIRONMENT,
            **{"stdin": subprocess.DEVNULL} | options,
        )
        assert not SANITIZER_REPORT.search(result.stderr.decode(errors="replace")), result.stderr
        assert result.returncode == status, result
        return result

    return to_its_end


class Handler(http.server.BaseHTTPRequestHandler):
    """What the tests ask for: an echo of the request, files with ranges, statuses, redirections."""

    protocol_version = "HTTP/1.1"
    FILE = bytes(range(256)) * 4096

    def log_message(self, *_):
        pass

    def answer(self, status, content=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def content(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_ANY(self):
        self.server.requests.append(self)
        self.received = self.content()
        if self.path == "/file":
            self.send_file()
        elif self.path.startswith("/status/"):
            self.answer(int(self.path[8:]), b"the content\n")
        elif self.path == "/redirect":
            self.answer(302, Location="/hello")
        elif self.path == "/loop":
            self.answer(302, Location="/loop")
        elif self.path == "/gzip":
            self.answer(200, gzip.compress(b"unpacked\n"), Content_Encoding="gzip")
        elif self.path == "/cookie":
            self.answer(200, (self.headers.get("Cookie") or "none").encode(), Set_Cookie="a=b; Max-Age=1000")
        elif self.path == "/steering":
            self.answer(200, b"\x1b[2Jtext\r\n")
        elif self.path == "/silent":
            self.server.stop.wait(DEADLINE_S)
        else:
            self.answer(200, b"hello\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_ANY

    def send_file(self):
        whole = self.FILE
        first = 0
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first = int(match[1])
            last = int(match[2]) if match[2] else len(whole) - 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(whole)}")
            whole = whole[: last + 1]
        else:
            self.send_response(200)
        part = whole[first:]
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.server.breaks:
            self.wfile.write(part[: self.server.breaks.pop(0)])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        pause = self.server.pause_s
        for begin in range(0, len(part), 1 << 16):
            if self.command != "HEAD":
                self.wfile.write(part[begin : begin + (1 << 16)])
                time.sleep(pause)


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # clients that go are part of the tests
        # `breaks`: after how many bytes the file's connection breaks off, one after the other.
        server.requests, server.breaks, server.pause_s, server.stop = [], [], 0, threading.Event()
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join(DEADLINE_S)


def only(server):
    (request,) = server.requests
    return request


# What comes back


def test_content_goes_to_standard_output(get, server):
    result = get(server.url + "/hello")
    assert (result.stdout, result.stderr) == (b"hello\n", b"")
    assert get(server.url.replace("http://", "") + "/file").stdout == Handler.FILE


def test_the_head_is_written_when_asked_for(get, server):
    head, content = get("-i", server.url + "/hello").stdout.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n") and content == b"hello\n"
    result = get("-I", server.url + "/hello")
    assert result.stdout.endswith(b"Content-Length: 6\r\n\r\n")
    assert server.requests[-1].command == "HEAD"


def test_verbose_shows_both_heads_on_standard_error(get, server):
    result = get("-v", server.url + "/redirect")
    assert result.stdout == b"hello\n"
    text = result.stderr.decode()
    assert "> GET /hello HTTP/1.1\n" in text and "< HTTP/1.1 200 OK\n" in text
    assert f"* 1 redirection followed, to {server.url}/hello" in text


def test_compressed_content_is_unpacked_unless_it_is_not_wanted(get, server):
    assert get(server.url + "/gzip").stdout == b"unpacked\n"
    assert gzip.decompress(get("--undecoded", server.url + "/gzip").stdout) == b"unpacked\n"


def test_a_range_is_asked_for(get, server):
    assert get("--range", "10-19", server.url + "/file").stdout == bytes(range(10, 20))


def test_a_reader_that_goes_ends_it_cleanly(duplex_program, server):
    process = subprocess.Popen(
        [str(duplex_program), "get", server.url + "/file"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(DEADLINE_S) == FINE
    assert process.stderr.read() == b""
    process.stderr.close()


# What is asked for


@pytest.mark.parametrize("given, expected", [("a=b", b"a=b"), ("@form", b"from=file\n")])
def test_data_is_posted(get, server, tmp_path, given, expected):
    (tmp_path / "form").write_bytes(b"from=file\n")
    assert get("-d", given, server.url + "/form").stdout == b"hello\n"
    request = only(server)
    assert (request.command, request.received) == ("POST", expected)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("arguments, method", [(["-d", "@-"], "POST"), (["-T", "-"], "PUT")])
def test_standard_input_is_sent_as_it_comes(get, server, tmp_path, arguments, method):
    (tmp_path / "input").write_bytes(Handler.FILE)
    with open(tmp_path / "input", "rb") as stdin:
        get(*arguments, server.url + "/form", stdin=stdin)
    request = only(server)
    assert (request.command, request.received) == (method, Handler.FILE)
    assert request.headers["Transfer-Encoding"] == "chunked"


def test_json_is_posted(get, server):
    get("--json", '{"a": 1}', "-H", "X-One: 1", server.url + "/api")
    request = only(server)
    assert (request.command, request.received) == ("POST", b'{"a": 1}')
    assert request.headers["Content-Type"] == request.headers["Accept"] == "application/json"
    assert request.headers["X-One"] == "1"


def test_a_file_is_put(get, server, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"content" * 100_000)
    get("-T", "a.txt", server.url + "/a.txt")
    request = only(server)
    assert (request.command, request.received) == ("PUT", b"content" * 100_000)
    assert request.headers["Content-Type"].startswith("text/plain")


def test_a_method_may_be_chosen(get, server):
    get("-X", "DELETE", "--bearer", "token", server.url + "/thing")
    assert only(server).command == "DELETE"
    assert only(server).headers["Authorization"] == "Bearer token"


def test_cookies_are_kept_in_a_file(get, server, tmp_path):
    assert get("--cookies", "jar", server.url + "/cookie").stdout == b"none"
    assert get("--cookies", "jar", server.url + "/cookie").stdout == b"a=b"
    assert (tmp_path / "jar").stat().st_mode & 0o777 == 0o600


def test_redirections_have_a_limit(get, server):
    assert get("--redirects-max", "0", "-i", server.url + "/redirect").stdout.startswith(b"HTTP/1.1 302")
    assert b"redirect" in get(server.url + "/loop", status=PROTOCOL).stderr


# Files


def test_a_file_is_there_whole_or_not_at_all(get, server, tmp_path):
    get("-o", "copy", server.url + "/file")
    assert (tmp_path / "copy").read_bytes() == Handler.FILE
    get("-O", server.url + "/file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "file"]


def test_what_breaks_off_is_taken_up_again(get, server, tmp_path):
    server.breaks[:] = [300_000, 100_000]
    get("-O", server.url + "/file")
    assert (tmp_path / "file").read_bytes() == Handler.FILE
    assert [request.headers.get("Range") for request in server.requests] == [None, "bytes=300000-", "bytes=400000-"]


def test_a_later_call_goes_on_where_an_earlier_one_broke_off(get, server, tmp_path):
    server.breaks[:] = [300_000]
    get("--retries", "0", "-O", server.url + "/file", status=PROTOCOL)
    assert (tmp_path / "file.part").stat().st_size >= 300_000 and not (tmp_path / "file").exists()
    result = get("-v", "-O", server.url + "/file")
    assert (tmp_path / "file").read_bytes() == Handler.FILE
    assert server.requests[-1].headers["Range"] == "bytes=300000-"
    assert b"300000 of 1048576 bytes were there already" in result.stderr


def test_a_file_may_be_begun_anew(get, server, tmp_path):
    server.breaks[:] = [300_000]
    get("--retries", "0", "-O", server.url + "/file", status=PROTOCOL)
    get("--no-resume", "-O", server.url + "/file")
    assert (tmp_path / "file").read_bytes() == Handler.FILE
    assert server.requests[-1].headers["Range"] is None


def test_what_can_not_be_written_is_a_failure(get, server, tmp_path):
    assert b"none/file" in get("-o", "none/file", server.url + "/file", status=FAILURE).stderr
    assert b"none/file" in get("-i", "-o", "none/file", server.url + "/file", status=FAILURE).stderr


def test_a_full_disk_is_a_failure(duplex_program, server):
    command = [str(duplex_program), "get", server.url + "/file"]
    with open("/dev/full", "wb") as full:
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=DEADLINE_S)
    assert result.returncode == FAILURE and b"No space left" in result.stderr


# Exit statuses


def test_no_connection_is_3(get):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert b"refused" in get(f"http://127.0.0.1:{port}/", status=NO_CONNECTION).stderr


def test_a_certificate_that_can_not_be_verified_is_4(get, start_tls_server, certificates):
    url = start_tls_server().secure.url
    assert b"tls: " in get(url, status=TLS_REFUSED).stderr
    get("--cacert", certificates.root, url + "/")
    assert b"not verified" in get("--insecure", url + "/").stderr


def test_a_response_that_breaks_the_rules_is_5(get):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(1 << 16)
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")

        thread = threading.Thread(target=serve)
        thread.start()
        assert b"protocol: " in get(f"http://127.0.0.1:{listener.getsockname()[1]}/", status=PROTOCOL).stderr
        thread.join(DEADLINE_S)


def test_out_of_time_is_6(get, server):
    assert b"time" in get("--max-time", "0.3", server.url + "/silent", status=TIMED_OUT).stderr


def test_a_status_from_400_on_is_7_when_asked_for(get, server):
    assert get(server.url + "/status/404").stdout == b"the content\n"
    result = get("--fail", server.url + "/status/404", status=HTTP_ERROR)
    assert result.stdout == b"" and b"404 Not Found" in result.stderr
    result = get("-o", "x", server.url + "/status/500", status=HTTP_ERROR)
    assert b"500 Internal Server Error" in result.stderr and b"the content" in result.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], b"URL"),
        (["ftp://a/"], b"no URL to get"),
        (["-O", "http://a/"], b"names no file"),
        (["-X", "BREW", "http://a/"], b"--request"),
        (["-d", "a", "--json", "b", "http://a/"], b"don't go together"),
    ],
)
def test_wrong_usage_is_2(get, arguments, words):
    result = get(*arguments, status=WRONG_USAGE)
    assert words in result.stderr and b"duplex get --help" in result.stderr


# At a terminal


def test_progress_is_shown_and_taken_away(duplex_program, server, tmp_path):
    server.pause_s = 0.1  # sixteen pieces
    with Terminal([duplex_program, "get", "-o", tmp_path / "copy", server.url + "/file"]) as program:
        program.until(lambda: re.search(r"^ *\d+ %  [\d.]+ KiB of 1.0 MiB, .*/s, \d s left$", program.text(), re.M))
        assert program.ends() == FINE
        assert program.text() == ""
    assert (tmp_path / "copy").read_bytes() == Handler.FILE


def test_progress_can_be_kept_silent(duplex_program, server, tmp_path):
    server.pause_s = 0.1
    with Terminal([duplex_program, "get", "-s", "-o", tmp_path / "copy", server.url + "/file"]) as program:
        assert program.ends() == FINE
        assert program.raw == b""


def test_a_terminal_is_not_steered(duplex_program, server):
    with Terminal([duplex_program, "get", server.url + "/steering"]) as program:
        assert program.ends() == FINE
        assert program.raw == b"\\x1b[2Jtext\r\n"
    with Terminal([duplex_program, "get", server.url + "/file"]) as program:
        assert program.ends() == FAILURE
        assert "is no text" in program.text()


def test_ctrl_c_leaves_what_can_be_taken_up_again(duplex_program, server, tmp_path):
    server.pause_s = 0.1
    with Terminal([duplex_program, "get", "-o", tmp_path / "copy", server.url + "/file"]) as program:
        program.shows("left")
        program.type("\x03")
        assert program.ends() == -signal.SIGINT
    assert (tmp_path / "copy.part").exists() and not (tmp_path / "copy").exists()

"""HTTP/1.1 as clients use it: persistence, framing, methods, streaming in both directions."""

import contextlib
import email.utils
import http.client
import select
import subprocess
import time

import pytest
from support.http import Connection, eventually, get, request
from support.program import DEADLINE_S

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    return start_test_server_for_module("--threads", "2", "--body-bytes", str(1 << 30))


def open_gate(server, name):
    assert request(server, "POST", f"/gate/{name}", "").status == 204


def wait_at_gate(server, name, count=1):
    """Until `count` handlers wait at the gate."""
    eventually(lambda: get(server, f"/gate/{name}").body == str(count).encode())


def test_one_connection_carries_many_requests(server):
    with Connection(server.address) as connection:
        for _ in range(100):
            answer = connection.get("/").answer()
            assert (answer.version, answer.status, answer.body) == ("HTTP/1.1", 200, b"root")
            assert answer["Connection"] is None


def test_connection_close_is_honoured(server):
    with Connection(server.address) as connection:
        answer = connection.get("/", "Connection: close").answer()
        assert answer["Connection"] == "close"
        assert connection.closed()


@pytest.mark.parametrize("options", ["close, TE", "TE,  CLOSE", "foo , Close"])
def test_connection_close_is_found_in_lists(server, options):
    with Connection(server.address) as connection:
        connection.get("/", f"Connection: {options}").answer()
        assert connection.closed()


def test_a_handler_may_close_the_connection(server):
    with Connection(server.address) as connection:
        connection.get("/close").get("/")
        answer = connection.answer()
        assert (answer.body, answer["Connection"]) == (b"last", "close")
        assert connection.closed()


def test_http_1_0_closes_unless_it_asks_for_keep_alive(server):
    with Connection(server.address) as connection:
        assert connection.get("/", version="HTTP/1.0").answer().body == b"root"
        assert connection.closed()
    with Connection(server.address) as connection:
        for _ in range(3):
            answer = connection.get("/", "Connection: keep-alive", version="HTTP/1.0").answer()
            assert answer["Connection"].lower() == "keep-alive"
            assert answer.body == b"root"


def test_http_1_0_needs_no_host(server):
    with Connection(server.address) as connection:
        assert connection.send("GET / HTTP/1.0\r\n\r\n").answer().status == 200


def test_http_1_0_never_gets_chunks(server):
    with Connection(server.address) as connection:
        answer = connection.get("/generated?bytes=50000", version="HTTP/1.0").answer()
        assert answer["Transfer-Encoding"] is None
        assert len(answer.body) == 50000
        assert connection.closed()


def test_pipelined_requests_are_answered_in_order(server):
    count = 500
    with Connection(server.address) as connection:
        connection.send("".join(f"GET /reflect?q={n} HTTP/1.1\r\nHost: a\r\n\r\n" for n in range(count)))
        for n in range(count):
            assert f"query q: {n}\n".encode() in connection.answer().body


def test_pipelined_requests_with_content_are_answered_in_order(server):
    with Connection(server.address) as connection:
        stream = b""
        for n in range(100):
            content = b"%d." % n * n
            if n % 2:
                stream += b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(content)
                stream += content
            else:
                stream += b"POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                stream += b"%x\r\n%s\r\n" % (len(content), content) if content else b""
                stream += b"0\r\n\r\n"
        connection.send(stream)
        for n in range(100):
            assert connection.answer().body == b"%d." % n * n


def test_pipelined_slow_handlers_keep_the_order(server):
    with Connection(server.address) as connection:
        for target in ("/wait/order-a", "/", "/wait/order-b", "/reflect?q=last", "/generated?bytes=10"):
            connection.get(target)
        open_gate(server, "order-b")
        assert connection.silent(0.1), "an answer came before the first request's"
        open_gate(server, "order-a")
        bodies = [connection.answer().body for _ in range(5)]
        assert bodies[0] == b"through order-a"
        assert bodies[1] == b"root"
        assert bodies[2] == b"through order-b"
        assert b"query q: last" in bodies[3]
        assert len(bodies[4]) == 10


def test_requests_may_come_byte_by_byte(server):
    with Connection(server.address) as connection:
        connection.send_byte_by_byte(
            "POST /body HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        assert connection.answer().body == b"abc0123456789"
        assert connection.answer().body == b"root"


def test_head_has_the_fields_of_get_and_no_content(server):
    with Connection(server.address) as connection:
        head = connection.get("/", method="HEAD").answer("HEAD")
        full = connection.get("/").answer()
        assert (head.status, head["Content-Length"]) == (200, full["Content-Length"]) == (200, "4")
        for target in ("/generated?bytes=100000", "/streamed?bytes=100000", "/events"):
            assert connection.get(target, method="HEAD").answer("HEAD").status == 200
        assert connection.get("/").answer().body == b"root"


def test_options_names_the_methods(server):
    answer = request(server, "OPTIONS", "/only-get")
    assert answer.status in (200, 204)
    assert {m.strip() for m in answer["Allow"].split(",")} >= {"GET", "HEAD", "OPTIONS"}
    assert request(server, "OPTIONS", "*").status in (200, 204)


def test_an_unknown_path_is_not_found(server):
    answer = get(server, "/nowhere")
    assert answer.status == 404
    assert answer["Content-Length"] is not None


@pytest.mark.parametrize(
    "method, target, allowed",
    [("POST", "/only-get", {"GET", "HEAD"}), ("GET", "/only-delete", {"DELETE"}), ("DELETE", "/reflect", {"GET", "HEAD", "POST", "PUT"})],
)
def test_a_wrong_method_is_told_the_right_ones(server, method, target, allowed):
    answer = request(server, method, target)
    assert answer.status == 405
    assert {m.strip() for m in answer["Allow"].split(",")} - {"OPTIONS"} == allowed


@pytest.mark.parametrize("status", [204, 304])
def test_no_content_where_there_may_be_none(server, status):
    with Connection(server.address) as connection:
        answer = connection.get(f"/status/{status}").answer()
        assert answer.status == status
        assert answer["Transfer-Encoding"] is None
        if status == 204:
            assert answer["Content-Length"] is None
        assert connection.get("/").answer().body == b"root"


def test_every_answer_has_one_date(server):
    for target in ("/", "/nowhere", "/status/204", "/generated"):
        date = get(server, target)["Date"]
        assert date.endswith(" GMT") and len(date) == 29
        assert abs(email.utils.parsedate_to_datetime(date).timestamp() - time.time()) < 5


def test_chunked_requests_and_trailers(server):
    with Connection(server.address) as connection:
        connection.get("/body", "Transfer-Encoding: chunked", "Trailer: X-Sum", method="POST")
        connection.send("5\r\nhello\r\n1;ext=\"v\"\r\n \r\n00005\r\nworld\r\n0\r\nX-Sum: 42\r\nX-More: a\r\n\r\n")
        assert connection.answer().body == b"hello world"
        assert connection.get("/").answer().body == b"root"


def test_trailers_do_not_become_fields(server):
    with Connection(server.address) as connection:
        connection.get("/reflect", "Transfer-Encoding: chunked", method="POST")
        connection.send("0\r\nContent-Length: 5\r\nHost: evil\r\nX-Late: 1\r\n\r\n")
        body = connection.answer().body
        assert b"evil" not in body and b"X-Late" not in body
        assert connection.get("/").answer().body == b"root"


def test_generated_and_streamed_content_is_chunked_and_complete(server):
    for target in ("/generated", "/streamed"):
        answer = get(server, target + "?bytes=1234567")
        assert answer.chunked and len(answer.body) == 1234567
        assert all(answer.body[n:].startswith(b"%d\n" % n) for n in range(0, 1234567 - 10000, 10000))


def test_empty_streams(server):
    with Connection(server.address) as connection:
        for target in ("/generated?bytes=0", "/streamed?bytes=0"):
            assert connection.get(target).answer().body == b""


def test_expect_100_continue(server):
    for target in ("/body", "/count"):
        with Connection(server.address) as connection:
            connection.get(target, "Content-Length: 5", "Expect: 100-continue", method="POST")
            assert connection.read_head().status == 100
            answer = connection.send("hello").answer()
            assert answer.body in (b"hello", b"5")
            assert connection.get("/").answer().body == b"root"


def test_expect_100_continue_with_content_right_behind(server):
    with Connection(server.address) as connection:
        connection.post("/body", "hello", "Expect: 100-continue")
        answer = connection.answer()
        if answer.status == 100:  # need not be said when content has come already
            answer = connection.answer()
        assert answer.body == b"hello"


def test_a_refusal_comes_instead_of_100_continue(server):
    for target, status in (("/early", 409), ("/nowhere", 404), ("/only-get", 405)):
        with Connection(server.address) as connection:
            connection.get(target, "Content-Length: 5", "Expect: 100-continue", method="POST")
            assert connection.answer().status == status


def test_what_is_left_of_a_request_in_chunks_is_read_only_so_far(server):
    with Connection(server.address) as connection:
        connection.get("/only-get", "Transfer-Encoding: chunked", method="POST")
        assert connection.answer().status == 405
        chunk = b"4000\r\n" + bytes(0x4000) + b"\r\n"
        with contextlib.suppress(ConnectionError):
            for _ in range(256):
                connection.send(chunk)
            connection.send(b"0\r\n\r\n")
            connection.get("/")
        assert connection.closed()


def test_another_expectation_fails(server):
    with Connection(server.address) as connection:
        assert connection.post("/body", "x", "Expect: miracles").answer().status == 417


def test_an_early_answer_keeps_or_closes_the_connection_but_never_confuses_it(server):
    with Connection(server.address) as connection:
        connection.post("/early", "x" * 1000).get("/")
        assert connection.answer().status == 409
        assert connection.answer().body == b"root"
    with Connection(server.address) as connection:
        connection.get("/early", f"Content-Length: {1 << 29}", method="POST")
        answer = connection.answer()
        assert (answer.status, answer["Connection"]) == (409, "close")
        # It may listen for a while, so that the answer is not lost; in the end it must hang up.
        end = time.monotonic() + DEADLINE_S
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() < end:
                connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 10_000)
        assert connection.closed()


def test_absolute_form_beats_host(server):
    with Connection(server.address) as connection:
        body = connection.get("http://example.org:81/reflect/a%20b?q=1").answer().body.decode()
        assert "authority: example.org:81\n" in body
        assert "path: /reflect/a%20b\n" in body
        assert "param: a b\n" in body
        assert "query q: 1\n" in body


def test_query_form_and_cookies_are_decoded(server):
    answer = request(
        server, "POST", "/reflect?q=a%2Bb+c", "f=%C3%A4+%26&g=1",
        "Content-Type: application/x-www-form-urlencoded", "Cookie: b=1; c=two; d=3",
    )
    text = answer.body.decode()
    assert "query q: a+b c\n" in text and "form f: ä &\n" in text and "cookie c: two\n" in text


def test_a_half_closed_client_gets_its_answers(server):
    with Connection(server.address) as connection:
        connection.get("/").get("/wait/half").get("/generated?bytes=200000").finish_sending()
        assert connection.answer().body == b"root"
        wait_at_gate(server, "half")
        open_gate(server, "half")
        assert connection.answer().body == b"through half"
        assert len(connection.answer().body) == 200000
        assert connection.closed()


def test_a_client_that_goes_away_takes_its_coroutine_along(server):
    with Connection(server.address) as connection:
        connection.get("/wait/abandoned")
        wait_at_gate(server, "abandoned")
    before = get(server, "/statistics")
    open_gate(server, "abandoned")
    assert before.status == 200
    assert get(server, "/").body == b"root"


def test_an_exception_is_a_logged_500(server):
    with Connection(server.address) as connection:
        for target in ("/throw", "/throw-later"):
            answer = connection.get(target).answer()
            assert answer.status == 500
            assert b"on purpose" not in answer.body
        assert connection.get("/").answer().body == b"root"
    eventually(lambda: "on purpose, later" in server.errors())


def test_an_exception_midway_is_visible_to_the_client(server):
    with Connection(server.address) as connection:
        with pytest.raises((EOFError, ConnectionResetError)):
            connection.get("/broken-stream").answer()
    assert get(server, "/").body == b"root"


def test_blocking_work_runs_elsewhere(server):
    assert get(server, "/offload").body == b"from a thread"


def test_large_content_comes_back(server):
    content = bytes(range(256)) * (32 * 4096)  # 32 MiB
    with Connection(server.address) as connection:
        assert connection.post("/body", content).answer().body == content
        assert connection.get("/").answer().body == b"root"


def test_a_head_just_below_the_limits(server):
    with Connection(server.address) as connection:
        fields = [f"X-{n}: " + "v" * 480 for n in range(120)]
        assert connection.get("/", *fields).answer().status == 200
        assert connection.get("/reflect?q=" + "a" * 16000).answer().status == 200


def test_server_sent_events(server):
    answer = get(server, "/events?count=2")
    assert answer["Content-Type"].split(";")[0] == "text/event-stream"
    assert answer["Cache-Control"] in ("no-cache", "no-store")
    events = [block.splitlines() for block in answer.body.decode().split("\n\n") if block]
    for index in range(2):
        assert sorted(events[index]) == sorted(
            [f"data: event {index}", "data: of 2", "event: step", f"id: {index}", "retry: 1500"]
        )
    assert events[2] == [": done"]


def test_a_topic_as_server_sent_events(server):
    with Connection(server.address) as connection:
        head = connection.get("/topic/news").read_head()
        assert head["Content-Type"].split(";")[0] == "text/event-stream"
        for text in ("one", "two\nlines"):
            request(server, "POST", "/topic/news", text)
        got = connection.read_until(b"data: lines")
        assert got.index(b"data: one") < got.index(b"data: two")


def test_a_download_that_nobody_reads_costs_little_memory(server):
    before = server.rss_bytes()
    connections = [Connection(server.address, receive_buffer=4096) for _ in range(8)]
    for index, connection in enumerate(connections):
        connection.get(("/generated" if index % 2 else "/streamed") + f"?bytes={1 << 33}").read(10000)
    growth = server.rss_bytes() - before
    for connection in connections:
        connection.close()
    assert growth < server.may_hold(16 * MIB), f"{growth / MIB} MiB for 8 readers that don't read"


def test_an_upload_that_nobody_reads_costs_little_memory(server):
    before = server.rss_bytes()
    size = 256 * MIB
    with Connection(server.address) as connection:
        connection.get("/count/upload", f"Content-Length: {size}", method="POST")
        wait_at_gate(server, "upload")
        sent = 0
        block = bytes(MIB)
        connection.socket.setblocking(False)
        while sent < size and select.select([], [connection.socket], [], 0.3)[1]:
            sent += connection.socket.send(block[: size - sent])
        assert sent < 32 * MIB, f"the server took {sent / MIB} MiB that its handler did not read"
        assert server.rss_bytes() - before < server.may_hold(8 * MIB)
        open_gate(server, "upload")
        connection.socket.settimeout(connection.deadline_s)
        while sent < size:
            connection.send(block[: size - sent])
            sent += len(block[: size - sent])
        assert connection.answer().body == str(size).encode()
    assert server.rss_bytes() - before < server.may_hold(16 * MIB)


# Peers that are not ours


def curl(server, *arguments, **options):
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "30", *arguments],
        capture_output=True, timeout=60, **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_reuses_its_connection(server):
    out = curl(server, "-w", "%{num_connects}\n", "-o", "/dev/null", server.url + "/", "-o", "/dev/null", server.url + "/generated")
    assert out == b"1\n0\n"


def test_curl_uploads_with_length_and_chunked(server, tmp_path):
    file = tmp_path / "upload"
    file.write_bytes(bytes(3 * MIB))
    common = ("--data-binary", f"@{file}", "-H", "Content-Type: x/y", server.url + "/count")
    assert curl(server, *common) == str(3 * MIB).encode()  # with Expect: 100-continue
    assert curl(server, "-H", "Transfer-Encoding: chunked", *common) == str(3 * MIB).encode()
    assert curl(server, "--http1.0", *common) == str(3 * MIB).encode()


def test_curl_sends_forms(server, tmp_path):
    file = tmp_path / 'a "file".bin'
    content = bytes(range(256)) * 400 + b"\r\n--------------------------\r\n"
    file.write_bytes(content)
    quoted = str(file).replace('"', '\\"')
    fields = ("-F", "field=a value", "-F", f'file=@"{quoted}";type=image/png', "-F", "empty=")
    for more in ((), ("-H", "Transfer-Encoding: chunked"), ("--http1.0",)):
        lines = curl(server, *more, *fields, server.url + "/form").decode().splitlines()
        assert lines[0] == f"field|-|text/plain|7|{sum(b'a value')}"
        name, filename, *rest = lines[1].split("|")
        assert name == "file" and filename in ("a %22file%22.bin", r'a \"file\".bin')
        assert rest == ["image/png", str(len(content)), str(sum(content))]
        assert lines[2:] == ["empty|-|text/plain|0|0"]
    assert b"not multipart" in curl(server, "-d", "a=b", server.url + "/form")


def test_python_http_client(server):
    client = http.client.HTTPConnection(*server.address, timeout=30)
    client.request("POST", "/body", iter([b"one ", b"two"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert client.getresponse().read() == b"one two"
    client.request("HEAD", "/generated?bytes=5")
    assert client.getresponse().read() == b""
    client.request("GET", "/streamed?bytes=500000")
    assert len(client.getresponse().read()) == 500000
    client.close()

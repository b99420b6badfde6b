"""Malformed requests: each gets the right status, the connection closes, and what follows it never
gets an answer. Fed whole and byte by byte."""

import pytest
from support.http import Connection, get

GET = "GET / HTTP/1.1\r\n"
POST = "POST /body HTTP/1.1\r\nHost: test\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"

# What stands behind every malformed request: a server that answers it has been smuggled past.
SMUGGLED = "GET /reflect?q=smuggled HTTP/1.1\r\nHost: test\r\n\r\n"

REFUSED = {
    # Framing that two recipients could read in two ways
    "both length and coding": (400, POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "both coding and length": (400, POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    "differing lengths": (400, POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    "differing lengths in a list": (400, POST + "Content-Length: 5, 6\r\n\r\nhello"),
    "equal lengths in a list": (400, POST + "Content-Length: 5, 5\r\n\r\nhello"),
    "negative length": (400, POST + "Content-Length: -5\r\n\r\nhello"),
    "length with a sign": (400, POST + "Content-Length: +5\r\n\r\nhello"),
    "hexadecimal length": (400, POST + "Content-Length: 0x5\r\n\r\nhello"),
    "length with a space": (400, POST + "Content-Length: 1 2\r\n\r\nhello"),
    "empty length": (400, POST + "Content-Length: \r\n\r\n"),
    "length that overflows": (400, POST + "Content-Length: 18446744073709551621\r\n\r\nhello"),
    "length far too long": (400, POST + "Content-Length: " + "9" * 1000 + "\r\n\r\nhello"),
    "unknown coding before chunked": (501, POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    "coding not chunked": (400, POST + "Transfer-Encoding: gzip\r\n\r\nhello"),
    "chunked not last": (400, POST + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    "chunked twice": (400, POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "chunked in two lines": (400, POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "identity behind chunked": (400, POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    "coding with a vertical tab": (400, POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    "coding with a parameter": ((400, 501), POST + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
    "coding with a comma in front": ((400, 501), POST + "Transfer-Encoding: , chunked gzip\r\n\r\n0\r\n\r\n"),
    "coding in HTTP/1.0": (400, "POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "space before the colon": (400, POST + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    "tab before the colon": (400, POST + "Content-Length\t: 5\r\n\r\nhello"),
    # Chunks
    "chunk size not a number": (400, CHUNKED + "xyz\r\n"),
    "chunk size empty": (400, CHUNKED + "\r\nhello\r\n"),
    "chunk size with 0x": (400, CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size with a sign": (400, CHUNKED + "+5\r\nhello\r\n0\r\n\r\n"),
    "chunk size negative": (400, CHUNKED + "-5\r\nhello\r\n0\r\n\r\n"),
    "chunk size with a space in front": (400, CHUNKED + " 5\r\nhello\r\n0\r\n\r\n"),
    "chunk size that overflows": (400, CHUNKED + "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "chunk size of all ones": ((400, 413), CHUNKED + "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
    "chunk size line ended by LF": (400, CHUNKED + "5\nhello\r\n0\r\n\r\n"),
    "chunk size line ended by CR": (400, CHUNKED + "5\rxhello\r\n0\r\n\r\n"),
    "chunk extension with LF": (400, CHUNKED + "5;a\nhello\r\n0\r\n\r\n"),
    "chunk extension without end": (400, CHUNKED + "5;" + "a" * 100_000),
    "chunk data too long": (400, CHUNKED + "5\r\nhelloXX\r\n0\r\n\r\n"),
    "chunk data ended by LF": (400, CHUNKED + "5\r\nhello\n0\r\n\r\n"),
    "trailer without colon": (400, CHUNKED + "0\r\nnonsense\r\n\r\n"),
    "trailer folded": (400, CHUNKED + "0\r\nA: b\r\n c\r\n\r\n"),
    "trailers too large": (431, CHUNKED + "0\r\n" + "A: " + "b" * 70_000 + "\r\n\r\n"),
    # Lines
    "bare LF behind the request line": (400, "GET / HTTP/1.1\nHost: test\r\n\r\n"),
    "bare LF behind a field": (400, GET + "Host: test\nX: y\r\n\r\n"),
    "bare LF at the end": (400, GET + "Host: test\r\n\n"),
    "bare CR in a value": (400, GET + "Host: test\r\nX: a\rb\r\n\r\n"),
    "bare CR at the end of a line": (400, GET + "Host: test\r\nX: a\r\r\n\r\n"),
    "bare CR hiding a field": (400, GET + "Host: test\r\nX: a\rContent-Length: 5\r\n\r\n"),
    "folded line": (400, GET + "Host: test\r\nX: a\r\n b\r\n\r\n"),
    "folded by a tab": (400, GET + "Host: test\r\nX: a\r\n\tb\r\n\r\n"),
    "first line begins with a space": (400, GET + " Host: test\r\n\r\n"),
    "NUL in a value": (400, GET + "Host: test\r\nX: a\0b\r\n\r\n"),
    "DEL in a value": (400, GET + "Host: test\r\nX: a\x7fb\r\n\r\n"),
    "no colon": (400, GET + "Host: test\r\nnonsense\r\n\r\n"),
    "no name": (400, GET + "Host: test\r\n: value\r\n\r\n"),
    "name that is no token": (400, GET + "Host: test\r\nX(Y): z\r\n\r\n"),
    "name beyond ASCII": (400, GET + "Host: test\r\nX\xe9: z\r\n\r\n"),
    # Request line
    "nothing but a word": (400, "hello\r\n\r\n"),
    "no version": (400, "GET /\r\nHost: test\r\n\r\n"),
    "two spaces": (400, "GET  / HTTP/1.1\r\nHost: test\r\n\r\n"),
    "a tab for a space": (400, "GET\t/ HTTP/1.1\r\nHost: test\r\n\r\n"),
    "a space in the target": (400, "GET /a b HTTP/1.1\r\nHost: test\r\n\r\n"),
    "a space behind the version": (400, "GET / HTTP/1.1 \r\nHost: test\r\n\r\n"),
    "a space in front": (400, " GET / HTTP/1.1\r\nHost: test\r\n\r\n"),
    "control byte in the target": (400, "GET /a\x01b HTTP/1.1\r\nHost: test\r\n\r\n"),
    "NUL in the target": (400, "GET /a\0b HTTP/1.1\r\nHost: test\r\n\r\n"),
    "target without slash": (400, "GET index.html HTTP/1.1\r\nHost: test\r\n\r\n"),
    "star for GET": (400, "GET * HTTP/1.1\r\nHost: test\r\n\r\n"),
    "absolute target without host": (400, "GET http:///a HTTP/1.1\r\nHost: test\r\n\r\n"),
    "TLS on a clear port": (400, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 40 + "\r\n\r\n"),
    "method that is no token": (400, "G@T / HTTP/1.1\r\nHost: test\r\n\r\n"),
    "unknown method": (501, "BREW / HTTP/1.1\r\nHost: test\r\n\r\n"),
    "method in small letters": (501, "get / HTTP/1.1\r\nHost: test\r\n\r\n"),
    "CONNECT": (501, "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n"),
    "endless method": ((400, 501), "G" * 70_000),
    # Version
    "version 2.0": (505, "GET / HTTP/2.0\r\nHost: test\r\n\r\n"),
    "version 3.1": (505, "GET / HTTP/3.1\r\nHost: test\r\n\r\n"),
    "version 0.9": (505, "GET / HTTP/0.9\r\nHost: test\r\n\r\n"),
    "version with two digits": (400, "GET / HTTP/1.10\r\nHost: test\r\n\r\n"),
    "version in small letters": (400, "GET / http/1.1\r\nHost: test\r\n\r\n"),
    "another protocol": (400, "GET / RTSP/1.0\r\nHost: test\r\n\r\n"),
    # Host
    "no host": (400, GET + "\r\n"),
    "two hosts": (400, GET + "Host: a\r\nHost: b\r\n\r\n"),
    "the same host twice": (400, GET + "Host: a\r\nHost: a\r\n\r\n"),
    "host with a path": (400, GET + "Host: a/b\r\n\r\n"),
    "host with a user": (400, GET + "Host: a@b\r\n\r\n"),
    "host with a space": (400, GET + "Host: a b\r\n\r\n"),
    "host list": (400, GET + "Host: a,b c\r\n\r\n"),
    "port that is none": (400, GET + "Host: a:http\r\n\r\n"),
    "open bracket": (400, GET + "Host: [::1\r\n\r\n"),
    # Limits
    "target too long": (414, "GET /" + "a" * 16_500 + " HTTP/1.1\r\nHost: test\r\n\r\n"),
    "target without end": (414, "GET /" + "a" * 200_000),
    "head too large": (431, GET + "Host: test\r\n" + "".join(f"X-{n}: {'v' * 1000}\r\n" for n in range(70)) + "\r\n"),
    "head without end": (431, GET + "Host: test\r\nX: " + "v" * 200_000),
    "too many fields": (431, GET + "Host: test\r\n" + "X: y\r\n" * 130 + "\r\n"),
    "content too large by length": (413, POST + f"Content-Length: {16 * 1024 * 1024 + 1}\r\n\r\n"),
}


@pytest.fixture(scope="module")
def server(start_test_server_for_module):
    return start_test_server_for_module()


def check(connection, statuses):
    answer = connection.answer()
    assert answer.status in (statuses if isinstance(statuses, tuple) else (statuses,)), answer
    assert answer["Connection"] == "close"
    assert connection.closed()


@pytest.mark.parametrize("name", REFUSED)
def test_a_malformed_request_is_refused(server, name):
    statuses, text = REFUSED[name]
    with Connection(server.address) as connection:
        try:
            connection.send(text + SMUGGLED)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has said what it thinks already
        check(connection, statuses)


@pytest.mark.parametrize("name", [name for name in REFUSED if len(REFUSED[name][1]) < 1000])
def test_a_malformed_request_is_refused_byte_by_byte(server, name):
    statuses, text = REFUSED[name]
    with Connection(server.address) as connection:
        connection.send_byte_by_byte(text)
        check(connection, statuses)


@pytest.mark.parametrize("name", [name for name in REFUSED if len(REFUSED[name][1]) < 1000])
def test_requests_before_a_malformed_one_get_their_answers(server, name):
    statuses, text = REFUSED[name]
    with Connection(server.address) as connection:
        connection.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n" * 3 + text + SMUGGLED)
        for _ in range(3):
            assert connection.answer().body == b"root"
        check(connection, statuses)


def test_a_refusal_waits_for_the_answers_before_it(server):
    with Connection(server.address) as connection:
        connection.get("/wait/refused").send("GET / HTTP/1.1\r\nHost : x\r\n\r\n" + SMUGGLED)
        assert connection.silent(0.1)
        with Connection(server.address) as other:
            other.post("/gate/refused", "").answer()
        assert connection.answer().body == b"through refused"
        check(connection, 400)


def test_chunked_content_too_large(server):
    with Connection(server.address) as connection:
        connection.send(CHUNKED)
        try:
            for _ in range(17):
                connection.send(b"100000\r\n" + bytes(0x100000) + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            assert connection.answer().status == 413
        except ConnectionResetError:
            pass  # the answer may be lost when the client goes on sending


@pytest.mark.parametrize("rest", ["xyz\r\n", "5\r\nhelloXX\r\n", "FFFFFFFF\r\n", "0\r\nA : b\r\n\r\n"])
def test_what_is_wrong_behind_an_answer_gets_no_second_one(server, rest):
    with Connection(server.address) as connection:
        connection.send("POST /early HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        assert connection.answer().status == 409
        connection.send(rest + SMUGGLED)
        assert connection.closed()


def test_content_too_large_is_said_before_it_is_sent(server):
    with Connection(server.address) as connection:
        connection.get("/body", f"Content-Length: {1 << 40}", "Expect: 100-continue", method="POST")
        check(connection, 413)


def test_the_server_survived_all_this(server):
    assert get(server, "/").body == b"root"

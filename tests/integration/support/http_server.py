"""An HTTP server that is not ours: Python's http.server. Each path is something to be tried."""

import base64
import gzip
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import brotli
import zstandard


def raw_deflate(data):
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw-deflate": raw_deflate,  # what some servers take "deflate" for
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "identity": bytes,
}

TEXT = "".join(f"line {number} of what is coded\n" for number in range(5000)).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def handle_expect_100(self):
        self.server.expectations.append(self.path)
        if self.path == "/expect/refused":
            self.answer("not wanted", 417)
            self.close_connection = True
            return False
        if self.path == "/expect/final":
            self.answer("it is full", 413)
            self.close_connection = True
            return False
        if self.path == "/expect/ignored":
            return True
        return super().handle_expect_100()

    def content(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, content=b"", status=200, *fields, coding=None):
        content = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if coding:
            self.send_header("Content-Encoding", coding)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle_any(self):
        content = self.content()
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        verb, *rest = parts.path.strip("/").split("/")
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        if verb == "reflect":
            told = {
                "method": self.command,
                "path": self.path,
                "fields": list(self.headers.items()),
                "content": content.decode("latin-1"),
            }
            self.answer(json.dumps(told), 200, ("Content-Type", "application/json"))
        elif verb == "redirect":
            self.answer("elsewhere", int(rest[0]), ("Location", query["to"]))
        elif verb == "chain" and int(rest[0]) > 0:
            self.answer("", 302, ("Location", f"/chain/{int(rest[0]) - 1}"))
        elif verb == "loop":
            self.answer("", 307, ("Location", "/loop"))
        elif verb == "locations":
            self.answer("", 302, ("Location", "/a"), ("Location", "/b"))
        elif verb == "cookies":
            fields = [("Set-Cookie", value) for value in parse_qs(parts.query).get("set", [])]
            self.answer(self.headers.get("Cookie", ""), 200, *fields)
        elif verb == "basic":
            wanted = "Basic " + base64.b64encode(b"user:pass").decode()
            if self.headers.get("Authorization") == wanted:
                self.answer("welcome")
            else:
                self.answer("who are you?", 401, ("WWW-Authenticate", 'Basic realm="test"'))
        elif verb == "coded":
            name = rest[0]
            self.answer(CODINGS[name](TEXT), coding="deflate" if name == "raw-deflate" else name)
        elif verb == "coded-twice":
            self.answer(CODINGS["gzip"](CODINGS["br"](TEXT)), coding="br, gzip")
        elif verb == "bomb":
            self.answer(CODINGS[rest[0]](bytes(64 << 20)), coding=rest[0])
        elif verb == "miscoded":
            self.answer(TEXT[:1000], coding=rest[0])
        elif verb == "cut":
            self.answer(CODINGS[rest[0]](TEXT)[:-9], coding=rest[0])
        elif verb == "behind":
            self.answer(CODINGS[rest[0]](TEXT) + b"something else", coding=rest[0])
        elif verb == "chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Sum")
            self.end_headers()
            self.wfile.write(b"5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n")
        elif verb == "status":
            self.answer("" if rest[0] in ("204", "304") else "content", int(rest[0]))
        elif verb == "bytes":
            self.answer(b"z" * int(rest[0]))
        else:
            self.answer("hello")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any


class HttpServer:
    """Listens until the end of the block; `requests` has all that came, as (method, path, fields)."""

    def __init__(self, tls=None, host="127.0.0.1"):
        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.requests = self._server.requests = []
        self.expectations = self._server.expectations = []
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}" if tls else f"http://{host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

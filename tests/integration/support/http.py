"""A raw HTTP/1.1 client: says exactly the bytes that it is told, and reads answers strictly."""

import socket
import time

from support.program import DEADLINE_S


class Answer:
    """A response as it came: status, fields in order, content decoded, trailers."""

    def __init__(self, version, status, reason, fields):
        self.version = version
        self.status = status
        self.reason = reason
        self.fields = fields
        self.body = b""
        self.trailers = []
        self.chunked = False

    def __getitem__(self, name):
        """The one value of a field; None without it."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} repeated: {values}"
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.body[:200]!r}>"


class Connection:
    """One TCP connection, encrypted with `tls` (support.tls). Every wait ends by the deadline."""

    def __init__(self, address, deadline_s=DEADLINE_S, receive_buffer=None, family=socket.AF_INET, tls=None):
        self.socket = socket.socket(family)
        if receive_buffer is not None:  # before connecting, so that the window is small from the start
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.deadline_s = deadline_s
        self.socket.settimeout(deadline_s)
        self.socket.connect(address)
        if family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            try:
                self.socket = tls.over(self.socket)
            except BaseException:
                self.socket.close()
                raise
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        """Sends text (as Latin-1) or bytes."""
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def send_byte_by_byte(self, data):
        """Sends each byte in a segment of its own; stops when the server has closed."""
        for byte in data.encode("latin-1") if isinstance(data, str) else data:
            try:
                self.socket.send(bytes([byte]))
            except (BrokenPipeError, ConnectionResetError):
                return self
        return self

    def get(self, target, *fields, method="GET", version="HTTP/1.1"):
        """Sends a request without content. Each of `fields` is a whole line."""
        lines = [f"{method} {target} {version}", "Host: test", *fields, "", ""]
        return self.send("\r\n".join(lines))

    def post(self, target, content, *fields, method="POST"):
        content = content.encode() if isinstance(content, str) else content
        self.get(target, f"Content-Length: {len(content)}", *fields, method=method)
        return self.send(content)

    def finish_sending(self):
        """Says that nothing follows; answers may still come."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        data = self.socket.recv(1 << 18)
        if not data:
            raise EOFError(f"closed after {bytes(self.buffer[:300])!r}")
        self.buffer += data

    def read_until(self, mark):
        """All up to and including `mark`."""
        searched = 0
        while (end := self.buffer.find(mark, searched)) < 0:
            searched = max(0, len(self.buffer) - len(mark))
            self._more()
        return self.read(end + len(mark))

    def read(self, count):
        """Exactly `count` bytes."""
        while len(self.buffer) < count:
            self._more()
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read_line(self):
        line = self.read_until(b"\n")
        assert line.endswith(b"\r\n"), line
        return line[:-2].decode("latin-1")

    def read_head(self):
        version, status, *reason = self.read_line().split(" ", 2)
        assert version in ("HTTP/1.1", "HTTP/1.0"), version
        return Answer(version, int(status), reason[0] if reason else "", self.read_fields())

    def read_fields(self):
        fields = []
        while line := self.read_line():
            name, colon, value = line.partition(":")
            assert colon and name and name.strip() == name, line
            fields.append((name, value.strip()))
        return fields

    def answer(self, method="GET"):
        """The next response, whole, read by the rules of RFC 9112 section 6.3."""
        answer = self.read_head()
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        length = answer["Content-Length"]
        coding = answer["Transfer-Encoding"]
        assert not (length and coding), answer
        if coding:
            assert coding == "chunked", coding
            answer.chunked = True
            pieces = []
            while size := int(self.read_line(), 16):
                pieces.append(self.read(size))
                assert self.read(2) == b"\r\n"
            answer.body = b"".join(pieces)
            answer.trailers = self.read_fields()
        elif length is not None:
            answer.body = self.read(int(length))
        else:
            answer.body = self.rest()
        return answer

    def rest(self):
        """All that comes until the server closes; a reset counts as the end, too."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionResetError):
            rest = bytes(self.buffer)
            self.buffer.clear()
            return rest

    def closed(self):
        """Waits for the end of the connection, and checks that nothing more came before it."""
        rest = self.rest()
        assert rest == b"", rest[:1000]
        return True

    def silent(self, seconds):
        """Whether nothing comes for this long: for what must *not* happen."""
        if self.buffer:
            return False
        self.socket.settimeout(seconds)
        try:
            data = self.socket.recv(1 << 16)
            self.buffer += data
            return False
        except (TimeoutError, BlockingIOError):
            return True
        finally:
            self.socket.settimeout(self.deadline_s)


def request(server, method, target, content=None, *fields):
    """One request on a connection of its own."""
    with Connection(server.address) as connection:
        if content is None:
            connection.get(target, *fields, method=method)
        else:
            connection.post(target, content, *fields, method=method)
        return connection.answer(method)


def get(server, target, *fields):
    return request(server, "GET", target, None, *fields)


def eventually(condition, deadline_s=DEADLINE_S):
    """Looks again and again until `condition` gives something true, and gives that."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {deadline_s} s in vain; the last value was {value!r}"
        time.sleep(0.005)
    return value

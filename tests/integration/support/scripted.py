"""A server that says what a test wants, however wrong: each connection is given to a function."""

import contextlib
import socket
import ssl
import struct
import threading

from support.frames import accept_for
from support.program import DEADLINE_S


class Visitor:
    """A connection that a client has made."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(DEADLINE_S)
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(self.buffer)
        self.buffer += data

    def read_until(self, mark):
        while mark not in self.buffer:
            self._more()
        return self.read(self.buffer.index(mark) + len(mark))

    def read(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_head(self):
        """The head of a request, as it came."""
        return self.read_until(b"\r\n\r\n")

    def read_request(self):
        """A whole request with Content-Length, or none; its head and its content."""
        head = self.read_head()
        length = field(head, "Content-Length")
        return head, self.read(int(length)) if length else b""

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def until_closed(self):
        """Waits until the client goes; what it still sends is given."""
        with contextlib.suppress(OSError, EOFError):
            while True:
                self._more()
        return self.buffer

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        """Ends the connection as a server does: what was sent arrives."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Scripted:
    """Listens, and has `script(visitor)` called for each connection, in a thread of its own. The
    connection ends when the script returns. `visits` counts the connections, and `heads` has the
    requests that scripts of `answering` have read."""

    def __init__(self, script, tls=None, host="127.0.0.1", port=0):
        self.script = script
        self.heads = []
        self.visits = 0
        self.failures = []
        self._tls = tls
        self._open = []
        self._listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._listener.getsockname()[1]
        self.authority = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return ("https" if self._tls else "http") + "://" + self.authority

    @property
    def websocket_url(self):
        return self.url.replace("http", "ws", 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_listening()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def stop_listening(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self.visits += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            visitor = Visitor(connection)
            self.script(visitor)
            visitor.close()
        except (OSError, EOFError, ssl.SSLError) as failure:
            self.failures.append(failure)
            connection.close()


def field(head, name):
    """The value of a field in the bytes of a head; None without it."""
    for line in head.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(":")
        if key.lower() == name.lower():
            return value.strip()
    return None


def answering(*answers, stays=False):
    """A script: each request on a connection gets the next of `answers`, bytes or a function of the
    request's head. Then the connection ends, unless it `stays` until the client goes."""

    def script(visitor):
        for answer in answers:
            head = visitor.read_request()[0]
            visitor.send(answer(head) if callable(answer) else answer)
        if stays:
            visitor.until_closed()

    return script


def response(status="200 OK", content="", *fields):
    """A response that ends by Content-Length."""
    content = content.encode() if isinstance(content, str) else content
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1") + content


def upgrade(head, *, status="HTTP/1.1 101 Switching Protocols", without=(), also=(), **changed):
    """The answer that opens a WebSocket; fields are left out, changed or added."""
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_for(field(head, "Sec-WebSocket-Key")),
    }
    for name, value in changed.items():
        fields[{"accept": "Sec-WebSocket-Accept"}.get(name, name.capitalize())] = value
    lines = [status] + [f"{name}: {value}" for name, value in fields.items() if name not in without]
    return "\r\n".join([*lines, *also, "", ""]).encode("latin-1")

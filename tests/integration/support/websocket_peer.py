"""A WebSocket server of which every byte is the test's: a function that talks with each client."""

import socket
import struct
import threading

from support.frames import BINARY, CLOSE, TEXT, accept_for, frame, masked
from support.program import DEADLINE_S


class Peer:
    """The server's end of one connection, after the handshake."""

    def __init__(self, accepted):
        self.socket = accepted
        self.socket.settimeout(DEADLINE_S)
        self._file = accepted.makefile("rb")

    def read_request(self):
        lines = []
        while (line := self._file.readline().decode()) not in ("\r\n", ""):
            lines.append(line.rstrip("\r\n"))
        self.request = lines
        return lines

    def field(self, name):
        values = [line.split(":", 1)[1].strip() for line in self.request if line.lower().startswith(name.lower() + ":")]
        return values[0] if values else None

    def accept(self, *fields):
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Accept: {accept_for(self.field('Sec-WebSocket-Key'))}", *fields, "", ""]
        self.send("\r\n".join(lines).encode())

    def send(self, data):
        self.socket.sendall(data)

    def send_text(self, text):
        self.send(frame(TEXT, text, mask=False))

    def send_binary(self, payload):
        self.send(frame(BINARY, payload, mask=False))

    def next_frame(self):
        """(opcode, payload) of the client's next frame; None at the end."""
        head = self._file.read(2)
        if len(head) < 2:
            return None
        assert head[1] & 0x80, "a client masks"
        size = head[1] & 0x7F
        if size > 125:
            size = struct.unpack("!H" if size == 126 else "!Q", self._file.read(2 if size == 126 else 8))[0]
        key = self._file.read(4)
        return head[0] & 0x0F, masked(self._file.read(size), key)

    def until_close(self):
        """The code and reason of the client's close frame; what came before is in `messages`."""
        self.messages = []
        while (found := self.next_frame()) is not None:
            opcode, payload = found
            if opcode == CLOSE:
                return struct.unpack("!H", payload[:2])[0], payload[2:].decode()
            self.messages.append(payload)
        return None

    def close(self, code=1000, reason=""):
        self.send(frame(CLOSE, struct.pack("!H", code) + reason.encode(), mask=False))

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)


class ScriptedServer:
    """Listens on `port`, or any free one; `script(peer)` is run with each connection, one after the other. What
    it returns is kept in `results`, and what it throws is thrown at the end of the block."""

    def __init__(self, script, port=0):
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.results = []
        self._failure = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the script did not end"
        if self._failure:
            raise self._failure

    def _serve(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            with accepted:
                try:
                    peer = Peer(accepted)
                    peer.read_request()
                    self.results.append(self._script(peer))
                except BaseException as failure:
                    self._failure = failure
                    return


def talking(talk, *fields):
    """A script that accepts the WebSocket first."""

    def script(peer):
        peer.accept(*fields)
        return talk(peer)

    return script

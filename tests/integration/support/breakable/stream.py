"""A socket, read in exact and in arbitrary amounts."""

import contextlib
import socket
import time

# Longer than any tester has to wait for, and an end to what nobody goes on with.
IDLE_SECONDS = 60
# How long the other side is given to end the connection.
LINGER_SECONDS = 2

PIECE_BYTES = 1 << 16


class Stream:
    def __init__(self, connected):
        self._socket = connected
        self._socket.settimeout(IDLE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def _fill(self):
        came = self._socket.recv(PIECE_BYTES)
        if not came:
            raise EOFError
        self._buffer += came

    def _take(self, count):
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def read(self, count):
        """`count` bytes."""
        while len(self._buffer) < count:
            self._fill()
        return self._take(count)

    def pieces(self, count):
        """`count` bytes, as they come."""
        while count:
            if not self._buffer:
                self._fill()
            piece = self._take(min(count, PIECE_BYTES))
            count -= len(piece)
            yield piece

    def read_until(self, end, limit):
        """What comes up to and with `end`; None when that is more than `limit` bytes."""
        while (found := self._buffer.find(end, 0, limit)) < 0:
            if len(self._buffer) >= limit:
                return None
            self._fill()
        return self._take(found + len(end))

    def forget(self):
        """Loses what has come."""
        self._buffer.clear()

    def hurry(self, seconds):
        """From now on nothing takes longer: it raises TimeoutError."""
        self._socket.settimeout(seconds)

    def send(self, data):
        self._socket.sendall(data)

    def end(self):
        """Ends our direction, and takes what comes for as long as it is polite: to close a socket with something
        unread would take back what was sent last."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self.wait_for_end(LINGER_SECONDS)

    def wait_for_end(self, seconds):
        """Takes what comes until the other side ends the connection."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                if not self._socket.recv(PIECE_BYTES):
                    return

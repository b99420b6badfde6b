"""`openssl s_client`, talked to as at a terminal."""

import queue
import re
import subprocess
import threading

from support.program import DEADLINE_S


class SClient:
    """A running s_client; `said` is all that it has written so far. What it is told goes to the
    server, but for the commands of its manual (Q, R, k, K), each in a line of its own."""

    def __init__(self, address, *arguments):
        host, port = address
        self._process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"{host}:{port}", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._pieces = queue.Queue()
        self.said = b""
        self._place = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while piece := self._process.stdout.read1(1 << 16):
            self._pieces.put(piece)
        self._pieces.put(b"")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def tell(self, data):
        self._process.stdin.write(data if isinstance(data, bytes) else data.encode())
        self._process.stdin.flush()
        return self

    def until(self, pattern, times=None):
        """Reads up to what matches `pattern`; the next call goes on behind it. With `times`, until
        so many are in all that it has ever said, and nothing else changes."""
        pattern = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.DOTALL)

        def found():
            if times is not None:
                return len(pattern.findall(self.said)) >= times
            if match := pattern.search(self.said, self._place):
                self._place = match.end()
            return match

        while not found():
            piece = self._pieces.get(timeout=DEADLINE_S)
            assert piece, f"s_client ended without {pattern.pattern}:\n{self.said.decode(errors='replace')}"
            self.said += piece
        return self

    def rest(self):
        """All that it says until it ends, which the server's end makes it do."""
        while piece := self._pieces.get(timeout=DEADLINE_S):
            self.said += piece
        self._process.wait(DEADLINE_S)
        return self.said.decode(errors="replace")


def s_client(address, *arguments, request=b""):
    """Runs s_client to its end, and gives all that it said. Without a request it ends after the
    handshake; behind one, when the server does."""
    host, port = address
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{host}:{port}", *map(str, arguments), *(["-ign_eof"] if request else [])],
        input=request,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
    )
    return done.stdout.decode(errors="replace")

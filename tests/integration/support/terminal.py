"""A program at a terminal: typed to like a person would, and its screen read, as pyte draws it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pyte
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT


class Terminal:
    """Runs a command with a terminal of its own as standard input, output and error."""

    def __init__(self, command, columns=80, rows=24, environment=None):
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=0.5)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""  # all that the program wrote
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self._process = subprocess.Popen(
            [str(word) for word in command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=take_terminal,
            env={**SANITIZER_OPTIONS, **inherited, "TERM": "xterm-256color", **(environment or {})},
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)
        assert not SANITIZER_REPORT.search(self.raw.decode(errors="replace")), self.raw

    def resize(self, columns, rows):
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self._master, keys.encode())

    def signal(self, number):
        self._process.send_signal(number)

    def stopped(self):
        """Whether the program has been suspended."""
        with open(f"/proc/{self._process.pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def _read(self, deadline):
        """Reads once; False at the end."""
        ready, _, _ = select.select([self._master], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            raise AssertionError(f"nothing more came; the screen:\n{self.text()}")
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # how Linux says that the other side has gone
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def lines(self):
        """The lines on the screen, without what is empty at their ends."""
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.lines()).rstrip("\n")

    def cursor(self):
        """The line in which the cursor stands, and its column."""
        return self.lines()[self.screen.cursor.y], self.screen.cursor.x

    def until(self, condition, deadline_s=DEADLINE_S):
        """Reads until `condition()` holds."""
        deadline = time.monotonic() + deadline_s
        while not condition():
            assert self._read(deadline) or condition(), f"the program ended; the screen:\n{self.text()}"

    def shows(self, text):
        """Waits until `text` is on the screen."""
        self.until(lambda: text in self.text())

    def prompts(self, typed=""):
        """Waits until the line being typed is `typed`, with the cursor behind it."""
        self.until(lambda: self.cursor() == (f"> {typed}".rstrip(), len(typed) + 2))

    def ends(self, deadline_s=DEADLINE_S):
        """Waits for the end of the program, and gives its exit status."""
        deadline = time.monotonic() + deadline_s
        while self._read(deadline):
            pass
        return self._process.wait(deadline_s)



"""A program under test: started, found by its URL line, stopped, and its last words examined."""

import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]

# Every wait in the tests ends by this, unless the test says otherwise. Generous, because sanitizer
# builds on a busy machine are slow; nothing waits that long when all is well.
DEADLINE_S = float(os.environ.get("DUPLEX_TEST_DEADLINE_S", 30))

URL_LINE = re.compile(r"(https?://(\[[^\]]*\]|[^:/\s]+):(\d+)/?)")
SANITIZER_REPORT = re.compile(
    r"(AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:)"
)

SANITIZER_OPTIONS = {
    # Freed memory leaves the quarantine soon, so that memory can be measured.
    "ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=16",
    "TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", ""),
}


def program_path(name):
    """Where the build under test left the program `name`: `duplex` or a test's program.

    DUPLEX_BIN is the path of the duplex program; the others lie beside it."""
    duplex = Path(os.environ.get("DUPLEX_BIN", REPOSITORY / "build/dev/bin/duplex"))
    return duplex if name == "duplex" else duplex.parent / name


class Endpoint:
    """Where a server listens."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    @property
    def port(self):
        return int(URL_LINE.search(self.url).group(3))

    @property
    def address(self):
        """What a socket connects to."""
        return URL_LINE.search(self.url).group(2).strip("[]"), self.port

    @property
    def websocket_url(self):
        return self.url.replace("http", "ws", 1)


class Program(Endpoint):
    """A running server program. It names its URLs in lines of its standard output, and is itself
    the endpoint of the first; `secure` is the first that is encrypted."""

    def __init__(self, command, environment=None, urls=1):
        self.command = [str(word) for word in command]
        self._errors = tempfile.TemporaryFile()
        self._lines = queue.Queue()
        self.output = []  # all lines so far
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**SANITIZER_OPTIONS, **os.environ, **(environment or {})},
        )
        # A thread reads, so that a program that logs to standard output never waits for us.
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.urls = [self._next_url() for _ in range(urls)]
        except BaseException:
            self.kill()
            raise
        self.url = self.urls[0].rstrip("/") if urls else None
        self.secure = next((Endpoint(url) for url in self.urls if url.startswith("https:")), None)

    def _read(self):
        for line in self._process.stdout:
            text = line.decode(errors="replace").rstrip("\n")
            self.output.append(text)
            self._lines.put(text)
        self._lines.put(None)

    def next_line(self, deadline_s=DEADLINE_S):
        """The next line of standard output; None at its end."""
        return self._lines.get(timeout=deadline_s)

    def line_with(self, text, deadline_s=DEADLINE_S):
        """The next line of standard output that holds `text`."""
        while (line := self.next_line(deadline_s)) is not None:
            if text in line:
                return line
        raise AssertionError(f"no line with {text!r} in the output of {self.command}:\n{self.errors()}")

    def _next_url(self):
        while (line := self.next_line()) is not None:
            if match := URL_LINE.search(line):
                return match.group(1)
        self._process.wait(DEADLINE_S)
        raise AssertionError(
            f"{self.command} ended with {self._process.returncode} before it named its URL:\n{self.errors()}"
        )

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process.poll() is None

    def may_hold(self, bytes):
        """`bytes`, or what stands for that in a program with a sanitizer, whose shadow, headers and
        stacks cost several times as much."""
        if not hasattr(self, "_sanitized"):
            content = Path(self.command[0]).read_bytes()
            self._sanitized = b"__asan_init" in content or b"__tsan_init" in content
        return bytes * 8 if self._sanitized else bytes

    def rss_bytes(self):
        """The memory that the program holds now."""
        return self._status("VmRSS")

    def peak_rss_bytes(self):
        """The most memory that the program has held since it began."""
        return self._status("VmHWM")

    def _status(self, name):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name} in /proc/{self.pid}/status")

    def errors(self):
        """All that the program wrote to standard error so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def signal(self, number):
        self._process.send_signal(number)

    def wait(self, deadline_s=DEADLINE_S):
        """Waits for the end of the program, and gives its exit status."""
        status = self._process.wait(deadline_s)
        self._reader.join(deadline_s)
        return status

    def stop(self, deadline_s=DEADLINE_S):
        """Stops the program as an operator does, and checks that it ends well."""
        if self.running:
            self.signal(signal.SIGTERM)
        try:
            status = self.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.command} did not stop:\n{self.errors()}") from None
        errors = self.errors()
        assert not SANITIZER_REPORT.search(errors), errors
        assert status == 0, f"{self.command} ended with {status}:\n{errors}"

    def kill(self):
        if self.running:
            self._process.kill()
        self._process.wait()


def run_to_its_end(program, *arguments, folder, status):
    """A program that ends by itself, in that folder: its result, once it has this exit status."""
    result = subprocess.run(
        [str(program), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        env=SANITIZER_OPTIONS,
    )
    assert not SANITIZER_REPORT.search(result.stderr), result.stderr
    assert result.returncode == status, result
    return result

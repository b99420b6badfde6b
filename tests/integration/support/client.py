"""The client library, told what to do: tests/support/client_driver, its commands and what they
yield."""

import errno
import itertools
import json
import os
import queue
import re
import subprocess
import tempfile
import threading

from support.program import DEADLINE_S, REPOSITORY, SANITIZER_OPTIONS, SANITIZER_REPORT, program_path

# Where the enumerations behind the categories of std::error_code are.
ENUMERATIONS = {
    "client": ("client/error.hpp", "ClientError"),
    "content": ("client/decode_error.hpp", "DecodeError"),
    "proxy": ("client/proxy_error.hpp", "ProxyError"),
    "resolve": ("net/resolve_error.hpp", "ResolveError"),
    "tls": ("tls/error.hpp", "TlsError"),
    "url": ("http/url.hpp", "UrlError"),
    "redirect": ("http/redirect.hpp", "RedirectError"),
    "http1": ("http1/error.hpp", "Error"),
    "request": ("http1/request_writer.hpp", "RequestError"),
    "websocket handshake": ("websocket/client_handshake.hpp", "ClientHandshakeError"),
    "websocket": ("websocket/error.hpp", "Error"),
}


# std::errc, as far as it is met here.
CONDITIONS = {
    errno.ECANCELED: "operation_canceled",
    errno.ECONNREFUSED: "connection_refused",
    errno.ECONNRESET: "connection_reset",
    errno.EHOSTUNREACH: "host_unreachable",
    errno.EISDIR: "is_a_directory",
    errno.ENETUNREACH: "network_unreachable",
    errno.ENOENT: "no_such_file_or_directory",
    errno.EPIPE: "broken_pipe",
    errno.ETIMEDOUT: "timed_out",
    errno.EACCES: "permission_denied",
    errno.EMFILE: "too_many_files_open",
}


def enumerators(category):
    """The names of a category's values, read from the public header."""
    header, enumeration = ENUMERATIONS[category]
    text = (REPOSITORY / "include/duplex" / header).read_text()
    (body,) = re.findall(rf"enum class {enumeration} : [\w:]+ {{(.*?)\n}};", text, re.S)
    names, value = {}, 0  # those that begin with 0 are told one higher: no code's value is 0
    for name, number in re.findall(r"(\w+)(?: = (\d+))?,", re.sub(r"//.*", "", body)):
        value = int(number) if number else value + 1
        names[value] = name
    return names


def code_name(category, value):
    """Such as "http1::Error::incomplete_head", as a program would write it."""
    if category in ("system", "generic"):
        return f"std::errc::{CONDITIONS[value]}"
    header, enumeration = ENUMERATIONS[category]
    return f"{header.split('/')[0]}::{enumeration}::{enumerators(category)[value]}"


class Outcome(dict):
    """What came of a command."""

    @property
    def failure(self):
        """Step and code, such as "connect: std::errc::connection_refused"; None when all went well."""
        error = self.get("error")
        if error is None:
            return None
        return f"{error['step']}: {code_name(error['category'], error['value'])}"

    @property
    def reason(self):
        return self["error"]["reason"]

    @property
    def content(self):
        return self["content"].encode("latin-1")

    @property
    def refusal(self):
        """The response that an error carries."""
        return Outcome(self["error"]["response"])

    def all(self, name):
        return [value for key, value in self["fields"] if key.lower() == name.lower()]

    def field(self, name):
        (value,) = self.all(name)
        return value

    @property
    def request_fields(self):
        """The fields that were sent, names in lower case."""
        lines = self["request_head"].split("\r\n")[1:-2]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


class Going:
    """A command that goes on."""

    def __init__(self, client, number):
        self.client = client
        self.number = number
        self._events, self._results = queue.Queue(), queue.Queue()

    def deliver(self, line):
        (self._results if "result" in line or "ended" in line else self._events).put(line)

    def result(self, deadline_s=DEADLINE_S):
        """Waits for its end; what went wrong in the script itself is a failure of the test."""
        try:
            line = self._results.get(timeout=deadline_s)
        except queue.Empty:
            raise AssertionError(f"no result in {deadline_s} s\n{self.client.errors()}") from None
        assert "result" in line, f"the driver ended: {line}\n{self.client.errors()}"
        assert "exception" not in line["result"], line["result"]["exception"]
        return Outcome(line["result"])

    @property
    def done(self):
        return not self._results.empty()

    def event(self, name, deadline_s=DEADLINE_S):
        """The details of the next event called `name`; others before it are passed over."""
        while True:
            try:
                line = self._events.get(timeout=deadline_s)
            except queue.Empty:
                raise AssertionError(f"no {name} in {deadline_s} s; {self._results.queue}") from None
            if line["event"] == name:
                return Outcome(line["details"])

    def events(self, name):
        """Those that have come so far and were not looked at yet."""
        found = []
        while not self._events.empty():
            line = self._events.get()
            if line["event"] == name:
                found.append(Outcome(line["details"]))
        return found

    def cancel(self):
        self.client.do("cancel", what=self.number)

    def go(self):
        """Opens the gate at which it waits."""
        self.event("waits")
        self.client.do("go", what=self.number)


class Socket(Going):
    """A WebSocket that was opened; each call waits for what it asks for."""

    def begin(self, verb, **arguments):
        return self.client.begin(verb, socket=self.number, **arguments)

    def do(self, verb, **arguments):
        return self.begin(verb, **arguments).result()

    def send(self, **arguments):
        return self.do("send", **arguments)["status"]

    def receive(self):
        """A str, bytes, or the pair (code, reason) when it has ended."""
        told = self.do("receive")
        if "text" in told:
            return told["text"].encode("latin-1").decode()
        if "binary" in told:
            return told["binary"].encode("latin-1")
        return ended(told)

    def close(self, code=1000, reason=""):
        return ended(self.do("close", code=code, reason=reason))

    def until_closed(self):
        return ended(self.do("until_closed"))


def ended(told):
    return told["closed"]["code"], told["closed"]["reason"].encode("latin-1").decode()


class Client:
    """A running driver, which is one client; `options` are those of client_driver's values.cpp."""

    def __init__(self, environment=None, **options):
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [program_path("client_driver"), json.dumps(options, default=str)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**SANITIZER_OPTIONS, **_without_proxies(), **(environment or {})},
        )
        self._numbers = itertools.count(1)
        self._going = {}
        self._lock = threading.Lock()
        self.logged = []
        while "log" in (first := json.loads(self._process.stdout.readline())):
            self._note(first)
        self.refused = first.get("refused")
        threading.Thread(target=self._read, daemon=True).start()

    def _note(self, told):
        self.logged.append(f"{told['level']}: {told['log']}")

    def _read(self):
        for line in self._process.stdout:
            told = json.loads(line)
            if "log" in told:
                self._note(told)
                continue
            with self._lock:
                going = self._going[told["id"]]
            going.deliver(told)
        with self._lock:
            for going in self._going.values():
                going.deliver({"ended": self._process.wait()})

    @property
    def pid(self):
        return self._process.pid

    def memory(self, name="VmRSS"):
        """Bytes that it holds now; with "VmHWM", at most so far."""
        for line in open(f"/proc/{self.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(name)

    @property
    def sanitized(self):
        return b"__asan_init" in program_path("client_driver").read_bytes()

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def begin(self, verb, kind=Going, **arguments):
        """Begins a command, and gives what goes on."""
        with self._lock:
            number = next(self._numbers)
            going = self._going[number] = kind(self, number)
        command = json.dumps({"do": verb, "id": number, **arguments}, default=str)
        self._process.stdin.write(command.encode() + b"\n")
        self._process.stdin.flush()
        return going

    def do(self, verb, deadline_s=DEADLINE_S, **arguments):
        return self.begin(verb, **arguments).result(deadline_s)

    def begin_get(self, url, **arguments):
        return self.begin("fetch", url=url, **arguments)

    def get(self, url, **arguments):
        return self.do("fetch", url=url, **arguments)

    def send(self, method, url, content=None, **arguments):
        if content is not None:
            arguments["content"] = content
        return self.do("fetch", method=method, url=url, **arguments)

    def post(self, url, content, **arguments):
        """`content` is a str, or what values.cpp makes content of."""
        if isinstance(content, str):
            content = {"text": content}
        return self.send("POST", url, content, **arguments)

    def stream(self, url, **arguments):
        return self.do("stream", url=url, **arguments)

    def download(self, url, path, **arguments):
        return self.do("download", url=url, path=path, **arguments)

    def connect(self, url, **arguments):
        """A socket that is open; `opened` is what was told about it."""
        socket = self.begin("connect", Socket, url=url, **arguments)
        socket.opened = socket.result()
        assert socket.opened.failure is None, socket.opened["error"]["message"]
        return socket

    def try_connect(self, url, **arguments):
        return self.do("connect", url=url, **arguments)

    def reconnecting(self, url, **arguments):
        return self.begin("reconnect", Socket, url=url, **arguments)

    def statistics(self):
        return self.do("statistics")

    def close(self):
        """Ends it, which must end well."""
        if self._process.stdin.closed:
            return
        self._process.stdin.close()
        try:
            status = self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"the client did not end\n{self.errors()}") from None
        errors = self.errors()
        assert not SANITIZER_REPORT.search(errors), errors
        assert status == (2 if self.refused else 0), f"ended with {status}\n{errors}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _without_proxies():
    """The environment, but for what would lead tests astray."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

"""Programs that are not ours, for the client to talk to."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
from contextlib import contextmanager

from support.http import eventually
from support.nginx import free_port, reachable
from support.program import DEADLINE_S


@contextmanager
def running(*command, port=None, **options):
    """Runs a program until the end of the block, which begins when it listens at `port`."""
    process = subprocess.Popen([str(word) for word in command], **options)
    try:
        if port is not None:
            eventually(lambda: process.poll() is not None or reachable(("127.0.0.1", port)))
            assert process.poll() is None, f"{command} ended with {process.returncode}"
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(DEADLINE_S)


class TlsServer:
    """`openssl s_server`: answers each request by a page of what was agreed on, and ends."""

    def __init__(self, certificate, *arguments, port=0, www=True, chain=True):
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate.certificate]
        command += ["-key", certificate.key, *(["-www"] if www else [])]
        command += ["-cert_chain", certificate.chain] if chain else []
        self._process = subprocess.Popen(
            [*map(str, command), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.said = ""
        self._listening = threading.Event()
        self.port = port
        threading.Thread(target=self._read, daemon=True).start()
        assert self._listening.wait(DEADLINE_S) and "ACCEPT" in self.said, self.said
        self.url = f"https://localhost:{self.port}/"
        self.by_address = f"https://127.0.0.1:{self.port}/"

    def _read(self):
        for line in self._process.stdout:
            self.said += line.decode(errors="replace")
            # It names its port when it has chosen it itself.
            if match := re.search(r"^ACCEPT(?: .*:(\d+))?$", self.said, re.M):
                self.port = self.port or int(match.group(1))
                self._listening.set()
        self._listening.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait(DEADLINE_S)


@contextmanager
def tinyproxy(folder, *, user=None, password=None):
    """An HTTP proxy; gives its port."""
    port = free_port()
    config = folder / f"tinyproxy-{port}.conf"
    config.write_text(
        f"Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nAllow 127.0.0.1\n"
        f'LogFile "{folder}/tinyproxy-{port}.log"\nLogLevel Info\n'
        + (f"BasicAuth {user} {password}\n" if user else "")
    )
    with running("tinyproxy", "-d", "-c", config, port=port, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        yield port


@contextmanager
def microsocks(*, user=None, password=None):
    """A SOCKS5 proxy; gives its port."""
    port = free_port()
    login = ["-u", user, "-P", password] if user else []
    with running("microsocks", "-i", "127.0.0.1", "-p", port, *login, port=port, stderr=subprocess.DEVNULL):
        yield port


class Blackhole:
    """An address and port that take no connection and refuse none, as behind a firewall that drops:
    a listener whose queue is full."""

    def __init__(self, host="127.0.0.2", port=0):
        self._listener = socket.create_server((host, port), backlog=0)
        self.port = self._listener.getsockname()[1]
        self._waiting = []
        # The kernel takes one more than the backlog, and two more for good measure.
        for _ in range(4):
            visitor = socket.socket()
            visitor.setblocking(False)
            visitor.connect_ex((host, self.port))
            self._waiting.append(visitor)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for waiting in [*self._waiting, self._listener]:
            waiting.close()


WEBSOCKET_SERVER = """
import asyncio, pathlib, signal, sys
sys.path.insert(0, {path!r})
from support.websocket_server import main
asyncio.run(main({port}))
"""


class RestartableServer:
    """Python's websockets in a process of its own, which can be killed and started again at the same
    port. What it does is in support/websocket_server.py."""

    def __init__(self):
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self._process = None

    def start(self):
        path = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        source = WEBSOCKET_SERVER.format(path=path, port=self.port)
        self._process = subprocess.Popen(["/usr/bin/python3", "-B", "-c", source])
        eventually(lambda: self._process.poll() is not None or reachable(("127.0.0.1", self.port)))
        assert self._process.poll() is None
        return self

    def kill(self):
        self._process.kill()
        self._process.wait(DEADLINE_S)

    def end_in_order(self):
        """Each connection is closed with 1001, as websockets does by itself."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(DEADLINE_S)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait(DEADLINE_S)

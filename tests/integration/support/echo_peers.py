"""Echo servers and echo clients of other libraries: the programs of tests/peers, by name."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from support.program import DEADLINE_S, REPOSITORY, program_path

SCRIPTS = REPOSITORY / "tests/peers"


@dataclass(frozen=True)
class Peer:
    """What a library can be told; tests/peers/settings.hpp says how."""

    name: str
    command: tuple
    # Whether a server limits windows and contexts on its own, and not only when a client asks.
    server_chooses: bool = True

    @property
    def missing(self):
        """Why it can't run here, if so."""
        program = self.command[0]
        return None if shutil.which(program) else f"{program} is not there: its package is not installed"

    def _start(self, *arguments, **options):
        if self.missing:
            pytest.skip(self.missing)
        return subprocess.Popen(
            [*map(str, (*self.command, *arguments))],
            stdin=subprocess.PIPE,  # it ends when this is closed, by whatever end of ours
            cwd=REPOSITORY / "tests/integration",
            env={"NODE_PATH": "/usr/share/nodejs", **os.environ},
            **options,
        )

    def serve(self, *arguments):
        """Its server, running."""
        return EchoServer(self._start("serve", *arguments, stdout=subprocess.PIPE))

    def run(self, url, *arguments, deadline_s=DEADLINE_S):
        """Lets its client go through all cases of the server at `url`."""
        process = self._start("run", "--url", url, *arguments)
        try:
            assert process.wait(deadline_s) == 0, f"the client of {self.name} ended with {process.returncode}"
        finally:
            process.kill()
            process.wait()
            process.stdin.close()


class EchoServer:
    """A server for as long as the block lasts, or until `stop`."""

    def __init__(self, process):
        self.process = process
        line = process.stdout.readline().split()
        assert line[:1] == [b"port"], f"{process.args} ended with {process.wait(DEADLINE_S)}"
        self.port = int(line[1])
        self.url = f"ws://127.0.0.1:{self.port}/"

    def stop(self):
        """Ends it as an operator does; it must end well."""
        self.process.terminate()
        self._wait()

    def abandon(self):
        """Ends it as the end of the one who began it would."""
        self.process.stdin.close()
        self._wait()

    def _wait(self):
        try:
            assert self.process.wait(DEADLINE_S) == 0, f"{self.process.args} ended with {self.process.returncode}"
        finally:
            self.process.kill()
            self.process.stdin.close()
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


PEERS = [
    Peer("Boost.Beast", (program_path("beast_peer"),)),
    Peer("WebSocket++", (program_path("websocketpp_peer"),)),
    Peer("libwebsockets", (program_path("libwebsockets_peer"),), server_chooses=False),
    Peer("ws", ("node", SCRIPTS / "ws.js")),
    Peer("websockets", (sys.executable, SCRIPTS / "websockets_peer.py")),
]

# Ours, which can be told to break rules, and here is not.
BREAKABLE = Peer("breakable", (sys.executable, "-m", "support.breakable"))

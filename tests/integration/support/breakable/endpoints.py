"""The echo server and the echo client."""

import contextlib
import socket
import threading

from support.breakable import handshake
from support.breakable.rules import Broken
from support.breakable.session import Session
from support.breakable.stream import Stream


class Server:
    """Listens for as long as the block lasts. `broken` names the rules to break; `wishes` is a deflate.Wishes, or None
    to speak no permessage-deflate."""

    def __init__(self, broken=(), wishes=None, port=0):
        self._broken = Broken(broken)
        self._wishes = wishes
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def wait(self):
        self._thread.join()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        with accepted:
            stream = Stream(accepted)
            with contextlib.suppress(EOFError, OSError):
                opened = handshake.accept(stream, self._wishes, self._broken)
                if opened:
                    _, agreement = opened
                    Session(stream, False, agreement, self._broken).echo()
                else:
                    stream.end()


class Client:
    """Goes through the cases of a conformance tester that listens at `url`, each within a limit of time."""

    def __init__(self, url, broken=(), wishes=None, agent="breakable", case_seconds=120):
        authority = url.removeprefix("ws://").rstrip("/")
        host, _, port = authority.rpartition(":")
        self._address = (host, int(port))
        self._host = authority
        self._broken = Broken(broken)
        self._wishes = wishes
        self._agent = agent
        self._case_seconds = case_seconds

    def run(self):
        """How many cases there were."""
        count = int(self.echo("/getCaseCount"))
        for number in range(1, count + 1):
            self.echo(f"/runCase?case={number}&agent={self._agent}")
        self.echo(f"/updateReports?agent={self._agent}")
        return count

    def echo(self, target):
        """Echoes until the end; the last text that came. Nothing, when there was no such conversation."""
        try:
            return self.visit(target)
        except ConnectionError:
            return ""

    def visit(self, target):
        """The same. Raises ConnectionError when nobody listens."""
        with socket.create_connection(self._address) as connected:
            limit = threading.Timer(self._case_seconds, self._cut, [connected])
            limit.daemon = True
            limit.start()
            stream = Stream(connected)
            try:
                agreement = handshake.request(stream, self._host, target, self._wishes, self._broken)
                session = Session(stream, True, agreement, self._broken)
                session.echo()
                return session.last_text
            except (handshake.Failed, EOFError, OSError):
                return ""
            finally:
                limit.cancel()

    @staticmethod
    def _cut(connected):
        with contextlib.suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

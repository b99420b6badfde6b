"""Clients that never stop while something happens to the server, and remember every failure."""

import threading

from support.frames import Client
from support.http import Connection
from support.tls import Tls


class Load:
    """Runs until the end of its block: clients that keep their connection, clients that come anew
    for each request, and WebSockets whose every message must come back. `done` counts what went
    well, `failures` what did not."""

    def __init__(self, endpoint, context, keeping=2, coming=2, websockets=2):
        self._endpoint, self._tls = endpoint, Tls(context)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = {"keeping": 0, "coming": 0, "websocket": 0}
        self.failures = []
        ways = [self._keep] * keeping + [self._come] * coming + [self._talk] * websockets
        self._threads = [threading.Thread(target=self._guard, args=(way,)) for way in ways]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _guard(self, way):
        try:
            way()
        except Exception as failure:
            self.failures.append(f"{way.__name__}: {failure!r}")

    def _count(self, name):
        with self._lock:
            self.done[name] += 1

    def _keep(self):
        with Connection(self._endpoint.address, tls=self._tls) as connection:
            while not self._stop.is_set():
                assert connection.post("/body", b"x" * 5000).answer().body == b"x" * 5000
                self._count("keeping")

    def _come(self):
        while not self._stop.is_set():
            with Connection(self._endpoint.address, tls=self._tls) as connection:
                assert connection.get("/").answer().status == 200
                self._count("coming")

    def _talk(self):
        with Client(self._endpoint, tls=self._tls) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                client.send_text(f"{number} " + "y" * (number % 3000))
                assert client.text().startswith(f"{number} ")
                self._count("websocket")
            client.close_normally()

    def went_on(self, times=10):
        """Whether each kind of client has done something `times` more since this was first asked:
        to be given to `eventually`."""
        before = dict(self.done)
        return lambda: self.failures or all(self.done[name] >= before[name] + times for name in self.done)

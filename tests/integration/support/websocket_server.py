"""A WebSocket server that is not ours: Python's websockets. Each path is something to be tried."""

import asyncio
import contextlib
import os
import signal
import threading
from urllib.parse import unquote

import websockets


async def _count(socket, count):
    """Sends `count` numbered messages while it takes what comes."""
    received = 0

    async def send():
        for index in range(count):
            await socket.send(f"{index} from afar")

    sending = asyncio.create_task(send())
    async for message in socket:
        if message == "total":
            await sending
            await socket.send(f"total {received}")
        else:
            received += len(message)


async def serve(socket):
    verb, *rest = unquote(socket.path).strip("/").split("/")
    if verb == "echo":
        async for message in socket:
            await socket.send(message)
    elif verb == "fragments":
        await socket.send(["one ", "two ", "three"])
        await socket.send(iter([b"\x00\x01", b"", b"\xff"]))
        await socket.wait_closed()
    elif verb == "ping":
        await (await socket.ping(b"are you there?"))
        await socket.send("a pong came")
        await socket.wait_closed()
    elif verb == "close":
        await socket.close(int(rest[0]), rest[1] if len(rest) > 1 else "")
    elif verb == "subprotocol":
        await socket.send(socket.subprotocol or "none")
        await socket.wait_closed()
    elif verb == "large":
        await socket.send(os.urandom(int(rest[0])))
        await socket.wait_closed()
    elif verb == "fields":
        await socket.send("\n".join(f"{name}: {value}" for name, value in socket.request_headers.raw_items()))
        await socket.wait_closed()
    elif verb == "count":
        await _count(socket, int(rest[0]))
    elif verb == "abort":
        socket.transport.abort()


def listen(port, **options):
    return websockets.serve(
        serve, "127.0.0.1", port, subprotocols=["v2.chat", "v1.chat"], max_size=None, ping_interval=None, **options
    )


async def main(port):
    """Runs until SIGTERM, and then says goodbye to all."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with listen(port):
        await stop.wait()


class WebSocketServer:
    """The same in a thread."""

    def __init__(self, tls=None, **options):
        self._loop = asyncio.new_event_loop()
        self._options = {"ssl": tls, **options}
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._started.wait()
        scheme, host = ("wss", "localhost") if tls else ("ws", "127.0.0.1")
        self.url = f"{scheme}://{host}:{self.port}"

    def _run(self):
        async def begin():
            self._server = await listen(0, **self._options)
            self.port = self._server.sockets[0].getsockname()[1]
            self._started.set()

        self._loop.run_until_complete(begin())
        self._loop.run_forever()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        async def end():
            self._server.close()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 10)
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join()
        self._loop.close()

"""A server of Python's websockets, in a thread, that does what a test's handler does."""

import asyncio
import threading

import websockets

from support.program import DEADLINE_S


class HandlerServer:
    """Listens at `url`, and calls `handler` for each connection; encrypted with `ssl`, a context."""

    def __init__(self, handler, ssl=None):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

        async def serve():
            return await websockets.serve(handler, "127.0.0.1", 0, max_size=None, ssl=ssl)

        self._server = self._run(serve())
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"{'wss' if ssl else 'ws'}://127.0.0.1:{port}/"

    def close(self):
        async def close():
            self._server.close()
            await self._server.wait_closed()

        self._run(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(DEADLINE_S)

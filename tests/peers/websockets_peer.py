"""Python's websockets. See settings.hpp for what it is told."""

import argparse
import asyncio
import os
import signal
import sys
import threading

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

MESSAGE_BYTES_MAX = 64 * 1024 * 1024


def parse_settings():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    serving, running = verbs.add_parser("serve"), verbs.add_parser("run")
    serving.add_argument("--port", type=int, default=0)
    running.add_argument("--url", required=True)
    running.add_argument("--agent", default="websockets")
    running.add_argument("--case-seconds", type=float, default=120)
    for verb in (serving, running):
        verb.add_argument("--deflate", action="store_true")
        verb.add_argument("--no-context-takeover", action="store_true")
        verb.add_argument("--window-bits", type=int, default=15)
        verb.add_argument("--level", type=int)
    return parser.parse_args()


def options(settings):
    """What both sides are given. A limit of 15 bits is none."""
    extensions = None
    if settings.deflate:
        bits = settings.window_bits if settings.window_bits != 15 else None
        factory = ServerPerMessageDeflateFactory if settings.verb == "serve" else ClientPerMessageDeflateFactory
        extensions = [
            factory(
                server_no_context_takeover=settings.no_context_takeover,
                client_no_context_takeover=settings.no_context_takeover,
                server_max_window_bits=bits,
                client_max_window_bits=bits or (None if settings.verb == "serve" else True),
                compress_settings={} if settings.level is None else {"level": settings.level},
            )
        ]
    return {
        "compression": None,  # or it would add its own factory
        "extensions": extensions,
        "max_size": MESSAGE_BYTES_MAX,
        "ping_interval": None,
        "close_timeout": 2,
    }


async def echo(socket):
    """Echoes until the end, and gives the last text that came."""
    last_text = ""
    try:
        async for message in socket:
            if isinstance(message, str):
                last_text = message
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    return last_text


async def serve(settings):
    async with websockets.serve(echo, "127.0.0.1", settings.port, **options(settings)) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


async def run(settings):
    url = settings.url.rstrip("/")

    async def converse(target):
        async def talk():
            async with websockets.connect(url + target, **options(settings)) as socket:
                return await echo(socket)

        try:
            return await asyncio.wait_for(talk(), settings.case_seconds)
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
            return ""

    for number in range(int(await converse("/getCaseCount"))):
        await converse(f"/runCase?case={number + 1}&agent={settings.agent}")
    await converse(f"/updateReports?agent={settings.agent}")


def end_when_told():
    """At SIGTERM, and when nobody holds the other end of standard input any more."""

    def wait():
        while os.read(sys.stdin.fileno(), 64):
            pass
        os._exit(0)

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    chosen = parse_settings()
    end_when_told()
    asyncio.run(serve(chosen) if chosen.verb == "serve" else run(chosen))

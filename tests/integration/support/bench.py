"""`duplex bench` as a program that runs to its end, and servers for it that need not be right."""

import json

import websockets
from support.program import run_to_its_end

FINE, FAILURE, WRONG_USAGE = range(3)
SHORT = ("-d", "0.5", "--warmup", "0.1", "-c", "10")


class Bench:
    """What a run said."""

    def __init__(self, program, folder, *arguments, status=FINE):
        result = run_to_its_end(program, "bench", "--json", "-", *arguments, folder=folder, status=status)
        self.output = result.stdout
        self.errors = result.stderr

    @property
    def json(self):
        return json.loads(self.output)

    @property
    def kinds(self):
        return {error["kind"] for error in self.json["errors"]}


def answering(answer):
    """A handler that sends what `answer` makes of each message; None: it hangs up."""

    async def handler(websocket, *_):
        try:
            async for message in websocket:
                if (said := answer(message)) is None:
                    return
                await websocket.send(said)
        except websockets.ConnectionClosed:
            pass

    return handler

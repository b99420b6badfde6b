"""`duplex bench` as a program that runs to its end, and servers for it that need not be right."""

import json
import subprocess

import websockets
from support.program import DEADLINE_S, SANITIZER_OPTIONS, SANITIZER_REPORT

FINE, FAILURE, WRONG_USAGE = range(3)
SHORT = ("-d", "0.5", "--warmup", "0.1", "-c", "10")


class Bench:
    """What a run said."""

    def __init__(self, program, folder, *arguments, status=FINE):
        result = subprocess.run(
            [str(program), "bench", "--json", "-", *map(str, arguments)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            env=SANITIZER_OPTIONS,
        )
        assert not SANITIZER_REPORT.search(result.stderr), result.stderr
        assert result.returncode == status, result
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

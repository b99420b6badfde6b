"""What the project promises of an idle WebSocket, measured on the program: at most 256 bytes of its own memory,
with compression too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("options", [(), ("--compress", "none")], ids=["plain", "compressed"])
def test_an_idle_websocket_costs_at_most_256_bytes(options):
    script = Path(__file__).resolve().parents[2] / "tools" / "measure_idle_memory.py"
    done = subprocess.run(
        [sys.executable, script, "--program", os.environ["DUPLEX_BIN"], "--connections", "10000", "--limit", "256",
         *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    print(done.stdout.decode())
    assert done.returncode == 0, done.stdout.decode()

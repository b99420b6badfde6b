#!/usr/bin/python3
"""200 connections that echo and 1,000 subscribers of one topic, over two workers of `duplex serve`:
no message may be lost, doubled or out of order for its publisher.

  tests/integration/soak.py --seconds 60"""

import argparse
import json
import subprocess
import sys

from support.program import Program, program_path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--echoers", type=int, default=200)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--publishers", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    wanted = parser.parse_args()

    server = Program([
        program_path("duplex"), "serve", "--listen", "127.0.0.1:0", "--threads", wanted.threads, "--log", "off",
    ])  # fmt: skip
    try:
        before = server.rss_bytes()
        client = subprocess.run(
            [
                program_path("soak_client"), str(server.port),
                "--seconds", str(wanted.seconds),
                "--echoers", str(wanted.echoers),
                "--subscribers", str(wanted.subscribers),
                "--publishers", str(wanted.publishers),
            ],
            stdout=subprocess.PIPE, timeout=wanted.seconds + 180,
        )  # fmt: skip
        growth = (server.rss_bytes() - before) / 1024 / 1024
        print(client.stdout.decode(), end="")
        print(f"the server holds {growth:.1f} MiB more than before")
    finally:
        server.stop()
    if client.returncode == 0:
        counts = json.loads(client.stdout)
        print(f"{counts['echoed'] / counts['seconds']:.0f} echoes/s, {counts['delivered'] / counts['seconds']:.0f} deliveries/s")
    return client.returncode


if __name__ == "__main__":
    sys.exit(main())

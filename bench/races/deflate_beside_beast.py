#!/usr/bin/python3
"""Races echoes of compressed JSON: `duplex serve --compress` beside Boost.Beast.

    bench/races/deflate_beside_beast.py --bin build/bench/bin [--rounds 5] [--seconds 3] [--bytes 1024]

Each server has one thread on core 0, the load has core 1; rounds are in turns. All agree on the same
parameters: no context is kept. The load compresses by zlib and tests that what comes back is what it sent.
Beast runs as it is by default (level 8) and at its fastest (level 1). One duplex inflates and does not
compress again; the loop of 20 bytes in clear tells how fast the machine is meanwhile.
"""

import argparse
import re
import subprocess
from pathlib import Path

from racing import Racer, load, race, start, start_duplex, stop

CONNECTIONS = 100
OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


def start_beast(program: Path, *options: str) -> tuple[subprocess.Popen, int]:
    command = [program, "serve", "--deflate", "--no-context-takeover", *options]
    server = start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return server, int(re.search(r"port (\d+)", server.stdout.readline())[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True, help="where duplex, beast_peer and echo_load are")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--bytes", type=int, default=1024)
    arguments = parser.parse_args()

    def echo(port: int, size: int, *options: str):
        words = ["--connections", CONNECTIONS, "--bytes", size, "--seconds", arguments.seconds, *options]
        return lambda: load(arguments.bin / "echo_load", port, *words)

    duplex = arguments.bin / "duplex"
    started = {
        "duplex": start_duplex(duplex, "--listen", "127.0.0.1:0", "--compress"),
        "duplex, inflating only": start_duplex(
            duplex, "--listen", "127.0.0.1:0", "--compress", "--compress-min", "64M"
        ),
        "Beast, level 8": start_beast(arguments.bin / "beast_peer"),
        "Beast, level 1": start_beast(arguments.bin / "beast_peer", "--level", "1"),
    }
    try:
        racers = {
            name: Racer([server], echo(port, arguments.bytes, "--deflate", OFFER))
            for name, (server, port) in started.items()
        }
        server, port = started["duplex"]
        racers["duplex, 20 bytes in clear"] = Racer([server], echo(port, 20))
        title = f"JSON of {arguments.bytes} bytes, compressed, {CONNECTIONS} connections"
        medians = race(title, racers, arguments.rounds)
        for rival in ("Beast, level 8", "Beast, level 1"):
            print(f"  {medians['duplex'] / medians[rival]:.2f} times {rival}")
    finally:
        stop(*(server for server, _ in started.values()))


if __name__ == "__main__":
    main()

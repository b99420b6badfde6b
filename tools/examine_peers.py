#!/usr/bin/python3
"""Runs `duplex check` on the servers and clients of tests/peers, and prints what docs/conformance.md says of them.

    tools/examine_peers.py [--bin build/dev/bin] [PEER...]

Peers are those of tests/integration/support/echo_peers.py. One that dies is started again, and its cases run one by
one, so that only those count as wrong that it dies of.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
VERDICTS = ("right", "acceptable", "wrong", "not_applicable")
PACKAGES = {
    "Boost.Beast": "libboost1.74-dev",
    "WebSocket++": "libwebsocketpp-dev",
    "libwebsockets": "libwebsockets-dev",
    "ws": "node-ws",
    "websockets": "python3-websockets",
}


def version(name: str) -> str:
    command = ["dpkg-query", "-W", "-f=${Version}", PACKAGES[name]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Kept:
    """A server that is started again whenever it dies, at the same port."""

    def __init__(self, peer, options):
        self.peer, self.options = peer, options
        self.deaths = 0
        self.server = peer.serve(*options)
        self.url = self.server.url
        self.over = False
        self.keeper = threading.Thread(target=self._keep)
        self.keeper.start()

    def _keep(self):
        while self.server.process.wait() is not None and not self.over:
            self.deaths += 1
            self._start_again()

    def _start_again(self):
        """As soon as the port is free."""
        while True:
            try:
                self.server = self.peer.serve("--port", self.server.port, *self.options)
                return
            except AssertionError:
                time.sleep(0.05)

    def stop(self):
        self.over = True
        self.server.process.kill()
        self.keeper.join()


def check(folder: Path, *arguments) -> dict:
    report = folder / "report.json"
    command = [os.environ["DUPLEX_BIN"], "check", "--json", report, *arguments]
    subprocess.run([str(word) for word in command], capture_output=True, check=False)
    return json.loads(report.read_text())


def check_server(peer, options, folder: Path) -> tuple[dict, int]:
    kept = Kept(peer, options)
    try:
        report = check(folder, kept.url)
    finally:
        kept.stop()
    if kept.deaths == 0:
        return report, 0
    kept = Kept(peer, options)
    try:
        return check(folder, "--jobs", "1", "--timeout", "2", kept.url), kept.deaths
    finally:
        kept.stop()


def check_client(peer, options, folder: Path) -> tuple[dict, int]:
    report = folder / "report.json"
    words = ["check", "--json", report, "--listen", "0", "--timeout", "5", "--idle-seconds", "20"]
    command = [os.environ["DUPLEX_BIN"], *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as checking:
        url = checking.stdout.readline().split()[-1]
        try:
            peer.run(url, "--case-seconds", "6", *options, deadline_s=900)
        except AssertionError as death:
            print(f"    {death}")
        checking.communicate(timeout=60)
    return json.loads(report.read_text()), 0


def tell(name: str, report: dict, deaths: int) -> None:
    counts = " | ".join(str(report["counts"][verdict]) for verdict in VERDICTS)
    print(f"| {name} | {counts} |" + (f" died {deaths} times" if deaths else ""))
    reasons = defaultdict(list)
    for case in report["cases"]:
        if case["verdict"] == "wrong":
            reasons[case["why"]].append(case["id"])
    for why, cases in reasons.items():
        print(f"    {why}: {' '.join(cases)}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=REPOSITORY / "build/dev/bin")
    parser.add_argument("peers", nargs="*", metavar="PEER")
    arguments = parser.parse_args()
    os.environ["DUPLEX_BIN"] = str(arguments.bin / "duplex")
    sys.path.insert(0, str(REPOSITORY / "tests/integration"))
    from support.echo_peers import PEERS

    with tempfile.TemporaryDirectory() as name:
        for peer in PEERS:
            if arguments.peers and peer.name not in arguments.peers:
                continue
            print(f"{peer.name} {version(peer.name)}")
            for options in ((), ("--deflate",)):
                words = " ".join(options)
                report, deaths = check_server(peer, options, Path(name))
                tell(f"{peer.name}, server {words}", report, deaths)
                report, deaths = check_client(peer, options, Path(name))
                tell(f"{peer.name}, client {words}", report, deaths)


if __name__ == "__main__":
    main()

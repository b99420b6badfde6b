#!/usr/bin/env python3
"""Counts the instructions that fixed inputs cost, and compares them with their budget.

    tools/instruction_budget.py BIN_FOLDER [--update] [--budget FILE]

BIN_FOLDER has cores_instructions and server_instructions, compiled as release. They run under callgrind,
which counts what they execute in user space, the C library and all other libraries included; time, and
how busy the machine is, play no part. The server is a whole one with one thread and real sockets, whose
client is this program.

Fails when anything costs more than 3 % over its budget, or more than its limit, or has no budget; says so
when something costs more than 3 % less, so that the budget be lowered. --update makes what was counted the
budget; limits stay.

What counts depend on: the compiler and its options, the libraries, and the vector instructions that
libraries choose by the processor. Valgrind hides AVX-512, and the budgets are those of AVX2; without it
there is nothing to compare.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 0.03

Counts = dict[str, float]


def callgrind(program: Path, output: Path) -> list[str | Path]:
    return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}/{program.name}", program]


def counts_in(folder: Path) -> Counts:
    """What callgrind's dumps tell: each has the label `TIMES NAME`, and the sum at its end. (The one at its
    beginning counts what calls cost that were under way before the count began.)"""
    counts = {}
    for file in sorted(folder.glob("*.*"), key=lambda file: int(file.suffix[1:])):
        text = file.read_text()
        label = re.search(r"^desc: Trigger: Client Request: (\d+) (.*)$", text, re.M)
        total = re.search(r"^totals: (\d+)$", text, re.M)
        counts[label[2]] = int(total[1]) / int(label[1])
    return counts


def count_cores(program: Path) -> Counts:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(callgrind(program, Path(folder)), check=True)
        return counts_in(Path(folder))


class Connection:
    """A client's connection that knows beforehand how many bytes come back."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                sys.exit(f"the server hung up after {bytes(data)!r}")
            data += piece
        return bytes(data)

    def receive_head(self) -> bytes:
        """Byte by byte, so that nothing behind it is taken."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.receive(1)
        return head

    def get(self, path: str) -> bytes:
        """A request that is answered without content."""
        self.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = self.receive_head()
        if not head.startswith(b"HTTP/1.1 204 "):
            sys.exit(f"{path}: {head!r}")
        return head

    def upgrade(self, path: str) -> "Connection":
        self.send(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = self.receive_head()
        if not head.startswith(b"HTTP/1.1 101 "):
            sys.exit(f"{path}: {head!r}")
        return self


def message(payload: bytes) -> tuple[bytes, bytes]:
    """A short text message from a client, masked, and as a server sends it."""
    key = b"\x37\xfa\x21\x3d"
    masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return bytes([0x81, 0x80 | len(payload)]) + key + masked, bytes([0x81, len(payload)]) + payload


class Server:
    def __init__(self, process: subprocess.Popen):
        self._process = process
        self.port = int(process.stdout.readline())
        self._control = Connection(self.port)

    def connect(self) -> Connection:
        return Connection(self.port)

    @contextlib.contextmanager
    def counting(self, name: str, times: int) -> Iterator[None]:
        """Counts what the server does meanwhile, and with it one small request of ours."""
        self._control.get("/begin")
        yield
        self._control.get(f"/end/{times}/{name.replace(' ', '%20')}")

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """What is sent to the server meanwhile, it finds all at once."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        yield
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        self._control.get("/stop")
        if self._process.wait(timeout=60) != 0:
            sys.exit("the server failed")


def count_echoes(server: Server) -> None:
    socket = server.connect().upgrade("/echo")
    sent, answer = message(b"x" * 20)

    def echo(times: int, in_flight: int) -> None:
        for _ in range(times // in_flight):
            socket.send(sent * in_flight)
            if socket.receive(len(answer) * in_flight) != answer * in_flight:
                sys.exit("no echo")

    for name, in_flight in (("server, echo of 20 B", 1), ("server, echo of 20 B, 16 in flight", 16)):
        echo(160, in_flight)
        with server.counting(name, 1600):
            echo(1600, in_flight)
    socket.close()


def count_echoes_side_by_side(server: Server) -> None:
    sockets = [server.connect().upgrade("/echo") for _ in range(100)]
    sent, answer = message(b"x" * 20)

    def echo(times: int) -> None:
        for _ in range(times):
            with server.suspended():
                for socket in sockets:
                    socket.send(sent)
            for socket in sockets:
                if socket.receive(len(answer)) != answer:
                    sys.exit("no echo")

    echo(3)
    with server.counting("server, echo of 20 B, 100 connections at once", 20 * len(sockets)):
        echo(20)
    for socket in sockets:
        socket.close()


def count_responses(server: Server) -> None:
    connection = server.connect()
    request = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
    content = b"hello world\n"
    connection.send(request)
    size = len(connection.receive_head()) + len(content)
    connection.receive(len(content))

    def ask(times: int, in_flight: int) -> None:
        for _ in range(times // in_flight):
            connection.send(request * in_flight)
            if not connection.receive(size * in_flight).endswith(content):
                sys.exit("not the response")

    for name, in_flight in (("server, small response", 1), ("server, small response, 16 in flight", 16)):
        ask(160, in_flight)
        with server.counting(name, 1600):
            ask(1600, in_flight)
    connection.close()


def count_deliveries(server: Server) -> None:
    subscribers = [server.connect().upgrade("/news") for _ in range(100)]
    publisher = server.connect().upgrade("/publish")
    sent, delivered = message(b"x" * 64)

    def publish(times: int) -> None:
        for _ in range(times):
            publisher.send(sent)
            for subscriber in subscribers:
                if subscriber.receive(len(delivered)) != delivered:
                    sys.exit("no delivery")

    publish(5)
    with server.counting("server, delivery of 64 B to each of 100", 20 * len(subscribers)):
        publish(20)
    for connection in [publisher, *subscribers]:
        connection.close()


def count_server(program: Path) -> Counts:
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(callgrind(program, Path(folder)), stdout=subprocess.PIPE, text=True)
        try:
            server = Server(process)
            count_echoes(server)
            count_echoes_side_by_side(server)
            count_responses(server)
            count_deliveries(server)
            server.stop()
        finally:
            process.kill()
            process.wait()
        return counts_in(Path(folder))


def verdict(counted: float | None, budget: float | None, limit: float | None) -> tuple[bool, str]:
    """Whether the count is all right, and what is to be said about it."""
    if counted is None:
        return False, "was not counted"
    if limit is not None and counted > limit:
        return False, f"over its limit, {limit:,}"
    if budget is None:
        return False, "has no budget"
    if counted > budget * (1 + TOLERANCE):
        return False, "over its budget"
    if counted < budget * (1 - TOLERANCE):
        return True, "under its budget: lower it by --update"
    return True, ""


def compare(counts: Counts, budgets: dict[str, int], limits: dict[str, int]) -> bool:
    """Prints all; whether all is well."""
    well = True
    names = list(dict.fromkeys([*budgets, *counts]))
    width = max(map(len, names))
    print(f"{'instructions':{width}} {'budget':>9} {'counted':>9}")
    for name in names:
        counted, budget = counts.get(name), budgets.get(name)
        right, words = verdict(counted, budget, limits.get(name))
        well = well and right
        change = f"{(counted / budget - 1) * 100:+7.1f} %" if counted is not None and budget else " " * 9
        cells = [f"{number:,.0f}" if number is not None else "-" for number in (budget, counted)]
        print(f"{name:{width}} {cells[0]:>9} {cells[1]:>9} {change} {words}".rstrip())
    return well


def comparable() -> bool:
    if platform.machine() != "x86_64":
        return False
    return bool(re.search(r"^flags\s*:.*\bavx2\b", Path("/proc/cpuinfo").read_text(), re.M))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=Path, help="the folder of the two programs")
    parser.add_argument("--update", action="store_true", help="make what is counted the budget")
    parser.add_argument("--budget", type=Path, default=ROOT / "bench/instructions/budget.json")
    arguments = parser.parse_args()
    if not comparable():
        print("this processor is not the kind that the budgets are for: x86-64 with AVX2")
        return 0

    counts = count_cores(arguments.bin / "cores_instructions")
    counts |= count_server(arguments.bin / "server_instructions")
    stored = json.loads(arguments.budget.read_text())
    if arguments.update:
        stored["budgets"] = {name: round(counted) for name, counted in counts.items()}
        arguments.budget.write_text(json.dumps(stored, indent=2) + "\n")
    well = compare(counts, stored["budgets"], stored["limits"])
    if not well:
        print("\nWhat has become dearer must become cheaper, or is worth it: then --update, and say why.")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())

"""What races have in common: servers on one core, the load on the other, rounds in turns."""

import os
import re
import signal
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, LOAD_CORE = {0}, {1}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command: list, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [str(word) for word in command], preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORE), **options
    )


def start_duplex(program: Path, *options: str) -> tuple[subprocess.Popen, int]:
    server = start([program, "serve", "--threads", "1", "--log", "off", *options], stdout=subprocess.PIPE, text=True)
    return server, int(re.search(r"://[^/]*:(\d+)", server.stdout.readline())[1])


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise


def stop(*servers: subprocess.Popen) -> None:
    for server in servers:
        server.send_signal(signal.SIGTERM)
        server.wait()


def processes(server: subprocess.Popen) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [server.pid, *map(int, children)]


def cpu_seconds(servers: list[subprocess.Popen]) -> float:
    ticks = 0
    for server in servers:
        for pid in processes(server):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def load(program: Path, port: int, *options) -> tuple[int, float]:
    """Echoes, and the seconds that they took."""
    done = subprocess.run(
        [str(word) for word in (program, port, *options)],
        preexec_fn=lambda: os.sched_setaffinity(0, LOAD_CORE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    echoes, seconds = done.stdout.split()
    return int(echoes), float(seconds)


@dataclass
class Racer:
    """What takes part: the processes that do the work, and what makes them do it for one round."""

    servers: list[subprocess.Popen]
    run: Callable[[], tuple[int, float]]


def race(title: str, racers: dict[str, Racer], rounds: int) -> dict[str, float]:
    """Prints how they did, and gives the median of each: echoes a second."""
    rates = {name: [] for name in racers}
    costs = {name: [] for name in racers}
    for _ in range(rounds):
        for name, racer in racers.items():
            before = cpu_seconds(racer.servers)
            echoes, seconds = racer.run()
            rates[name].append(echoes / seconds)
            costs[name].append((cpu_seconds(racer.servers) - before) / echoes * 1e6)
    print(title)
    medians = {}
    for name in racers:
        medians[name] = statistics.median(rates[name])
        each = " ".join(f"{rate:,.0f}" for rate in rates[name])
        cost = statistics.median(costs[name])
        print(f"  {name:24} {medians[name]:9,.0f} echoes/s ({each}), {cost:.2f} us of CPU each", flush=True)
    return medians

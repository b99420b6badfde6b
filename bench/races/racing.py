"""A race: the same load for several servers, in turns, and who was how much better.

Servers have one core and the load has another. In each round every racer gets the load once, or, if no
requirement names it, in each second one; each round begins with another one. What counts are medians over the
rounds: of the figures, and of the ratios within each round, since a machine that is slower for a while is so for
two who take turns.
"""

import contextlib
import json
import math
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from servers import NotStarted, Server, Track

LOAD_CORE = {1}

# Who is busy for less than this share of the time was not what limited.
SATURATED = 0.95

# Those whom no requirement names take part in one round of so many: their ratios need not be as sure.
OTHERS_EVERY = 2


@dataclass(frozen=True)
class Cell:
    """One race."""

    name: str
    title: str
    # Of `duplex bench`; `{}` stands for the address.
    url: str
    load: tuple[str, ...]
    racers: dict[str, Callable[[Track], Server]]
    # What duplex must reach: the ratio to each of these rivals.
    at_least: dict[str, float] = field(default_factory=dict)
    # What an idle connection may cost duplex, where connections are idle; there memory is compared.
    bytes_max: float | None = None
    idle: bool = False
    # Files that a process must be allowed to have open.
    descriptors: int = 0
    # Where it may not: racers of so many processes that share a port.
    several: dict[str, Callable[[int], Callable[[Track], Server]]] = field(default_factory=dict)
    # Of those, so many take part.
    processes: int = 1
    # What a reader has to know about the rivals.
    note: str = ""


@dataclass(frozen=True)
class Measurement:
    """What one round has shown of one racer: messages, deliveries, handshakes or responses."""

    per_second: float
    # Of the server: processor time for each, and what of it was not the kernel's.
    cpu_us: float
    user_us: float
    # Shares of the time that the busiest thread of each was on a processor.
    server_busy: float
    load_busy: float
    p50_us: float
    p99_us: float
    # Of the server's own, for each connection.
    connection_bytes: float
    errors: str = ""

    @staticmethod
    def of(document: dict) -> "Measurement":
        """From what `duplex bench --json` writes."""
        server, latency = document["server"], document.get("latency_us") or {}
        idle = document["mode"] == "idle"
        return Measurement(
            per_second=document["connections" if idle else "messages"]["per_second"],
            cpu_us=server.get("cpu_us_per_message") or 0,
            user_us=server.get("user_us_per_message") or 0,
            server_busy=server["busy"],
            load_busy=document["load"]["busy"],
            p50_us=latency.get("p50") or 0,
            p99_us=latency.get("p99") or 0,
            connection_bytes=server.get("memory_bytes_per_connection") or 0,
            errors="; ".join(f"{error['count']} × {error['kind']}" for error in document["errors"]),
        )


def median(rounds: list[Measurement]) -> Measurement:
    """The median of each figure for itself, and the first errors."""
    figures = {name: statistics.median(getattr(each, name) for each in rounds)
               for name in Measurement.__dataclass_fields__ if name != "errors"}
    return Measurement(**figures, errors=next((each.errors for each in rounds if each.errors), ""))


# Of a racer, in their order; None where one came to nothing.
Rounds = list[Measurement | None]


def measured(rounds: Rounds) -> list[Measurement]:
    return [each for each in rounds if each is not None]


def ratios(ours: Rounds, theirs: Rounds, idle: bool = False) -> tuple[list[float], str]:
    """How many times as good we are in each of the rounds that both have, and by which measure.

    By rate, where each server was the limit, and nothing but it. Where the load or the rest of the machine was
    one, too: by the server's processor time for each message. Idle connections are compared by memory.
    """
    pairs = [(our, their) for our, their in zip(ours, theirs) if our and their]

    def of(figures) -> list[float]:
        """The ratios of the first figure to the second, where the round was long enough for both."""
        return [one / other for one, other in figures if one and other]

    if idle:
        return of((their.connection_bytes, our.connection_bytes) for our, their in pairs), "memory"
    both = [median(measured(each)) for each in (ours, theirs)] if pairs else []
    if both and min(each.server_busy for each in both) >= SATURATED > max(each.load_busy for each in both):
        return of((our.per_second, their.per_second) for our, their in pairs), "rate"
    return of((their.cpu_us, our.cpu_us) for our, their in pairs), "CPU"


def middle_half(numbers: list[float]) -> tuple[float, float]:
    """Between which half of them lie: a quarter is less, a quarter more."""
    if len(numbers) < 2:
        return numbers[0], numbers[0]
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, high


@dataclass(frozen=True)
class Length:
    """How much of a race is run."""

    rounds: int
    seconds: float
    warmup: float
    # Only those whom a requirement names, and duplex.
    required_only: bool = False


# Connections that an idle process has before it is measured: more than are opened at a time.
FIRST = 500


class LoadFailed(Exception):
    pass


def _load_command(program: Path, cell: Cell, server: Server, *options) -> list[str]:
    command = [program, "bench", cell.url.format(server.address), *cell.load]
    if cell.url.startswith(("wss:", "https:")):
        command += ["--insecure"]
    return [str(word) for word in (*command, "--quiet", *options)]


def _to_load_core() -> None:
    os.sched_setaffinity(0, LOAD_CORE)


def load(program: Path, cell: Cell, server: Server, length: Length) -> Measurement:
    """One round for one racer."""
    options = ["--duration", length.seconds, "--pid", server.pid, "--json", "-"]
    if not cell.idle:
        options += ["--warmup", length.warmup]
    command = _load_command(program, cell, server, *options)
    done = subprocess.run(
        command, preexec_fn=_to_load_core, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600
    )
    # 1: there were errors; they are in the report.
    if done.returncode not in (0, 1) or not done.stdout:
        raise LoadFailed(f"{' '.join(command)}: {done.stderr.strip()}")
    return Measurement.of(json.loads(done.stdout))


@contextlib.contextmanager
def first_connections(program: Path, cell: Cell, server: Server):
    """Some that are opened before, and stay meanwhile.

    What a server makes once, for its first connections, is not the price of an idle one.
    """
    count = FIRST * cell.processes
    idle = replace(cell, load=("--mode", "idle", "-c", str(count), "--threads", str(cell.processes)))
    command = _load_command(program, idle, server, "-d", 600)
    holder = subprocess.Popen(command, preexec_fn=_to_load_core, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while server.descriptors() < count:
            if time.monotonic() > end or holder.poll() is not None:
                raise LoadFailed(f"{' '.join(command)}: {count} connections were not opened")
            time.sleep(0.01)
        yield
    finally:
        holder.terminate()
        holder.wait()


def divided(cell: Cell, allowed: int) -> Cell:
    """The race for those who can be several processes, where one may not have enough files open."""
    # The system does not spread connections quite evenly.
    processes = math.ceil(1.1 * cell.descriptors / allowed)
    return replace(
        cell,
        racers={name: start(processes) for name, start in cell.several.items()},
        load=(*cell.load, "--threads", str(processes)),
        processes=processes,
        note=f"{cell.note} A process may have {allowed:,} files open here: {processes} processes share the port, "
        f"and threads of the load have files of their own. Who can't share a port does not take part.".strip(),
    )


def race(cell: Cell, programs: Path, length: Length, say: Callable[[str], None]) -> dict:
    """Runs it, and gives what `report` writes: the rounds of each racer, as plain data.

    Where connections are idle there is one round, and no server is left to run beside the next one.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    not_run = ""
    if cell.descriptors > allowed and cell.several:
        cell = divided(cell, allowed)
    elif cell.descriptors > allowed:
        not_run = f"{cell.descriptors:,} descriptors are needed, and {allowed:,} allowed here"
        say(f"  {not_run}")
    must = {"duplex", *cell.at_least}
    names = [name for name in cell.racers if name in must or not length.required_only]
    rounds: dict[str, Rounds] = {name: [] for name in names}
    with Track(programs) as track:
        servers: dict[str, Server] = {}
        order = list(names)
        for number in range(0 if not_run else 1 if cell.idle else length.rounds):
            with_others = number % OTHERS_EVERY == 0
            if not with_others and not cell.at_least:
                continue
            for name in names:
                if name not in must and not with_others:
                    rounds[name].append(None)
            taking_part = [name for name in order if name in must or with_others]
            order.remove(taking_part[0])
            order.append(taking_part[0])
            for name in taking_part:
                try:
                    if name not in servers:
                        servers[name] = cell.racers[name](track)
                    program, server = programs / "duplex", servers[name]
                    with first_connections(program, cell, server) if cell.idle else contextlib.nullcontext():
                        measurement = load(program, cell, server, length)
                except (LoadFailed, NotStarted, OSError, subprocess.SubprocessError) as failure:
                    say(f"  {name}: {failure}")
                    rounds[name].append(None)
                    continue
                finally:
                    if cell.idle and name in servers:
                        servers.pop(name).stop()
                rounds[name].append(measurement)
                say(f"  {name:18} {described(measurement, cell.idle)}")
    return {
        "title": cell.title,
        "url": cell.url,
        "load": list(cell.load),
        "note": cell.note,
        "not_run": not_run,
        "idle": cell.idle,
        "at_least": cell.at_least,
        "bytes_max": cell.bytes_max,
        "seconds": length.seconds,
        "rounds": {name: [each and asdict(each) for each in all_rounds] for name, all_rounds in rounds.items()},
    }


def described(measurement: Measurement, idle: bool) -> str:
    words = f"{measurement.per_second:12,.0f}/s"
    if idle:
        words += f"  {measurement.connection_bytes:8,.0f} bytes each"
    else:
        words += f"  {measurement.cpu_us:9.3f} µs of CPU each, server {measurement.server_busy:.0%} busy"
    words += f", load {measurement.load_busy:.0%}"
    return words + (f"  ERRORS: {measurement.errors}" if measurement.errors else "")

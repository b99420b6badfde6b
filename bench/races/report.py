"""Writes bench/RESULTS.md from what the races have shown."""

import platform
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from racing import SATURATED, Measurement, Rounds, measured, median, middle_half, ratios

INTRODUCTION = """\
# Results of the races

Written by `./dev bench`; [docs/performance.md](../docs/performance.md) says what they mean, and
[PARTS.md](PARTS.md) what single parts cost.

Each race is the same load, `duplex bench` on core 1, for several servers on core 0 that have one thread each. In each
round duplex and those that a requirement names had their turn, in each second one the others, too (races without a
requirement have half as many rounds); the figures are medians of the rounds, and behind a rate are the lowest and the
highest. Ratios are the medians of those within each round: the machine is slower for a while now and then, and so for
two who take turns; hence they are not the ratios of the figures. Half of the rounds lie between the two behind a ratio
that is required; what is held or missed by less than that lies within the noise. A ratio is by rate where both servers
were busy for at least 95 % of the time, and the load for less: then the servers were the limit. Where the load or the
rest of the machine was, it is by the server's processor time for each message, which is what a server with more load to
come would be limited by. Above 1, duplex is better.

`bare` is the least epoll loop that could answer, without any checks: the kernel's limit. Others are built by
`-O3`, without Nagle's algorithm, and do not compress unless they are asked to. `Boost.Beast` has sockets
that know the loop's executor and no other, and no time limits. As its own examples have it, it has a `tcp_stream` of any
executor, and the time limits that they suggest (duplex has its own, too).
"""

HELD, MISSED, NOT_RUN = "✓", "✗ **missed**", "not run"


@dataclass(frozen=True)
class Verdict:
    """Duplex beside one rival."""

    rival: str
    ratios: list[float]  # of the rounds
    by: str
    at_least: float | None

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def held(self) -> bool | None:
        return None if self.at_least is None else self.ratio >= self.at_least

    def __str__(self) -> str:
        required = "" if self.at_least is None else f", at least {self.at_least:g} {self.mark}"
        return f"{self.ratio:.2f} × {self.rival} ({self.by}){required}"

    @property
    def mark(self) -> str:
        return {True: HELD, False: MISSED, None: ""}[self.held]


def rounds_of(result: dict) -> dict[str, Rounds]:
    """Of those who finished at least one."""
    return {name: [each and Measurement(**each) for each in rounds]
            for name, rounds in result["rounds"].items() if any(rounds)}


def medians(result: dict) -> dict[str, Measurement]:
    return {name: median(measured(rounds)) for name, rounds in rounds_of(result).items()}


def verdicts(result: dict) -> list[Verdict]:
    rounds = rounds_of(result)
    found = []
    for rival in rounds:
        if "duplex" not in rounds or rival.startswith("duplex"):
            continue
        found_ratios, by = ratios(rounds["duplex"], rounds[rival], result["idle"])
        if not found_ratios:  # no round of both, or all too short to be measured
            continue
        found.append(Verdict(rival, found_ratios, by, result["at_least"].get(rival)))
    return found


def memory_held(result: dict) -> bool | None:
    ours = medians(result).get("duplex")
    if result["bytes_max"] is None or ours is None:
        return None
    return 0 < ours.connection_bytes <= result["bytes_max"]  # 0: nothing was seen to be taken


def missed(result: dict) -> list[str]:
    """What was required and is not so, in words. Of a race that was not run, nobody knows."""
    if result["not_run"]:
        return []
    words = [str(each) for each in verdicts(result) if each.held is False]
    compared = {each.rival for each in verdicts(result)}
    words += [f"{rival}: not measured" for rival in result["at_least"] if rival not in compared]
    ours = medians(result).get("duplex")
    if memory_held(result) is False:
        words.append(f"{ours.connection_bytes:.0f} bytes each")
    if ours and ours.errors:
        words.append(f"errors, {ours.errors}")
    return words


def table(result: dict) -> str:
    """All figures of one race."""
    return _markdown(*(_idle_rows if result["idle"] else _rate_rows)(result))


def _rate_rows(result: dict):
    head = ["", "a second", "rounds", "server's CPU each", "of it user", "server busy", "load busy", "p50", "p99"]
    rows = []
    for name, rounds in rounds_of(result).items():
        each = median(measured(rounds))
        rates = [one.per_second for one in measured(rounds)]
        rows.append([
            name, f"{each.per_second:,.0f}", f"{min(rates):,.0f} … {max(rates):,.0f}", f"{each.cpu_us:,.3f} µs",
            f"{each.user_us:,.3f} µs", f"{each.server_busy:.0%}", f"{each.load_busy:.0%}", f"{each.p50_us:,.0f} µs",
            f"{each.p99_us:,.0f} µs",
        ])
    return head, rows


def _idle_rows(result: dict):
    head = ["", "opened a second", "memory each"]
    return head, [[name, f"{each.per_second:,.0f}", f"{each.connection_bytes:,.0f} bytes"]
                  for name, each in medians(result).items()]


def section(name: str, result: dict) -> str:
    if result["not_run"]:
        return f"### {result['title']}\n\n`{name}` was not run: {result['not_run']}.\n"
    rounds = max((len(each) for each in result["rounds"].values()), default=0)
    how = "one round" if rounds == 1 else f"{rounds} rounds"
    command = f"duplex bench {result['url'].format('HOST:PORT')} {' '.join(result['load'])}"
    lines = [f"### {result['title']}", "", f"`{name}`: `{command}`, {how} of {result['seconds']:g} s"
             f", {result['date']}, commit {result['commit']}.", "", table(result), ""]
    found = [str(each) for each in verdicts(result)]
    if result["bytes_max"] is not None and "duplex" in medians(result):
        mark = HELD if memory_held(result) else MISSED
        found.append(f"at most {result['bytes_max']:g} bytes each {mark}")
    if found:
        lines += ["duplex: " + "; ".join(found) + ".", ""]
    notes = [result["note"]] if result["note"] else []
    standing = medians(result)
    notes += [f"{racer}: **errors**, {each.errors}." for racer, each in standing.items() if each.errors]
    limited = [racer for racer, each in standing.items() if each.load_busy >= SATURATED]
    if limited:
        notes.append(f"The load was at its own limit with {', '.join(limited)}.")
    absent = [racer for racer, rounds in result["rounds"].items() if not any(rounds)]
    if absent:
        notes.append(f"Could not be measured: {', '.join(absent)}.")
    if notes:
        lines += [" ".join(notes), ""]
    return "\n".join(lines)


def _figure(result: dict) -> str:
    """Of duplex, the one that is compared."""
    ours = medians(result).get("duplex")
    if ours is None:
        return "not run" if result["not_run"] else "not measured"
    return f"{ours.connection_bytes:,.0f} bytes" if result["idle"] else f"{ours.per_second:,.0f}/s"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def requirements(results: dict[str, dict]) -> str:
    """What duplex must reach, and whether it does."""
    rows = []
    for name, result in results.items():
        found = {each.rival: each for each in verdicts(result)}
        unmeasured = NOT_RUN if result["not_run"] else MISSED
        for rival, at_least in result["at_least"].items():
            row = [name, _figure(result), f"{at_least:g} × {rival}"]
            each = found.get(rival)
            if each is None:
                rows.append([*row, "", "", "", unmeasured])
                continue
            low, high = middle_half(each.ratios)
            rows.append([*row, f"{each.ratio:.2f}", f"{low:.2f} … {high:.2f}", each.by, each.mark])
        if result["bytes_max"] is not None:
            mark = HELD if memory_held(result) else unmeasured
            rows.append([name, _figure(result), f"at most {result['bytes_max']:g} bytes each", "", "", "memory", mark])
    return _markdown(["race", "duplex", "at least", "ratio", "half of the rounds", "by", "held"], rows)


def all_ratios(results: dict[str, dict]) -> str:
    """A row for each race, and a column for each rival."""
    rivals = list(dict.fromkeys(each.rival for result in results.values() for each in verdicts(result)))
    rows = []
    for name, result in results.items():
        found = {each.rival: f"{each.ratio:.2f}" + ("*" if each.by == "CPU" else "") for each in verdicts(result)}
        rows.append([name, _figure(result), *(found.get(rival, "") for rival in rivals)])
    return _markdown(["race", "duplex", *rivals], rows)


def document(results: dict[str, dict], machine: str) -> str:
    sections = "\n".join(section(name, result) for name, result in results.items())
    return (
        f"{INTRODUCTION}\n{machine}\n## What is required\n\n{requirements(results)}\n\n"
        f"## All ratios\n\nBy rate; with a star by processor time; of idle connections by memory.\n\n"
        f"{all_ratios(results)}\n\n## The races\n\n{sections}"
    )


# What makes the rivals, as Debian names it.
PACKAGES = ("libboost-dev", "libwebsocketpp-dev", "libwebsockets-dev", "nodejs", "node-ws", "python3-websockets",
            "nginx-light", "h2o", "libssl3", "libisal2", "libdeflate0", "g++")


def machine(programs: Path) -> str:
    """Where and with what: the same lines for all races."""

    def says(*command) -> str:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    cpu = says("/usr/bin/lscpu")
    model = re.search(r"Model name:\s+(.*)", cpu)
    cores = re.search(r"^CPU\(s\):\s+(\d+)", cpu, re.M)
    virtual = re.search(r"Hypervisor vendor:\s+(.*)", cpu)
    system = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())
    versions = says("/usr/bin/dpkg-query", "-W", "-f=${Package} ${Version}, ", *PACKAGES).rstrip(", ")
    return (
        f"Machine: {cores[1] if cores else '?'} cores of {model[1] if model else 'an unknown processor'}"
        f"{' under ' + virtual[1] if virtual else ''}; Linux {platform.release()}, "
        f"{system[1] if system else 'unknown system'}.\n"
        f"Versions: {says(programs / 'duplex', '--version').strip()}; {versions}.\n"
    )

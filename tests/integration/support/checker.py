"""`duplex check`, run on the endpoints that can be told to break rules."""

import contextlib
import functools
import json
import re
import subprocess
import threading
from fnmatch import fnmatchcase

from support.breakable.deflate import Wishes
from support.breakable.endpoints import Client, Server
from support.program import DEADLINE_S, program_path

# Where something is broken, many cases wait for what does not come: for so long, but side by side.
CASE_SECONDS = 3
JOBS = 64

# What takes an endpoint in Python long, and shows nothing that smaller cases don't.
HEAVY = (
    *("limits/*", "*-1048576", "*bomb*", "framing/*-262144"),
    *("fragments/64-kib-*", "deflate/65536-*", "deflate/utf8-far*"),
)


class Report:
    """What was found in one endpoint: the cases by their ids, each with what the JSON says."""

    def __init__(self, text):
        told = json.loads(text)
        self.cases = {case["id"]: case for case in told["cases"]}
        self.not_run = told["not_run"]
        self.failure = told["failure"]

    def having(self, verdict):
        return {name for name, case in self.cases.items() if case["verdict"] == verdict}

    def told(self, names):
        """Cases for people."""
        return "\n".join(f"{name}: {self.cases[name]['verdict']}, {self.cases[name]['why']}" for name in sorted(names))


def matching(names, patterns):
    """Those of `names` that any of the patterns stands for."""
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


@functools.cache
def cases(side):
    """The ids of all that is tried with a server, or a client."""
    command = [program_path("duplex"), "check", "--list", *(["--listen", "0"] if side == "client" else ["ws://here"])]
    lines = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout.splitlines()
    return [line.split()[0] for line in lines[:-1]]


def _command(broken, only, *arguments):
    command = [program_path("duplex"), "check", *map(str, arguments)]
    if broken:
        command += ["--jobs", str(JOBS), "--timeout", str(CASE_SECONDS)]
        command += [word for pattern in HEAVY for word in ("--without", pattern)]
    command += [word for pattern in only for word in ("--only", pattern)]
    return command


def check_server(folder, broken=(), wishes=Wishes(), only=()):
    """What is found in our server, by all cases or `only` those of some patterns; `folder` is for the report."""
    file = folder / "report.json"
    with Server(broken, wishes) as server:
        command = _command(broken, only, "--json", file, server.url)
        ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S * 4)
    return _report(file, ran.stderr, ran.returncode)


def check_client(folder, broken=(), wishes=Wishes(), only=()):
    """The same of our client, or of some of them, side by side."""
    file = folder / "report.json"
    command = _command(broken, only, "--json", file, "--listen", "0", "--idle-seconds", "10")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = re.search(r"ws://\S+", process.stdout.readline())[0]
        side_by_side = JOBS if broken else 4
        clients = [threading.Thread(target=_go_through, args=(url, broken, wishes)) for _ in range(side_by_side)]
        for client in clients:
            client.start()
        _, errors = process.communicate(timeout=DEADLINE_S * 4)
        for client in clients:
            client.join(DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    return _report(file, errors, process.returncode)


def _go_through(url, broken, wishes):
    """Connects until nobody is there any more."""
    client = Client(url, broken, wishes)
    with contextlib.suppress(ConnectionError):
        while True:
            client.visit("/")


def _report(file, errors, status):
    assert file.exists() and status in (0, 1), errors
    report = Report(file.read_text())
    assert status == (1 if report.having("wrong") or report.not_run or report.failure else 0), errors
    return report

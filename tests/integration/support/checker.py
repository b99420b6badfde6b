"""`duplex check`, run on the endpoints that can be told to break rules."""

import contextlib
import json
import re
import subprocess
import threading
from fnmatch import fnmatchcase

from support.breakable.deflate import Wishes
from support.breakable.endpoints import Client, Server
from support.program import DEADLINE_S, program_path

# What a case waits for something that does not come.
CASE_SECONDS = 1.5
JOBS = 16


class Report:
    """What was found in one endpoint: the cases by their ids, each with what the JSON says."""

    def __init__(self, text):
        self.cases = {case["id"]: case for case in json.loads(text)["cases"]}

    def having(self, verdict):
        return {name for name, case in self.cases.items() if case["verdict"] == verdict}

    def told(self, names):
        """Cases for people."""
        return "\n".join(f"{name}: {self.cases[name]['verdict']}, {self.cases[name]['why']}" for name in sorted(names))


def matching(names, patterns):
    """Those of `names` that any of the patterns stands for."""
    return {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)}


def _command(*arguments):
    return [program_path("duplex"), "check", "--jobs", str(JOBS), "--timeout", str(CASE_SECONDS), *arguments]


def check_server(broken=(), wishes=Wishes()):
    with Server(broken, wishes) as server:
        ran = subprocess.run(
            _command("--json", "-", "--quiet", server.url), capture_output=True, text=True, timeout=DEADLINE_S * 4
        )
    return _report(ran.stdout, ran.stderr, ran.returncode)


def check_client(broken=(), wishes=Wishes(), *, tmp_path):
    file = tmp_path / "report.json"
    process = subprocess.Popen(
        _command("--json", file, "--listen", "0", "--idle-seconds", "20"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = re.search(r"ws://\S+", process.stdout.readline())[0]
        clients = [threading.Thread(target=_go_through, args=(url, broken, wishes)) for _ in range(JOBS)]
        for client in clients:
            client.start()
        _, errors = process.communicate(timeout=DEADLINE_S * 4)
        for client in clients:
            client.join(DEADLINE_S)
    finally:
        process.kill()
        process.wait()
    return _report(file.read_text(), errors, process.returncode)


def _go_through(url, broken, wishes):
    """Connects until nobody is there any more."""
    client = Client(url, broken, wishes, case_seconds=CASE_SECONDS * 4)
    with contextlib.suppress(ConnectionError):
        while True:
            client.visit("/")


def _report(text, errors, status):
    assert text and status in (0, 1), errors
    report = Report(text)
    assert status == (1 if report.having("wrong") else 0), errors
    return report

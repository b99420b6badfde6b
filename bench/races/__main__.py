"""Runs the races and writes bench/RESULTS.md; `./dev bench` is how it is meant to be called.

    bench/races --bin build/bench/bin [--quick] [--rounds N] [--seconds S] [RACE...]

Without the names of races all are run, in less than a quarter of an hour. --quick takes two minutes: short
rounds, only the rivals whom a requirement names, nothing written. What was measured is kept beside the programs, in
races.json, so that a race that is run again replaces its own figures in RESULTS.md and leaves the others; --report
writes them without a race. The exit status is 1 when something that is required was missed.
"""

import argparse
import datetime
import fnmatch
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import report
from cells import CELLS
from racing import LOAD_CORE, Length, race
from servers import ROOT, SERVER_CORE

DEFAULT = Length(rounds=9, seconds=0.6, warmup=0.2)
QUICK = Length(rounds=5, seconds=0.4, warmup=0.2, required_only=True)


def chosen(names: list[str], quick: bool) -> list[str]:
    """Races by their names, or by patterns such as `echo-*`."""
    if not names:
        return [name for name, cell in CELLS.items() if not quick or cell.at_least or name == "idle-ws-10k"]
    found = []
    for name in names:
        matching = fnmatch.filter(CELLS, name)
        if not matching:
            sys.exit(f"no race is called {name}; there are: {' '.join(CELLS)}")
        found += [match for match in matching if match not in found]
    return found


def commit() -> str:
    """What the sources are, but for the report itself."""

    def git(*words: str) -> str:
        return subprocess.run(["git", "-C", ROOT, *words], stdout=subprocess.PIPE, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/RESULTS.md")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def raise_descriptor_limit() -> None:
    """For all that is started here, as far as we may."""
    wanted = max(cell.descriptors for cell in CELLS.values())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, hard), max(wanted, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def arguments_of(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True, help="where the programs are")
    parser.add_argument("--quick", action="store_true", help="short rounds beside those that must be beaten")
    parser.add_argument("--rounds", type=int, help="of those whom a requirement names; others have half as many")
    parser.add_argument("--seconds", type=float, help="of each round")
    parser.add_argument("--list", action="store_true", help="name the races, and run none")
    parser.add_argument("--report", action="store_true", help="write what was measured before, and run none")
    parser.add_argument("races", nargs="*", metavar="RACE", help="name or pattern; all by default")
    return parser.parse_args(words)


def run(names: list[str], programs: Path, length: Length, keep: Callable[[str, dict], None]) -> None:
    if not SERVER_CORE | LOAD_CORE <= os.sched_getaffinity(0):
        sys.exit("races need cores 0 and 1: one for the servers, one for the load")
    raise_descriptor_limit()
    version = commit()
    for name in names:
        print(f"\n{name}: {CELLS[name].title}", flush=True)
        result = race(CELLS[name], programs, length, lambda line: print(line, flush=True))
        for verdict in report.verdicts(result):
            print(f"  {verdict}")
        keep(name, result | {"date": datetime.date.today().isoformat(), "commit": version})


def main() -> int:
    arguments = arguments_of(sys.argv[1:])
    names = [] if arguments.report else chosen(arguments.races, arguments.quick)
    if arguments.list:
        print("\n".join(f"{name:20} {CELLS[name].title}" for name in names))
        return 0
    usual = QUICK if arguments.quick else DEFAULT
    length = replace(
        usual, rounds=arguments.rounds or usual.rounds, seconds=arguments.seconds or usual.seconds
    )
    programs = arguments.bin.resolve()
    file = programs.parent / "races.json"
    results = json.loads(file.read_text()) if file.exists() and not arguments.quick else {}

    def keep(name: str, result: dict) -> None:
        results[name] = result
        if not arguments.quick:
            file.write_text(json.dumps(results, indent=1))

    run(names, programs, length, keep)
    results = {name: results[name] for name in CELLS if name in results}
    if not arguments.quick:
        (ROOT / "bench" / "RESULTS.md").write_text(report.document(results, report.machine(programs)))
        print("\nwritten to bench/RESULTS.md")
    shortfalls = [f"{name}: {words}" for name in names or results for words in report.missed(results[name])]
    print("\n" + ("\n".join(["missed:", *shortfalls]) if shortfalls else "all that is required was reached"))
    return 1 if shortfalls else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the races and writes bench/RESULTS.md; `./dev bench` is how it is meant to be called.

    bench/races --bin build/bench/bin [--quick] [--rounds N] [--seconds S] [RACE...]

Without the names of races all are run, in less than a quarter of an hour. --quick takes two minutes: short
rounds, only the rivals whom a requirement names, nothing written. What was measured is kept beside the programs, in
races.json, so that a race that is run again replaces its own figures in RESULTS.md and leaves the others.
"""

import argparse
import datetime
import fnmatch
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import report
from cells import CELLS
from racing import Length, race
from servers import ROOT

DEFAULT = Length(rounds=3, seconds=1.2, warmup=0.3)
QUICK = Length(rounds=3, seconds=0.8, warmup=0.2, required_only=True)


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
    command = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip() or "unknown"


def raise_descriptor_limit() -> None:
    """For all that is started here, as far as we may."""
    wanted = max(cell.descriptors for cell in CELLS.values())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted, hard), max(wanted, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True, help="where the programs are")
    parser.add_argument("--quick", action="store_true", help="short rounds beside those that must be beaten")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each round")
    parser.add_argument("--list", action="store_true", help="name the races, and run none")
    parser.add_argument("races", nargs="*", metavar="RACE", help="name or pattern; all by default")
    arguments = parser.parse_args()
    names = chosen(arguments.races, arguments.quick)
    if arguments.list:
        print("\n".join(f"{name:18} {CELLS[name].title}" for name in names))
        return 0
    if os.cpu_count() < 2:
        sys.exit("races need two cores: one for the servers, one for the load")
    raise_descriptor_limit()
    usual = QUICK if arguments.quick else DEFAULT
    length = Length(
        arguments.rounds or usual.rounds, arguments.seconds or usual.seconds, usual.warmup, usual.required_only
    )

    programs = arguments.bin.resolve()
    kept = programs.parent / "races.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    run = {}
    version = commit()
    for name in names:
        print(f"\n{name}: {CELLS[name].title}", flush=True)
        result = race(CELLS[name], programs, length, lambda line: print(line, flush=True))
        result |= {"date": datetime.date.today().isoformat(), "commit": version}
        run[name] = result
        for verdict in report.verdicts(result):
            print(f"  {verdict}")
        if not arguments.quick:
            results[name] = result
            kept.write_text(json.dumps(results, indent=1))
    if not arguments.quick:
        ordered = {name: results[name] for name in CELLS if name in results}
        text = report.document(ordered, report.machine(programs))
        (ROOT / "bench" / "RESULTS.md").write_text(text)
        print("\nwritten to bench/RESULTS.md")
    shortfalls = [f"{name}: {words}" for name, result in run.items() for words in report.missed(result)]
    print("\n" + ("\n".join(["missed:", *shortfalls]) if shortfalls else "all that is required was reached"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

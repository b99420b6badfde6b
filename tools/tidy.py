#!/usr/bin/env python3
"""Runs clang-tidy over what a build compiles, and remembers what passed.

    tools/tidy.py BUILD_FOLDER

Looks at the library, the program and the examples (tests, benchmarks and fuzz targets are checked
by the compiler only). A source is looked at again when it, a header of ours that it includes, the
way it is compiled or .clang-tidy has changed: the analysis takes seconds for each file.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = tuple(f"{ROOT}/{folder}/" for folder in ("src", "apps", "examples"))


def dependencies(build: Path) -> dict[str, list[Path]]:
    """For each object file, the project's files that it was compiled from."""
    listing = subprocess.run(
        ["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True
    ).stdout
    result: dict[str, list[Path]] = {}
    for line in listing.splitlines():
        if line and not line[0].isspace():
            files = result.setdefault(line.split(":")[0], [])
        elif line.strip():
            file = Path(os.path.normpath(build / line.strip()))
            if file.is_relative_to(ROOT):
                files.append(file)
    return result


def stamp(entry: dict, files: list[Path]) -> str:
    """What stands for everything that decides about the outcome for one source."""
    digest = hashlib.sha256(entry["command"].encode())
    for file in [ROOT / ".clang-tidy", Path(entry["file"]), *sorted(files)]:
        digest.update(str(file).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def without_precompiled(command: str) -> str:
    """A source has to include what it uses; and what GCC has precompiled nobody else can read."""
    return re.sub(r" -Winvalid-pch| -include \S*/cmake_pch\.hxx", "", command)


def tidy(database: Path, source: str) -> tuple[bool, str]:
    result = subprocess.run(
        ["clang-tidy-19", "--quiet", "-p", database, source], capture_output=True, text=True
    )
    # How many warnings of other people's headers were left out is of no interest.
    noise = re.compile(r"^\d+ warnings? (generated|treated as errors?)")
    errors = "\n".join(line for line in result.stderr.splitlines() if not noise.match(line))
    return result.returncode == 0, (result.stdout + errors).strip()


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    commands = json.loads((build / "compile_commands.json").read_text())
    for entry in commands:
        entry["command"] = without_precompiled(entry["command"])
    database = build / "tidy"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(commands))
    memory = build / "tidy.json"
    passed = set(json.loads(memory.read_text())) if memory.exists() else set()
    compiled_from = dependencies(build)

    stamps = {}
    for entry in commands:
        object_file = re.search(r" -o (\S+)", entry["command"])[1]
        if entry["file"].startswith(FOLDERS):
            stamps[entry["file"]] = stamp(entry, compiled_from.get(object_file, []))
    todo = [file for file, key in stamps.items() if key not in passed]
    print(f"{len(todo)} of {len(stamps)} files have changed", flush=True)

    failed = 0
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        checks = {pool.submit(tidy, database, file): file for file in todo}
        for check in as_completed(checks):
            ok, text = check.result()
            source = checks[check]
            if ok:
                passed.add(stamps[source])
            else:
                failed += 1
                print(f"{os.path.relpath(source, ROOT)}:\n{text}\n", flush=True)
    finally:
        # Also when interrupted: what passed need not be looked at again.
        pool.shutdown(cancel_futures=True)
        memory.write_text(json.dumps(sorted(passed & set(stamps.values()))))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Checks the include graph against the layers that ARCHITECTURE.md describes.

    tools/check_layers.py [ROOT]

Prints one line for each include that breaks a rule and exits with 1 if there is any. The rules:

- a layer includes only the layers below it, never a sibling;
- public headers include the standard library and other public headers, nothing else, so that a
  user needs no third-party header and never sees a private one;
- each third-party library's headers appear in one place;
- the protocol cores include nothing that does I/O, tells the time, starts threads or rolls dice;
- programs and examples use public headers only;
- the conformance tester uses nothing of the library's that it checks.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

# What each layer may include besides itself. The keys are the folders below src and include/duplex.
LAYERS = {
    "base": set(),
    "http": {"base"},
    "http1": {"base", "http"},
    "http2": {"base", "http"},
    "websocket": {"base", "http"},
    "net": {"base"},
    "tls": {"base"},
    "connection": {"base", "http", "http2", "websocket", "net", "tls"},
    "server": {"base", "http", "http1", "http2", "websocket", "net", "tls", "connection"},
    "client": {"base", "http", "http1", "http2", "websocket", "net", "tls", "connection"},
}

# The conformance tester, and the layers that it may include itself: a rule that the library's own
# WebSocket had got wrong would look right to a tester that was made of the same code.
TESTER = "apps/duplex/check/"
TESTER_LAYERS = {"base", "http"}

# The layers that are pure computation.
CORES = {"base", "http", "http1", "http2", "websocket"}

# Third-party headers, and the only places that may include them: path prefixes below ROOT.
THIRD_PARTY = [
    # RFC 6455's accept key needs SHA-1, which is not worth a layer of its own. The conformance tester
    # has its own way to all that a WebSocket needs: what it shared with the library, it could not check.
    # The load generator has its own sockets, encrypted or not, since it has to cost less than what it
    # loads.
    (r"openssl/", ["src/tls/", "src/websocket/accept_key.", "apps/duplex/check/", "apps/duplex/bench/"]),
    (r"nghttp2/", ["src/http2/"]),
    (
        r"zlib\.h$",
        ["src/websocket/deflate", "src/client/content_decoder", "apps/duplex/check/", "apps/duplex/bench/"],
    ),
    (r"libdeflate\.h$|isa-l.*\.h$", ["src/websocket/deflate"]),
    (r"brotli/|zstd(_errors)?\.h$", ["src/client/content_decoder"]),
    (r"libpsl\.h$", ["src/client/public_suffix"]),
    (r"ares(_.*)?\.h$", ["src/net/resolver"]),
    (r"simdjson\.h$", ["src/base/"]),
    (r"sys/(epoll|eventfd|timerfd)\.h$", ["src/net/", "apps/duplex/bench/"]),
    (r"(fmt|spdlog|toml\+\+|nlohmann|CLI)/|toml\.hpp$|histedit\.h$", ["apps/"]),
]

# The operating system's headers; not for the cores.
SYSTEM = re.compile(
    r"(sys|net|netinet|arpa|linux)/.*|"
    r"(unistd|fcntl|poll|signal|semaphore|netdb|dirent|pthread|sched|errno|limits|time|stdio|stdlib|string)"
    r"\.h"
)

# Compiler intrinsics compute; every layer may use them.
INTRINSICS = re.compile(r"(.*mmintrin|immintrin|x86intrin|arm_neon|cpuid)\.h")

# Standard headers that the cores do without. <chrono> is not among them: a date is a value.
IMPURE = {
    "condition_variable", "csignal", "ctime", "filesystem", "fstream", "future", "iostream",
    "mutex", "random", "semaphore", "shared_mutex", "stop_token", "thread",
}  # fmt: skip

SOURCES = (".hpp", ".cpp", ".h", ".cc")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


@dataclass(frozen=True)
class File:
    path: str  # below ROOT, with slashes

    @property
    def public(self) -> bool:
        return self.path.startswith("include/")

    @property
    def program(self) -> bool:
        return self.path.startswith(("apps/", "examples/"))

    @property
    def layer(self) -> str | None:
        """The layer that the file belongs to; None for programs and the header of headers."""
        match = re.match(r"(?:include/duplex|src)/([^/]+)/", self.path)
        return match[1] if match else None


def check_layer(file: File, target: str) -> str | None:
    """Whether `file` may include something of the layer `target`."""
    if file.layer is None:
        return None
    if file.layer == target or target in LAYERS[file.layer]:
        return None
    return f"{file.layer} may not include {target}"


def check_own(root: Path, file: File, name: str) -> str | None:
    """Checks an include of <duplex/...>."""
    if not (root / "include" / name).is_file():
        return "no such public header"
    parts = name.split("/")
    if file.path.startswith(TESTER) and parts[1] not in TESTER_LAYERS:
        return f"the conformance tester includes {' and '.join(sorted(TESTER_LAYERS))} only"
    if len(parts) == 2:
        return None if file.program else "the header of all headers is for users only"
    return check_layer(file, parts[1])


def check_quoted(root: Path, file: File, name: str) -> str | None:
    """Checks an include of "...", which names a private header."""
    if file.public:
        return "a public header may not include a private one"
    beside = (root / file.path).parent / name
    if file.program:
        # In a folder of a program, its other headers are named from the program's own folder on.
        from_program = root.joinpath(*Path(file.path).parts[:2]) / name
        header = beside if beside.is_file() else from_program
        if not header.is_file():
            return "a program uses public headers and its own only"
        within = header.resolve().relative_to(root.resolve()).as_posix()
        return None if File(within).program else "a program uses public headers and its own only"
    # Built in the build folder from files of the same layer.
    if beside.is_file() and "/" not in name:
        return "a private header is named from src on: FOLDER/x.hpp"
    if not (root / "src" / name).is_file():
        return "no such private header"
    return check_layer(file, name.split("/")[0])


def check_foreign(file: File, name: str) -> str | None:
    """Checks an include of <...> that is not ours."""
    for pattern, places in THIRD_PARTY:
        if re.match(pattern, name):
            if file.path.startswith(tuple(places)):
                return None
            return f"only {' and '.join(places)} may include it"
    if INTRINSICS.fullmatch(name):
        return None
    if SYSTEM.fullmatch(name):
        if file.public:
            return "public headers include the standard library and public headers only"
        return "a core does no I/O" if file.layer in CORES else None
    if "/" in name or "." in name:
        return "unknown library: give it a place in tools/check_layers.py"
    if file.layer in CORES and name in IMPURE:
        return "a core has no files, clock, threads or randomness"
    return None


def check(root: Path) -> list[str]:
    """All violations below `root`, as lines `file:line: include: reason`."""
    violations = []
    for folder in ("include", "src", "apps", "examples"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            file = File(path.relative_to(root).as_posix())
            if file.layer is not None and file.layer not in LAYERS:
                violations.append(f"{file.path}: {file.layer} is not a layer")
                continue
            for number, line in enumerate(path.read_text().splitlines(), 1):
                include = INCLUDE.match(line)
                if not include:
                    continue
                quote, name = include.groups()
                if quote == '"':
                    reason = check_quoted(root, file, name)
                elif name.startswith("duplex/"):
                    reason = check_own(root, file, name)
                else:
                    reason = check_foreign(file, name)
                if reason:
                    violations.append(f"{file.path}:{number}: {name}: {reason}")
    return violations


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    violations = check(root)
    print("\n".join(violations), end="\n" if violations else "")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

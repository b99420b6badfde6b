"""tools/check_layers.py must catch each kind of violation, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "check_layers.py"


def check(root: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, TOOL, root], capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path):
    """A tree with one header for each layer, and a way to add a file that includes one thing."""
    for layer in ("base", "http", "http1", "websocket", "net", "connection", "server", "client"):
        for folder in ("include/duplex", "src"):
            header = tmp_path / folder / layer / "thing.hpp"
            header.parent.mkdir(parents=True)
            header.write_text("#pragma once\n")
    (tmp_path / "include/duplex/duplex.hpp").write_text("#include <duplex/server/thing.hpp>\n")

    def add(path: str, include: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"// A comment.\n#include {include}\n")
        return tmp_path

    return add


@pytest.mark.parametrize(
    "path, include",
    [
        ("src/base/x.cpp", "<vector>"),
        ("src/base/x.cpp", "<immintrin.h>"),
        ("src/base/x.cpp", "<simdjson.h>"),
        ("src/http1/x.cpp", "<duplex/http/thing.hpp>"),
        ("src/http1/x.cpp", '"http1/thing.hpp"'),
        ("src/http/date.cpp", "<chrono>"),
        ("src/websocket/accept_key.cpp", "<openssl/evp.h>"),
        ("src/net/x.cpp", "<sys/epoll.h>"),
        ("src/server/x.cpp", "<mutex>"),
        ("src/server/x.cpp", '"connection/thing.hpp"'),
        ("include/duplex/server/x.hpp", "<duplex/websocket/thing.hpp>"),
        ("apps/duplex/x.cpp", "<duplex/duplex.hpp>"),
        ("apps/duplex/x.cpp", "<CLI/CLI.hpp>"),
        ("apps/duplex/check/x.cpp", "<openssl/ssl.h>"),
        ("apps/duplex/check/x.cpp", "<zlib.h>"),
        ("apps/duplex/check/x.cpp", "<duplex/http/thing.hpp>"),
        ("examples/x.cpp", "<duplex/websocket/thing.hpp>"),
    ],
)
def test_allows(tree, path, include):
    result = check(tree(path, include))
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    "path, include, reason",
    [
        # upwards, sideways, and across the bar between cores and I/O
        ("src/base/x.cpp", "<duplex/http/thing.hpp>", "base may not include http"),
        ("src/http1/x.cpp", "<duplex/websocket/thing.hpp>", "http1 may not include websocket"),
        ("src/net/x.cpp", "<duplex/http/thing.hpp>", "net may not include http"),
        ("src/websocket/x.cpp", '"net/thing.hpp"', "websocket may not include net"),
        ("src/connection/x.cpp", '"http1/thing.hpp"', "connection may not include http1"),
        ("src/server/x.cpp", "<duplex/client/thing.hpp>", "server may not include client"),
        ("src/client/x.cpp", '"server/thing.hpp"', "client may not include server"),
        ("include/duplex/http/x.hpp", "<duplex/server/thing.hpp>", "http may not include server"),
        # private and foreign headers in public ones
        ("include/duplex/net/x.hpp", '"net/thing.hpp"', "may not include a private one"),
        ("include/duplex/net/x.hpp", "<sys/socket.h>", "standard library and public headers"),
        ("include/duplex/base/x.hpp", "<simdjson.h>", "only src/base/ may include it"),
        # third-party libraries out of their place
        ("src/server/x.cpp", "<sys/epoll.h>", "only src/net/ and apps/duplex/bench/ may include it"),
        ("src/websocket/session.cpp", "<openssl/evp.h>", "only src/tls/"),
        ("src/http/x.cpp", "<simdjson.h>", "only src/base/ may include it"),
        ("src/server/x.cpp", "<fmt/format.h>", "only apps/ may include it"),
        ("src/server/x.cpp", "<boost/asio.hpp>", "unknown library"),
        # cores that would do I/O
        ("src/http1/x.cpp", "<sys/socket.h>", "a core does no I/O"),
        ("src/websocket/x.cpp", "<random>", "no files, clock, threads or randomness"),
        ("src/base/x.cpp", "<thread>", "no files, clock, threads or randomness"),
        # programs that reach inside
        ("apps/duplex/x.cpp", '"../../src/net/thing.hpp"', "public headers and its own only"),
        ("apps/duplex/x.cpp", '"net/thing.hpp"', "public headers and its own only"),
        ("examples/x.cpp", "<duplex/net/missing.hpp>", "no such public header"),
        ("apps/duplex/x.cpp", "<openssl/ssl.h>", "only src/tls/"),
        # a tester that would use what it tests
        ("apps/duplex/check/x.cpp", "<duplex/websocket/thing.hpp>", "the conformance tester"),
        ("apps/duplex/check/x.cpp", "<duplex/duplex.hpp>", "the conformance tester"),
        # names that lead nowhere, or are not whole
        ("src/http/x.cpp", '"thing.hpp"', "FOLDER/x.hpp"),
        ("src/http/x.cpp", '"http/missing.hpp"', "no such private header"),
        ("src/server/x.cpp", "<duplex/duplex.hpp>", "for users only"),
    ],
)
def test_refuses(tree, path, include, reason):
    result = check(tree(path, include))
    assert result.returncode == 1
    assert result.stdout.startswith(f"{path}:2: ")
    assert reason in result.stdout


def test_programs_name_their_headers_from_their_folder_on(tree):
    tree("apps/duplex/color.hpp", "<string>")
    assert check(tree("apps/duplex/check/x.cpp", '"color.hpp"')).returncode == 0
    assert check(tree("apps/duplex/check/x.cpp", '"missing.hpp"')).returncode == 1


def test_refuses_a_folder_that_is_not_a_layer(tree):
    result = check(tree("src/utilities/x.cpp", "<vector>"))
    assert result.returncode == 1
    assert "utilities is not a layer" in result.stdout


def test_this_project_keeps_its_layers():
    result = check(ROOT)
    assert result.stdout == ""
    assert result.returncode == 0

"""The protocol cores, as linked, do no I/O; and tools/check_core_symbols.py would notice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "check_core_symbols.py"
BUILD = Path(os.environ.get("DUPLEX_BUILD", ROOT / "build" / "dev"))


def check(library: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, TOOL, library], capture_output=True, text=True)


def test_cores_do_no_io():
    result = check(BUILD / "libduplex_core.a")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "code, symbol",
    [
        ("#include <sys/socket.h>\nint f() { return socket(1, 1, 0); }", "socket"),
        ("#include <sys/epoll.h>\nint f() { return epoll_create1(0); }", "epoll_create1"),
        ("#include <unistd.h>\nlong f(char* x) { return read(0, x, 1); }", "read"),
        ("#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }", "steady_clock"),
        ("#include <thread>\nvoid f() { std::thread([] {}).join(); }", "St6thread"),
        ("#include <random>\nauto f() { return std::random_device()(); }", "random_device"),
        ("#include <iostream>\nvoid f() { std::cout << 1; }", "cout"),
        ("#include <fstream>\nvoid f() { std::ifstream x(\"y\"); }", "ifstream"),
    ],
)  # fmt: skip
def test_notices(tmp_path, code, symbol):
    (tmp_path / "x.cpp").write_text(code)
    compiler = os.environ.get("CXX", "g++")
    subprocess.run([compiler, "-std=c++23", "-c", "x.cpp"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", "libx.a", "x.o"], cwd=tmp_path, check=True)
    result = check(tmp_path / "libx.a")
    assert result.returncode == 1
    assert symbol in result.stdout


def test_a_computation_passes(tmp_path):
    (tmp_path / "x.cpp").write_text("#include <string>\nstd::string f() { return {3, 'x'}; }\n")
    compiler = os.environ.get("CXX", "g++")
    subprocess.run([compiler, "-std=c++23", "-c", "x.cpp"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", "libx.a", "x.o"], cwd=tmp_path, check=True)
    assert check(tmp_path / "libx.a").returncode == 0

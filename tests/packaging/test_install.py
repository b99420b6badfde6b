"""A project outside of duplex builds and runs against it, in each way that users have.

Its server and its client are those that README.md shows, so that these too are tried."""

import http.client
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from documents import ROOT, samples

PROJECT = Path(__file__).resolve().parent / "project"
BUILD = Path(os.environ.get("DUPLEX_BUILD", ROOT / "build" / "dev"))
CXX = os.environ.get("CXX", "g++")


def run(*command, **options) -> str:
    """Runs a command that must succeed; its output."""
    result = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    assert result.returncode == 0, f"{command} failed:\n{result.stdout}"
    return result.stdout


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def sources(tmp_path_factory, port):
    """A folder with README's programs, a server and a client, with a port that is free here."""
    programs = [sample.code for sample in samples(ROOT / "README.md") if sample.is_program]
    folder = tmp_path_factory.mktemp("readme")
    for name, code in zip(["server", "client"], programs, strict=True):
        assert f"duplex::{name.capitalize()} {name};" in code and "8080" in code
        (folder / f"{name}.cpp").write_text(code.replace("8080", str(port)))
    return folder


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed tree, moved after the installation: nothing in it may name its first place."""
    first = tmp_path_factory.mktemp("install") / "first"
    run("cmake", "--install", BUILD, "--prefix", first)
    final = first.parent / "final"
    first.rename(final)
    return final


def check_programs(folder: Path, port: int):
    """Starts README's server, asks it something, and has README's client talk to it."""
    with subprocess.Popen([folder / "server"]) as process:
        try:
            deadline = time.monotonic() + 20
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                try:
                    connection.request("GET", "/hello/world")
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None and time.monotonic() < deadline
                    time.sleep(0.05)
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b"Hello, world!\n")
            connection.close()
            assert run(folder / "client") == "Hello, World!\nhello\n"
        finally:
            process.terminate()


def test_readme_client_is_short():
    code = next(sample.code for sample in samples(ROOT / "README.md") if "Client client" in sample.code)
    assert len(code.splitlines()) <= 10


def check_cores(program: Path):
    assert run(program) == "Not Found\n"


def build_project(build: Path, sources: Path, *definitions):
    run(
        "cmake", "-S", PROJECT, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={CXX}",
        f"-DDUPLEX_PROGRAMS={sources}", *definitions,
    )  # fmt: skip
    run("cmake", "--build", build)


def test_by_find_package(prefix, tmp_path, sources, port):
    build_project(tmp_path, sources, f"-DCMAKE_PREFIX_PATH={prefix}")
    check_cores(tmp_path / "cores")
    check_programs(tmp_path, port)


def test_by_fetch_content(tmp_path, sources, port):
    # All of the library is compiled once more here: in a moment by what was kept, or else as fast as can be.
    precompile = "OFF" if "CMAKE_CXX_COMPILER_LAUNCHER" in os.environ else "ON"
    quickly = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-g0", f"-DDUPLEX_PRECOMPILE={precompile}"]
    build_project(tmp_path, sources, f"-DDUPLEX_SOURCE={ROOT}", *quickly)
    check_cores(tmp_path / "cores")
    check_programs(tmp_path / "bin" if (tmp_path / "bin").exists() else tmp_path, port)


@pytest.mark.parametrize("options", [[], ["--static"]], ids=["plain", "static"])
def test_by_pkg_config(prefix, tmp_path, sources, port, options):
    folder = next(prefix.rglob("duplex.pc")).parent
    environment = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    for program, source, package in [
        ("cores", PROJECT / "cores.cpp", "duplex-core"),
        ("server", sources / "server.cpp", "duplex"),
        ("client", sources / "client.cpp", "duplex"),
    ]:
        flags = run("pkg-config", "--cflags", "--libs", *options, package, env=environment)
        run(CXX, "-std=c++23", source, "-o", tmp_path / program, *flags.split())
    check_cores(tmp_path / "cores")
    check_programs(tmp_path, port)


def test_installed_program_runs(prefix):
    assert "0.1.0" in run(prefix / "bin" / "duplex", "--version")


def test_version_is_checked(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(old LANGUAGES CXX)\n"
        "find_package(duplex 0.2 QUIET)\n"
        'if(duplex_FOUND)\n  message(FATAL_ERROR "accepted")\nendif()\n'
    )
    run("cmake", "-G", "Ninja", "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}")

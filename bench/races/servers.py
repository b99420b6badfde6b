"""Those who race: how each is started, on the servers' core, in its fastest usual form."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
TEST_PEERS = ROOT / "tests" / "peers"

SERVER_CORE = {0}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise NotStarted(f"nobody listens at port {port}") from None
            time.sleep(0.01)


class NotStarted(Exception):
    """A server that does not say where it listens, or does not listen."""


class Server:
    """A process that listens, perhaps with children that do the work."""

    def __init__(self, process: subprocess.Popen):
        self.process = process
        self.pid = process.pid
        self.address = ""

    def family(self) -> list[int]:
        """The process and its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def descriptors(self) -> int:
        """Files that they have open, connections among them."""
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.family())

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):  # it went with the one before
                os.kill(pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Track:
    """Where a race takes place: what is started on it ends with it."""

    def __init__(self, programs: Path):
        self.programs = programs

    def __enter__(self) -> "Track":
        self._temporary = tempfile.TemporaryDirectory(prefix="duplex-race-")
        self.folder = Path(self._temporary.name)
        self.folder.chmod(0o755)  # nginx serves files as another user
        self._servers: list[Server] = []
        return self

    def __exit__(self, *_) -> None:
        for server in self._servers:
            server.stop()
        self._temporary.cleanup()

    def start(self, command: list, port: int | None = None, environment: dict | None = None) -> Server:
        """Starts a program that listens at this port, or says at which by `port N` or a URL."""
        process = subprocess.Popen(
            [str(word) for word in command],
            preexec_fn=lambda: os.sched_setaffinity(0, SERVER_CORE),
            stdin=subprocess.PIPE,  # peers end when nobody holds it any more
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | (environment or {}),
        )
        server = Server(process)
        self._servers.append(server)
        if port is None:
            line = process.stdout.readline()
            found = re.search(r"(?:port |://[^/]*:)(\d+)", line)
            if not found:
                raise NotStarted(f"{command[0]} does not say where it listens: {line!r}")
            port = int(found[1])
        else:
            wait_for(port)
        server.address = f"127.0.0.1:{port}"
        return server

    def file(self, name: str, size: int) -> Path:
        """The folder of a site with a file of so many bytes that don't compress."""
        site = self.folder / "site"
        site.mkdir(exist_ok=True)
        if not (site / name).exists():
            (site / name).write_bytes(os.urandom(size))
        return site

    def certificate(self) -> tuple[Path, Path]:
        """Of localhost, and its key, on P-256."""
        certificate, key = self.folder / "cert.pem", self.folder / "key.pem"
        if not certificate.exists():
            command = [self.programs / "duplex", "cert", "localhost", "--out", certificate, "--key", key]
            subprocess.run([*command, "--dir", self.folder / "ca"], check=True, stdout=subprocess.DEVNULL)
        return certificate, key

    def configured(self, template: str, **values) -> Path:
        """A file of bench/peers with `@name@` replaced."""
        text = (PEERS / template).read_text()
        for name, value in {"folder": self.folder, **values}.items():
            text = text.replace(f"@{name}@", str(value))
        file = self.folder / template
        file.write_text(text)
        return file


Start = Callable[[Track], Server]


def _duplex_command(track: Track, *options) -> list:
    return [track.programs / "duplex", "serve", "--threads", "1", "--log", "off", *options]


def duplex(*options) -> Start:
    return lambda track: track.start(_duplex_command(track, "--listen", "127.0.0.1:0", *options))


def _certificate_options(track: Track) -> list:
    certificate, key = track.certificate()
    return ["--tls-cert", certificate, "--tls-key", key]


def encrypted_duplex(track: Track) -> Server:
    return track.start(_duplex_command(track, "--tls-listen", "127.0.0.1:0", *_certificate_options(track)))


def _at_one_port(track: Track, processes: int, listen: str, *options) -> Server:
    """So many processes of duplex, children of one, that share a port."""
    port = free_port()
    command = _duplex_command(track, "--reuse-port", listen, f"127.0.0.1:{port}", *options)
    script = f'for ((i = 0; i < {processes}; ++i)); do "$@" & done; wait'
    server = track.start(["/bin/bash", "-c", script, "bash", *command], port)
    for _ in range(processes):
        server.process.stdout.readline()  # it listens
    return server


def several_duplex(processes: int) -> Start:
    return lambda track: _at_one_port(track, processes, "--listen")


def several_encrypted_duplex(processes: int) -> Start:
    return lambda track: _at_one_port(track, processes, "--tls-listen", *_certificate_options(track))


def duplex_handlers(track: Track) -> Server:
    """A server made with the library, since `duplex serve` has no such paths."""
    return track.start([track.programs / "duplex_handlers"])


def bare(*options) -> Start:
    return lambda track: track.start([track.programs / "bare", *options])


def peer(name: str, *options) -> Start:
    """One of tests/peers that are compiled."""
    return lambda track: track.start([track.programs / f"{name}_peer", "serve", *options])


def ws_for_node(*options) -> Start:
    def begin(track: Track) -> Server:
        environment = {"NODE_PATH": "/usr/share/nodejs", "NODE_ENV": "production"}
        return track.start(["/usr/bin/node", TEST_PEERS / "ws.js", "serve", *options], environment=environment)

    return begin


def python_websockets(*options) -> Start:
    command = ["/usr/bin/python3", TEST_PEERS / "websockets_peer.py", "serve", *options]
    return lambda track: track.start(command)


def encrypted_beast(track: Track) -> Server:
    return track.start([track.programs / "beast_tls", *track.certificate()])


def nginx(track: Track) -> Server:
    port = free_port()
    file = track.configured("nginx.conf", port=port)
    return track.start(["/usr/sbin/nginx", "-p", track.folder, "-c", file], port)


def nginx_before_duplex(track: Track) -> Server:
    """TLS ends in nginx; duplex behind it is its child, so that both count as one."""
    port, clear_port = free_port(), free_port()
    certificate, key = track.certificate()
    file = track.configured("nginx_tls.conf", port=port, clear_port=clear_port, certificate=certificate, key=key)
    behind = _duplex_command(track, "--listen", f"127.0.0.1:{clear_port}")
    words = [str(word) for word in (*behind, track.folder, file)]
    script = f'"${{@:1:{len(behind)}}}" & shift {len(behind)}; exec /usr/sbin/nginx -p "$1" -c "$2"'
    server = track.start(["/bin/bash", "-c", script, "bash", *words], port)
    wait_for(clear_port)
    return server


def h2o(track: Track) -> Server:
    port = free_port()
    return track.start(["/usr/bin/h2o", "-c", track.configured("h2o.conf", port=port)], port)

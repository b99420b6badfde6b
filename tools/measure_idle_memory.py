#!/usr/bin/env python3
"""Measures how much memory an idle WebSocket costs `duplex serve`.

    tools/measure_idle_memory.py [--connections N] [--threads N] [--tls VERSION] [--compress WINDOWS]
                                 [--kept-by SIDE] [--program PATH] [--limit BYTES]

Opens N WebSockets, encrypted when a VERSION of TLS is given (1.2 or 1.3), each of which sends one
message and gets its echo, waits until all is quiet, and prints by how much the server's resident
memory has grown for each. Only the server process counts, and in it only memory of its own (not
pages of files); the kernel's buffers are not in it.

With --compress, permessage-deflate is agreed on, and the message is 1 KiB of JSON, compressed both
ways. WINDOWS are "none", or the bits of those that are kept, from 9 to 15, by SIDE: "server" for
that of what the server sends, "client" for that of what it receives, or "both".
"""

import argparse
import json
import os
import re
import resource
import selectors
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# How many connections one source address may open: fewer than there are ephemeral ports.
PER_ADDRESS = 20_000
# Handshakes that are under way at a time. Fewer than the first connections, which are not counted: what
# the server needs for so many exchanges at a time is not the price of a connection that is idle.
AT_ONCE = 100



class Exchange:
    """What each connection says."""

    def __init__(self, windows: str | None, kept_by: str):
        fields = ""
        # "hello" as a text frame with a masking key of zeros, and its echo.
        self.message = b"\x81\x85\0\0\0\0hello"
        self._echo_head = b"\x81\x05"
        if windows:
            # A window of 8 bits is of no use, and zlib knows none of bare deflate.
            fields = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
            for side, other in (("server", "client"), ("client", "server")):
                if kept_by == side:
                    fields += f"; {other}_no_context_takeover"
            fields += "\r\n"
            self.message = self._compressed(9 if windows == "none" else int(windows))
            self._echo_head = b"\xc1"
        self.handshake = (
            "GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + fields + "\r\n"
        ).encode()

    @staticmethod
    def _compressed(window_bits: int) -> bytes:
        records = [{"id": number, "kind": "measurement", "value": number * 7 % 100} for number in range(25)]
        content = json.dumps(records, separators=(",", ":")).encode()
        compressor = zlib.compressobj(wbits=-window_bits)
        payload = (compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        return struct.pack("!BBH", 0xC1, 0xFE, len(payload)) + bytes(4) + payload

    def is_echo(self, received: bytes) -> bool:
        """Whether it ends with the echo, whole: of a compressed message the size is not known before."""
        frame = received[received.index(b"\r\n\r\n") + 4 :]
        if len(frame) < 4:
            return False
        size = 2 + frame[1] if frame[1] < 126 else 4 + int.from_bytes(frame[2:4], "big")
        if len(frame) == size and not frame.startswith(self._echo_head):
            sys.exit(f"the server answered {frame!r}")
        return len(frame) == size


TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

IP_BIND_ADDRESS_NO_PORT = 24  # <linux/in.h>: the port is chosen by connect, per destination


def raise_descriptor_limit(wanted: int) -> None:
    """For this process and the server, which inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
    except (ValueError, PermissionError):
        sys.exit(f"{wanted} descriptors are needed and {hard} allowed: ulimit -Hn {wanted}, as root")


def own_memory(pid: int) -> int:
    """Resident memory of the process that is not a file's, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1]) * 1024


def settled_memory(pid: int, deadline_s: float = 30.0) -> int:
    """The same, once it has not changed for a second."""
    end = time.monotonic() + deadline_s
    last, since = own_memory(pid), time.monotonic()
    while time.monotonic() - since < 1 and time.monotonic() < end:
        time.sleep(0.1)
        now = own_memory(pid)
        if now != last:
            last, since = now, time.monotonic()
    return last


def read_until(connection: ssl.SSLSocket, is_all, received: bytes = b"") -> bytes:
    while not is_all(received):
        data = connection.recv(4096)
        if not data:
            sys.exit(f"the server hung up: {received!r}")
        received += data
    return received


class Client:
    """Opens WebSockets, many at a time, and keeps them."""

    def __init__(self, port: int, exchange: Exchange):
        self.server = ("127.0.0.1", port)
        self.exchange = exchange
        self.idle: list[socket.socket] = []
        self._begun = 0

    def _begin(self) -> socket.socket:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        connection.bind((f"127.0.0.{2 + self._begun // PER_ADDRESS}", 0))
        self._begun += 1
        connection.connect_ex(self.server)
        return connection

    def open(self, count: int, tls: str | None) -> None:
        """Opens `count` more, and exchanges a message on each."""
        if tls:
            self._open_encrypted(count, tls)
        else:
            self._open_clear(count)

    def _open_encrypted(self, count: int, version: str) -> None:
        """One after another, over TLS of this version alone."""
        # Who the server is plays no part here.
        context = ssl._create_unverified_context(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = context.maximum_version = TLS_VERSIONS[version]
        for _ in range(count):
            raw = self._begin()
            raw.settimeout(30)
            connection = context.wrap_socket(raw, server_hostname="localhost")
            connection.sendall(self.exchange.handshake)
            answer = read_until(connection, lambda received: received.endswith(b"\r\n\r\n"))
            if b" 101 " not in answer:
                sys.exit(f"no upgrade: {answer!r}")
            connection.sendall(self.exchange.message)
            read_until(connection, self.exchange.is_echo, answer)
            self.idle.append(connection)

    def _open_clear(self, count: int) -> None:
        """Many at a time."""
        selector = selectors.DefaultSelector()
        begun = done = 0
        received: dict[socket.socket, bytes] = {}
        while done < count:
            while begun < count and len(received) < AT_ONCE:
                connection = self._begin()
                received[connection] = b""
                selector.register(connection, selectors.EVENT_WRITE)
                begun += 1
            ready = selector.select(timeout=30)
            if not ready:
                sys.exit(f"the server does not answer; {len(self.idle)} connections are open")
            for key, events in ready:
                connection = key.fileobj
                if events & selectors.EVENT_WRITE:
                    connection.sendall(self.exchange.handshake)
                    selector.modify(connection, selectors.EVENT_READ)
                    continue
                data = connection.recv(4096)
                if not data:
                    sys.exit(f"the server hung up after {len(self.idle)}: {received[connection]!r}")
                before = received[connection]
                received[connection] = before + data
                if b"\r\n\r\n" not in before and b"\r\n\r\n" in received[connection]:
                    if b" 101 " not in received[connection]:
                        sys.exit(f"no upgrade: {received[connection]!r}")
                    connection.sendall(self.exchange.message)
                elif b"\r\n\r\n" in before and self.exchange.is_echo(received[connection]):
                    selector.unregister(connection)
                    del received[connection]
                    self.idle.append(connection)
                    done += 1


def port_of(server: subprocess.Popen) -> int:
    """Where the server listens, from the first line of its output that says so."""
    for line in server.stdout:
        if found := re.search(r"https?://[^/]*:(\d+)", line):
            return int(found[1])
    sys.exit("the server does not say where it listens")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=0, help="of the server; 0: one a core")
    parser.add_argument("--tls", choices=TLS_VERSIONS, help="encrypt, by this version of TLS")
    parser.add_argument(
        "--compress", choices=["none", *map(str, range(9, 16))], metavar="WINDOWS",
        help="compress: none, or the bits of the windows that are kept",
    )
    parser.add_argument("--kept-by", choices=["both", "server", "client"], default="both", help="whose windows")
    parser.add_argument("--program", default=ROOT / "build/release/bin/duplex")
    parser.add_argument("--limit", type=float, help="fail if it is more bytes for each connection")
    arguments = parser.parse_args()

    raise_descriptor_limit(arguments.connections + 1000)
    command = [arguments.program, "serve", "--log", "off"]
    if arguments.tls:
        command += ["--tls-self-signed", "--tls-listen", "127.0.0.1:0"]
    else:
        command += ["--listen", "127.0.0.1:0"]
    if arguments.compress:
        command.append("--compress")
        if arguments.compress != "none":
            command += ["--compress-keep", "--compress-window", arguments.compress]
    if arguments.threads:
        command += ["--threads", str(arguments.threads)]
    with tempfile.TemporaryDirectory() as data:
        # Where the certificate is kept.
        environment = os.environ | {"XDG_DATA_HOME": data}
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        try:
            client = Client(port_of(server), Exchange(arguments.compress, arguments.kept_by))
            # What the server makes once, for the first connections, is not theirs.
            client.open(200, arguments.tls)
            before = settled_memory(server.pid)
            client.open(arguments.connections, arguments.tls)
            after = settled_memory(server.pid)
        finally:
            server.terminate()
            server.wait()

    each = (after - before) / arguments.connections
    print(f"before {before / 1024:.0f} KiB, after {after / 1024:.0f} KiB")
    print(f"{each:.0f} bytes of the server's own memory for each of {arguments.connections} WebSockets")
    return 1 if arguments.limit is not None and each > arguments.limit else 0


if __name__ == "__main__":
    sys.exit(main())

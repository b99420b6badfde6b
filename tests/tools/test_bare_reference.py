"""bench/peers/bare.cpp echoes and fans out, however its input is cut and however slowly it is read."""

import os
import socket
import struct
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 20
MASK = b"\x12\x34\x56\x78"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = tmp_path_factory.mktemp("bare") / "bare"
    compiler = os.environ.get("CXX", "c++")
    source = ROOT / "bench" / "peers" / "bare.cpp"
    subprocess.run([compiler, "-std=c++23", "-O1", source, "-lcrypto", "-o", program], check=True)
    return program


@pytest.fixture
def connect(program, request):
    """connect(): a new WebSocket to a server of this test, which was given `request.param`."""
    options = getattr(request, "param", ())
    server = subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True)
    port = int(server.stdout.readline().split()[1])
    clients = []

    def begin():
        client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        clients.append(client)
        client.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer  # RFC 6455, 1.3
        return client

    yield begin
    for client in clients:
        client.close()
    server.terminate()
    assert server.wait(DEADLINE_S) == 0


def frame(payload: bytes, masked: bool) -> bytes:
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = struct.pack("!BB", 0x82, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x82, bit | 126, size)
    else:
        head = struct.pack("!BBQ", 0x82, bit | 127, size)
    if not masked:
        return head + payload
    wide = int.from_bytes((MASK * (size // 4 + 1))[:size], "big")
    return head + MASK + (int.from_bytes(payload, "big") ^ wide).to_bytes(size, "big")


def receive(client: socket.socket, size: int) -> bytes:
    received = bytearray()
    while len(received) < size:
        piece = client.recv(1 << 20)
        assert piece, "it hung up"
        received += piece
    return bytes(received)


MESSAGES = [os.urandom(size) for size in (0, 1, 20, 125, 126, 127, 1000, 65535, 65536)]
REQUEST = b"".join(frame(message, masked=True) for message in MESSAGES)
ANSWER = b"".join(frame(message, masked=False) for message in MESSAGES)


def test_many_frames_at_once_are_echoed(connect):
    client = connect()
    client.sendall(REQUEST)
    assert receive(client, len(ANSWER)) == ANSWER


def test_it_echoes_what_comes_byte_by_byte(connect):
    client = connect()
    small = MESSAGES[:6]
    for byte in b"".join(frame(message, masked=True) for message in small):
        client.sendall(bytes([byte]))
    answer = b"".join(frame(message, masked=False) for message in small)
    assert receive(client, len(answer)) == answer


def test_the_echo_of_a_large_message_begins_before_its_end(connect):
    client = connect()
    message = os.urandom(1 << 20)
    request, answer = frame(message, masked=True), frame(message, masked=False)
    client.sendall(request[:1001])
    assert receive(client, 997) == answer[:997]
    # Nothing is read here meanwhile: what the kernel does not take is kept, and sent when there is room.
    client.settimeout(None)
    sender = os.fork()
    if sender == 0:
        client.sendall(request[1001:])
        os._exit(0)
    assert receive(client, len(answer) - 997) == answer[997:]
    assert os.waitpid(sender, 0)[1] == 0


@pytest.mark.parametrize("connect", [("--fan-out",)], indirect=True)
def test_what_one_sends_all_receive(connect):
    clients = [connect() for _ in range(5)]
    clients[2].close()
    clients.pop(2)
    clients[0].sendall(REQUEST)
    for client in clients:
        assert receive(client, len(ANSWER)) == ANSWER


@pytest.mark.parametrize("connect", [("--fan-out",)], indirect=True)
def test_what_the_kernel_does_not_take_waits(connect):
    clients = [connect() for _ in range(3)]
    message = os.urandom(24 << 20)  # more than the buffers of both sockets together
    clients[0].sendall(frame(message, masked=True))
    for client in clients:
        assert receive(client, len(message) + 10) == frame(message, masked=False)

"""A raw WebSocket client: sends any frames, the forbidden ones too, and reads frames strictly."""

import base64
import hashlib
import os
import struct

from support.http import Connection
from support.program import DEADLINE_S

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3


def accept_for(key):
    """RFC 6455 section 4.2.2, item 5.4."""
    digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
    return base64.b64encode(digest).decode()


def handshake(path="/echo", *fields, key=KEY, host="test"):
    """The opening request, as bytes."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        *fields,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


def masked(payload, key):
    if not payload or key == b"\0\0\0\0":
        return bytes(payload)
    count = len(payload)
    stream = (key * (count // 4 + 1))[:count]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(count, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, mask=True, length_bytes=None, declared=None):
    """One frame. `rsv` is RSV1 to RSV3 as a number, `length_bytes` 0, 2 or 8 forces a form of the
    length, `declared` makes it lie."""
    payload = payload.encode() if isinstance(payload, str) else bytes(payload)
    size = len(payload) if declared is None else declared
    if length_bytes is None:
        length_bytes = 0 if size < 126 else 2 if size < 65536 else 8
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    second = 0x80 if mask else 0
    if length_bytes == 0:
        head = struct.pack("!BB", first, second | size)
    elif length_bytes == 2:
        head = struct.pack("!BBH", first, second | 126, size)
    else:
        head = struct.pack("!BBQ", first, second | 127, size)
    if not mask:
        return head + payload
    key = os.urandom(4)
    return head + key + masked(payload, key)


def close_frame(code=1000, reason=""):
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


class Client(Connection):
    """A WebSocket connection that is open when the constructor returns."""

    def __init__(self, server, path="/echo", *fields, behind=b"", **options):
        super().__init__(server.address, **options)
        self.send(handshake(path, *fields) + behind)
        self.response = self.read_head()
        assert self.response.status == 101, (self.response, self.buffer)
        assert self.response["Sec-WebSocket-Accept"] == accept_for(KEY)

    def send_text(self, text):
        return self.send(frame(TEXT, text))

    def send_binary(self, payload):
        return self.send(frame(BINARY, payload))

    def next_frame(self):
        """The next frame as (fin, opcode, payload); a server's is unmasked and minimal."""
        first, second = self.read(2)
        assert first & 0x70 == 0, f"reserved bits: {first:#x}"
        assert second & 0x80 == 0, "a server does not mask"
        size = second
        if size == 126:
            (size,) = struct.unpack("!H", self.read(2))
            assert size > 125, "not the shortest length"
        elif size == 127:
            (size,) = struct.unpack("!Q", self.read(8))
            assert size > 65535, "not the shortest length"
        fin, opcode = bool(first & 0x80), first & 0x0F
        assert opcode in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG), opcode
        assert opcode < 8 or (fin and size <= 125), "a control frame that is long or fragmented"
        return fin, opcode, self.read(size)

    def next_message(self):
        """The next message as (opcode, payload), put together from its fragments; control frames
        between them are kept in `controls`."""
        pieces, kind = [], None
        while True:
            fin, opcode, payload = self.next_frame()
            if opcode >= 8:
                assert opcode != CLOSE, f"closed: {payload!r}"
                self.controls = [*getattr(self, "controls", []), (opcode, payload)]
                continue
            assert (opcode == CONTINUATION) == (kind is not None), opcode
            kind = opcode if kind is None else kind
            pieces.append(payload)
            if fin:
                return kind, b"".join(pieces)

    def text(self):
        opcode, payload = self.next_message()
        assert opcode == TEXT, (opcode, payload[:100])
        return payload.decode()

    def close_code(self):
        """Reads up to the server's close frame, which must be the last thing before the end of the
        connection, and gives (code, reason); code None for an empty one."""
        while True:
            _, opcode, payload = self.next_frame()
            if opcode == CLOSE:
                break
        assert len(payload) != 1, payload
        code = struct.unpack("!H", payload[:2])[0] if payload else None
        return code, payload[2:].decode()

    def ends_with(self, code):
        """Checks that the server closes with `code` and then ends the connection."""
        got, reason = self.close_code()
        assert got == code, (got, reason)
        assert self.closed()
        return reason

    def close_normally(self, code=1000, reason=""):
        """Begins the closing handshake and checks that the server echoes it and goes."""
        self.send(close_frame(code, reason))
        return self.ends_with(code)

"""Frames and messages (RFC 6455 sections 5 to 8), of either side: everything after the opening handshake."""

import os
import struct
import zlib
from contextlib import suppress

from support.breakable.deflate import Compressor, Decompressor
from support.breakable.stream import IDLE_SECONDS, LINGER_SECONDS
from support.breakable.utf8 import Utf8Check
from support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, masked

MESSAGE_BYTES_MAX = 64 * 1024 * 1024
# How long what goes on after the closing handshake waits for more.
LATE_SECONDS = 0.2


class Failure(Exception):
    """What the other side did wrong, as a close code (section 7.1.7)."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Closed(Exception):
    """The closing handshake is over."""


class Message:
    """A message that is coming in."""

    def __init__(self, opcode, compressed, broken):
        self.opcode = opcode
        self.compressed = compressed
        self.skipped = False  # could not be inflated, and is passed over
        self.check = Utf8Check(broken) if opcode == TEXT else None
        self.pieces = []
        self.bytes = 0


class Session:
    """Echoes every message, and ends the connection as it has to."""

    def __init__(self, stream, is_client, agreement, broken):
        self._stream = stream
        self._is_client = is_client
        self._broken = broken
        self._deflates = agreement is not None
        self._message = None
        self._swallows_continuation = False
        self._closing = False  # has been through the closing handshake, and goes on
        self._limit = 1000 if "large-messages-refused" in broken else MESSAGE_BYTES_MAX
        self.last_text = ""
        if agreement:
            server = (agreement.server_bits, not agreement.server_no_context_takeover)
            client = (agreement.client_bits, not agreement.client_no_context_takeover)
            ours, theirs = (client, server) if is_client else (server, client)
            self._compressor = Compressor(*ours, broken)
            self._decompressor = Decompressor(*theirs, broken)

    def echo(self):
        """Goes on until the end."""
        try:
            while True:
                self._next_frame()
        except Failure as failure:
            with suppress(OSError):
                self._send(CLOSE, struct.pack("!H", failure.code))
        except Closed:
            if "connection-left-open" in self._broken:
                self._stream.wait_for_end(IDLE_SECONDS)
            elif self._is_client and "close-unanswered" not in self._broken:
                self._stream.wait_for_end(LINGER_SECONDS)  # the server goes first (section 7.1.1)
        except TimeoutError:
            pass
        except (EOFError, OSError):
            return
        self._stream.end()

    # Frames

    def _next_frame(self):
        first, second = self._stream.read(2)
        fin, opcode = bool(first & 0x80), first & 0x0F
        known = self._check_first_byte(first & 0x70, opcode)
        self._check_mask(bool(second & 0x80))
        size = self._read_size(second & 0x7F, fin, opcode)
        self._check_place(opcode, known)
        key = self._stream.read(4) if second & 0x80 else bytes(4)
        if not known:
            for _ in self._stream.pieces(size):
                pass
        elif opcode >= CLOSE:
            self._take_control(opcode, fin, masked(self._stream.read(size), key))
        else:
            self._take_data(fin, opcode, bool(first & 0x40), size, key)

    def _unless(self, rule, code=1002):
        """Fails the connection, if the rule is not one to be broken."""
        if rule not in self._broken:
            raise Failure(code)

    def _check_first_byte(self, reserved, opcode):
        """Whether the opcode is known."""
        if opcode in (3, 4, 5, 6, 7):
            self._unless("reserved-data-opcodes-accepted")
            return False
        if opcode > PONG:
            self._unless("reserved-control-opcodes-accepted")
            return False
        if reserved & 0x40:
            if not self._deflates:
                self._unless("rsv1-accepted")
            elif opcode == CONTINUATION:
                self._unless("deflate-rsv1-on-continuation-accepted")
            elif opcode >= CLOSE:
                self._unless("deflate-rsv1-on-control-accepted")
        elif self._deflates and opcode in (TEXT, BINARY) and "deflate-uncompressed-refused" in self._broken:
            raise Failure(1002)
        if reserved & 0x20:
            self._unless("rsv2-accepted")
        if reserved & 0x10:
            self._unless("rsv3-accepted")
        return True

    def _check_mask(self, is_masked):
        if is_masked and self._is_client:
            self._unless("masked-accepted")
        if not is_masked and not self._is_client:
            self._unless("unmasked-accepted")

    def _read_size(self, size, fin, opcode):
        if opcode >= CLOSE:
            if not fin:
                self._unless("fragmented-controls-accepted")
            if size > 125:
                self._unless("long-controls-accepted")
        if size < 126:
            return size
        (size, least) = (
            (*struct.unpack("!H", self._stream.read(2)), 126)
            if size == 126
            else (*struct.unpack("!Q", self._stream.read(8)), 65536)
        )
        if size < least:
            self._unless("long-lengths-accepted")
        if size >= 1 << 63:
            self._unless("top-bit-accepted")
            size -= 1 << 63
        if size > self._limit:
            raise Failure(1009)
        return size

    def _check_place(self, opcode, known):
        """Whether such a frame may come now."""
        if not known:
            return
        if opcode == CONTINUATION and self._message is None and not self._swallows_continuation:
            self._unless("lone-continuations-accepted")
        if opcode in (TEXT, BINARY) and self._message is not None:
            self._unless("message-inside-message-accepted")
            self._message = None
        if opcode in (PING, PONG) and self._message is not None and "controls-inside-message-refused" in self._broken:
            raise Failure(1002)

    # Control frames

    def _take_control(self, opcode, fin, payload):
        self._swallows_continuation = not fin
        if opcode == CLOSE:
            self._take_close(payload)
        elif opcode == PING and "pings-unanswered" not in self._broken:
            self._send(PONG, payload if "pong-payload-wrong" not in self._broken else b"wrong" + payload[5:])
        elif opcode == PONG and "pongs-refused" in self._broken:
            raise Failure(1002)

    def _take_close(self, payload):
        code = None
        if len(payload) == 1:
            self._unless("close-one-byte-accepted")
        elif payload:
            (code,) = struct.unpack("!H", payload[:2])
            self._check_code(code)
            if "close-reason-unchecked" not in self._broken:
                try:
                    payload[2:].decode()
                except UnicodeDecodeError:
                    raise Failure(1007) from None
        if "close-unanswered" in self._broken:
            raise Closed
        if "close-answered-1005" in self._broken:
            code = 1005
        elif "close-answered-otherwise" in self._broken:
            code = 4321
        self._send(CLOSE, b"" if code is None else struct.pack("!H", code))
        if self._closing or "data-after-close" not in self._broken:
            raise Closed
        self._closing = True
        self._stream.hurry(LATE_SECONDS)

    def _check_code(self, code):
        if code < 1000:
            self._unless("close-below-1000-accepted")
        elif code in (1004, 1005, 1006, 1015):
            self._unless(f"close-{code}-accepted")
        elif 1016 <= code < 3000:
            self._unless("close-1016-to-2999-accepted")
        elif code > 4999:
            self._unless("close-above-4999-accepted")

    # Messages

    def _take_data(self, fin, opcode, compressed, size, key):
        if opcode == CONTINUATION and self._message is None and self._swallows_continuation:
            self._swallows_continuation = not fin
            for _ in self._stream.pieces(size):
                pass
            return
        if self._message is None:
            self._message = Message(opcode or TEXT, compressed and self._deflates, self._broken)
        message = self._message
        try:
            self._take_payload(message, size, key)
            if message.check:
                message.check.end_of_fragment()
            if fin:
                self._end(message)
        except UnicodeDecodeError:
            raise Failure(1007) from None
        if fin or "fragments-echoed-apart" in self._broken:
            if not message.skipped:
                self._send_message(message.opcode, b"".join(message.pieces))
            message.pieces.clear()
        if fin:
            self._message = None

    def _take_payload(self, message, size, key):
        at = 0
        for piece in self._stream.pieces(size):
            turned = key[at % 4 :] + key[: at % 4]
            at += len(piece)
            self._take_piece(message, masked(piece, turned), Decompressor.feed)

    def _end(self, message):
        if message.compressed:
            self._take_piece(message, b"", lambda decompressor, _: decompressor.end())
        if message.check and not message.skipped:
            message.check.end()

    def _take_piece(self, message, piece, inflated):
        if not message.compressed:
            self._keep(message, piece)
        elif not message.skipped:
            try:
                for more in inflated(self._decompressor, piece):
                    self._keep(message, more)
            except zlib.error:
                self._unless("deflate-invalid-ignored", 1007)
                message.skipped = True
                self._decompressor.begin()

    def _keep(self, message, piece):
        message.bytes += len(piece)
        if message.bytes > self._limit:
            raise Failure(1009)
        if message.check:
            message.check.feed(piece)
        message.pieces.append(piece)

    # What goes out

    def _send_message(self, opcode, payload):
        if opcode == TEXT:
            self.last_text = payload.decode(errors="replace")
            if "text-sent-as-binary" in self._broken:
                opcode = BINARY
        if self._deflates:
            self._send(opcode, self._compressor.compress(payload), rsv1=True)
        else:
            self._send(opcode, payload)

    def _send(self, opcode, payload, rsv1=False):
        size = len(payload)
        mask = 0x80 if self._is_client and "unmasked-sent" not in self._broken else 0
        first = 0x80 | (0x40 if rsv1 else 0) | opcode
        if size < 126:
            head = struct.pack("!BB", first, mask | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, mask | 126, size)
        else:
            head = struct.pack("!BBQ", first, mask | 127, size)
        if mask:
            key = os.urandom(4)
            head, payload = head + key, masked(payload, key)
        self._stream.send(head + payload)

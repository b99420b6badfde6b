"""permessage-deflate (RFC 7692): offers, answers, and the messages themselves."""

import re
import zlib
from dataclasses import dataclass

from support.breakable.head import parse_extensions

NAME = "permessage-deflate"
FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
TAIL = b"\x00\x00\xff\xff"  # what ends every compressed message, and is not sent
PIECE_BYTES = 1 << 16


@dataclass(frozen=True)
class Wishes:
    """What an endpoint wants for itself and for the other side."""

    no_context_takeover: bool = False
    window_bits: int = 15


@dataclass(frozen=True)
class Agreement:
    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_bits: int = 15
    client_bits: int = 15


class Unacceptable(Exception):
    """Parameters that are not as the RFC says."""


def _bits(value, broken):
    if "deflate-bits-leading-zero-accepted" in broken and re.fullmatch(r"0+[0-9]+", value):
        value = value.lstrip("0") or "0"
    if re.fullmatch(r"[89]|1[0-5]", value):
        return int(value)
    if "deflate-bits-range-unchecked" in broken and re.fullmatch(r"0|[1-9][0-9]*", value):
        return min(max(int(value), 8), 15)
    raise Unacceptable


def _read(parameters, broken):
    """Parameters as a dictionary of flags and numbers; client_max_window_bits without a value is None."""
    result = {}
    for name, value in parameters:
        if name in result and "deflate-repeated-parameter-accepted" not in broken:
            raise Unacceptable
        if name in FLAGS:
            if value is not None and "deflate-flag-value-accepted" not in broken:
                raise Unacceptable
            result[name] = True
        elif name == "server_max_window_bits" and value is None:
            if "deflate-bits-missing-accepted" not in broken:
                raise Unacceptable
            result[name] = 15
        elif name in ("server_max_window_bits", "client_max_window_bits") and value is not None:
            result[name] = _bits(value, broken)
        elif name == "client_max_window_bits":
            result[name] = None
        elif "deflate-unknown-parameter-accepted" not in broken:
            raise Unacceptable
    return result


def answer(offers, wishes, broken):
    """A server's choice: the agreement, and the text that tells it; (None, None) where no offer is good."""
    if "deflate-later-offers-ignored" in broken:
        offers = offers[:1]
    for name, parameters in offers:
        if name != NAME:
            continue
        try:
            offer = _read(parameters, broken)
        except Unacceptable:
            continue
        return _accept(offer, wishes, broken)
    return None, None


def _accept(offer, wishes, broken):
    text = NAME
    ours = wishes.no_context_takeover or "server_no_context_takeover" in offer
    theirs = wishes.no_context_takeover or "client_no_context_takeover" in offer
    if ours and "deflate-takeover-unconfirmed" not in broken:
        text += "; server_no_context_takeover"
    if theirs:
        text += "; client_no_context_takeover"
    server_bits = min(wishes.window_bits, offer.get("server_max_window_bits", 15))
    if ("server_max_window_bits" in offer or server_bits < 15) and "deflate-bits-unconfirmed" not in broken:
        text += f"; server_max_window_bits={server_bits}"
    client_bits = 15
    if "client_max_window_bits" in offer:
        client_bits = min(wishes.window_bits, offer["client_max_window_bits"] or 15)
    elif "deflate-client-bits-invented" in broken:
        client_bits = 10
    if client_bits < 15:
        text += f"; client_max_window_bits={client_bits}"
    return Agreement(ours, theirs, server_bits, client_bits), text


def offer(wishes):
    """What a client offers."""
    text = NAME + "; client_max_window_bits"
    if wishes.window_bits < 15:
        text += f"={wishes.window_bits}; server_max_window_bits={wishes.window_bits}"
    if wishes.no_context_takeover:
        text += "; server_no_context_takeover; client_no_context_takeover"
    return text


def take_answer(text, wishes, broken):
    """What a server has made of `offer(wishes)`. Raises Unacceptable when it may not."""
    extensions = parse_extensions(text)
    if "extension-unoffered-accepted" in broken:
        extensions = [extension for extension in extensions if extension[0] == NAME]
        if not extensions:
            return None
    if len(extensions) != 1 or extensions[0][0] != NAME:
        raise Unacceptable
    told = _read(extensions[0][1], broken)
    if "client_max_window_bits" in told and told["client_max_window_bits"] is None:
        raise Unacceptable
    server_bits = told.get("server_max_window_bits", 15)
    client_bits = told.get("client_max_window_bits", wishes.window_bits)
    if server_bits > wishes.window_bits or client_bits > wishes.window_bits:
        raise Unacceptable
    if wishes.no_context_takeover and "server_no_context_takeover" not in told:
        raise Unacceptable
    return Agreement(
        "server_no_context_takeover" in told,
        "client_no_context_takeover" in told or wishes.no_context_takeover,
        server_bits,
        client_bits,
    )


class Compressor:
    def __init__(self, bits, keeps_context, broken):
        self._bits = 15 if "deflate-window-too-large" in broken else bits
        self._keeps_context = keeps_context or "deflate-context-kept" in broken
        self._plain = "deflate-payload-plain" in broken
        self._zlib = self._begin()

    def _begin(self):
        # zlib has no window of 8 bits for this; with 9 bits it reaches back no further than 250 bytes.
        return zlib.compressobj(6, zlib.DEFLATED, -max(self._bits, 9), 8)

    def compress(self, payload):
        if self._plain:
            return payload
        if not payload:
            return b"\x00"  # section 7.2.3.6
        if not self._keeps_context:
            self._zlib = self._begin()
        data = self._zlib.compress(payload) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(TAIL)
        return data[: -len(TAIL)]


class Decompressor:
    """Raises zlib.error at what can't be inflated, and at what reaches out of the window."""

    def __init__(self, bits, keeps_context, broken):
        self._bits = bits
        self._keeps_context = keeps_context and "deflate-context-forgotten" not in broken
        self._ends_at_final_block = "deflate-final-block-refused" in broken
        self.begin()

    def begin(self):
        """Forgets everything."""
        self._zlib = zlib.decompressobj(-self._bits)
        self._past = b""

    def feed(self, data):
        """What more of a message becomes, in pieces of a limited size."""
        while True:
            came = self._zlib.decompress(data, PIECE_BYTES)
            self._past = (self._past + came)[-(1 << self._bits) :]
            yield came
            if self._zlib.eof:
                if self._ends_at_final_block:
                    raise zlib.error("a final block")
                # Another block follows at the next byte, and may refer to what was before (section 7.2.3.4).
                data = self._zlib.unused_data
                self._zlib = zlib.decompressobj(-self._bits, zdict=self._past)
                if not data:
                    return
            else:
                data = self._zlib.unconsumed_tail
                if not data and len(came) < PIECE_BYTES:
                    return

    def end(self):
        """The rest of the message. What ends otherwise than with a block is an error."""
        yield from self.feed(TAIL)
        probe = self._zlib.copy()
        probe.decompress(b"\x01" + TAIL)
        if not probe.eof:
            raise zlib.error("an incomplete block")
        if not self._keeps_context:
            self.begin()

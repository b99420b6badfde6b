"""Text that is checked while it comes."""

import codecs
import re

# What is not UTF-8 and may be taken for it all the same: whole sequences, and the beginnings of such. Their first bytes
# are never found inside of another sequence.
SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
BEGUN_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]?\Z")
OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}")
BEGUN_OVERLONG = re.compile(rb"(?:[\xc0\xc1]|\xe0[\x80-\x9f]?|\xf0(?:[\x80-\x8f][\x80-\xbf]?)?)\Z")


class Utf8Check:
    """Raises UnicodeDecodeError at the first byte that can't be the next one of any UTF-8."""

    def __init__(self, broken):
        self._broken = broken
        self._held = b""
        self._forgiven = []
        if "surrogates-accepted" in broken:
            self._forgiven.append((SURROGATE, BEGUN_SURROGATE))
        if "overlong-accepted" in broken:
            self._forgiven.append((OVERLONG, BEGUN_OVERLONG))
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._all = []

    def feed(self, piece):
        if "utf8-unchecked" in self._broken:
            return
        if "utf8-checked-at-the-end" in self._broken:
            self._all.append(piece)
            return
        self._decoder.decode(self._forgive(piece))
        # The decoder waits for the third byte of a surrogate, of which the second is wrong.
        begun, _ = self._decoder.getstate()
        if len(begun) > 1 and BEGUN_SURROGATE.match(begun):
            self._decoder.decode(b"", final=True)

    def end_of_fragment(self):
        if "utf8-checked-by-fragment" in self._broken:
            self._decoder.decode(b"", final=True)

    def end(self):
        self._decoder.decode(self._held + b"".join(self._all), final=True)

    def _forgive(self, piece):
        """`piece`, behind what was held back of the one before, with other characters for what is forgiven."""
        for whole, begun in self._forgiven:
            piece = whole.sub(b"?", self._held + piece)
            self._held = b""
            if match := begun.search(piece):
                piece, self._held = piece[: match.start()], piece[match.start() :]
        return piece

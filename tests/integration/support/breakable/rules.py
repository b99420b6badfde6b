"""What can be broken, by name."""

from dataclasses import dataclass

BOTH, SERVER, CLIENT = frozenset({"server", "client"}), frozenset({"server"}), frozenset({"client"})


@dataclass(frozen=True)
class Break:
    """One rule that an endpoint can be told to break."""

    name: str
    sides: frozenset
    sentence: str  # what the endpoint then does
    section: str  # the rule that this breaks
    deflate: bool = False  # whether it shows only where permessage-deflate is on


def _breaks(sides, *rules, deflate=False):
    return [Break(name, sides, sentence, section, deflate) for name, section, sentence in rules]


BREAKS = [
    # Frames
    *_breaks(
        SERVER,
        ("unmasked-accepted", "6455 5.1", "takes frames that are not masked"),
    ),
    *_breaks(
        CLIENT,
        ("masked-accepted", "6455 5.1", "takes frames that are masked"),
        ("unmasked-sent", "6455 5.1", "sends frames that are not masked"),
    ),
    *_breaks(
        BOTH,
        ("rsv1-accepted", "6455 5.2", "passes over RSV1 where no extension defines it"),
        ("rsv2-accepted", "6455 5.2", "passes over RSV2"),
        ("rsv3-accepted", "6455 5.2", "passes over RSV3"),
        ("reserved-data-opcodes-accepted", "6455 5.2", "passes over frames with the opcodes 3 to 7"),
        ("reserved-control-opcodes-accepted", "6455 5.2", "passes over frames with the opcodes 11 to 15"),
        ("long-lengths-accepted", "6455 5.2", "takes lengths in more bytes than they need"),
        ("top-bit-accepted", "6455 5.2", "passes over the highest bit of a length in 8 bytes"),
        ("large-messages-refused", "6455 5.2", "takes no message above 1,000 bytes"),
        ("text-sent-as-binary", "6455 5.6", "echoes text as binary"),
    ),
    # Control frames
    *_breaks(
        BOTH,
        ("fragmented-controls-accepted", "6455 5.5", "takes control frames without FIN"),
        ("long-controls-accepted", "6455 5.5", "takes control frames of more than 125 bytes"),
        ("pings-unanswered", "6455 5.5.2", "sends no pongs"),
        ("pong-payload-wrong", "6455 5.5.3", "answers pings by pongs that say something else"),
        ("pongs-refused", "6455 5.5.3", "fails the connection when a pong comes that it did not ask for"),
    ),
    # Fragmentation
    *_breaks(
        BOTH,
        ("lone-continuations-accepted", "6455 5.4", "takes a continuation of nothing for the beginning of a text"),
        ("message-inside-message-accepted", "6455 5.4", "lets a new message begin inside of one, which it forgets"),
        ("controls-inside-message-refused", "6455 5.4", "fails the connection when a ping comes inside of a message"),
        ("fragments-echoed-apart", "6455 5.4", "echoes each fragment as a message"),
    ),
    # UTF-8
    *_breaks(
        BOTH,
        ("utf8-unchecked", "6455 8.1", "takes any bytes for text"),
        ("utf8-checked-at-the-end", "6455 8.1", "looks at a text when it is complete, and not while it comes"),
        ("utf8-checked-by-fragment", "6455 5.6", "wants each fragment to be UTF-8 for itself"),
        ("surrogates-accepted", "6455 8.1", "takes the UTF-8 of surrogates"),
        ("overlong-accepted", "6455 8.1", "takes UTF-8 in more bytes than it needs"),
    ),
    # The closing handshake
    *_breaks(
        BOTH,
        ("close-below-1000-accepted", "6455 7.4.2", "takes close codes below 1000, and answers with them"),
        ("close-1004-accepted", "6455 7.4.1", "takes the reserved close code 1004, and answers with it"),
        ("close-1005-accepted", "6455 7.4.1", "takes the close code 1005, and answers with it"),
        ("close-1006-accepted", "6455 7.4.1", "takes the close code 1006, and answers with it"),
        ("close-1015-accepted", "6455 7.4.1", "takes the close code 1015, and answers with it"),
        ("close-1016-to-2999-accepted", "6455 7.4.2", "takes close codes that nobody has defined, and sends them"),
        ("close-above-4999-accepted", "6455 7.4.2", "takes close codes above 4999, and answers with them"),
        ("close-one-byte-accepted", "6455 5.5.1", "takes a close frame with half a code"),
        ("close-reason-unchecked", "6455 5.5.1", "takes close reasons that are not UTF-8"),
        ("close-answered-1005", "6455 7.4.1", "answers close frames with the code 1005"),
        ("close-answered-otherwise", "6455 5.5.1", "answers close frames with another code than they have"),
        ("close-unanswered", "6455 5.5.1", "ends the connection without answering a close frame"),
        ("data-after-close", "6455 5.5.1", "echoes on after the closing handshake"),
    ),
    *_breaks(
        SERVER,
        ("connection-left-open", "6455 7.1.1", "leaves it to the client to end the connection"),
    ),
    # The opening handshake
    *_breaks(
        SERVER,
        ("accept-wrong", "6455 4.2.2", "answers with a wrong Sec-WebSocket-Accept"),
        ("version-12-accepted", "6455 4.2.1", "takes version 12"),
        ("version-missing-accepted", "6455 4.2.1", "takes requests without Sec-WebSocket-Version"),
        ("version-untold", "6455 4.4", "refuses a version without telling its own"),
        ("key-missing-accepted", "6455 4.2.1", "takes requests without Sec-WebSocket-Key"),
        ("key-length-unchecked", "6455 4.2.1", "takes keys that are not 16 bytes in base64"),
        ("key-repeated-accepted", "6455 11.3.1", "takes the first of several keys"),
        ("upgrade-missing-accepted", "6455 4.2.1", "takes requests without Upgrade"),
        ("upgrade-unchecked", "6455 4.2.1", "takes an Upgrade to anything"),
        ("upgrade-case-sensitive", "6455 4.2.1", "wants websocket to be written in small letters"),
        ("connection-missing-accepted", "6455 4.2.1", "takes requests without Connection"),
        ("connection-unchecked", "6455 4.2.1", "takes a Connection that lists anything"),
        ("connection-case-sensitive", "6455 4.2.1", "wants Upgrade to be written like this in Connection"),
        ("connection-not-a-list", "6455 4.2.1", "wants nothing but upgrade in Connection"),
        ("field-names-case-sensitive", "9110 5.1", "wants field names to be written as in the RFC"),
        ("host-missing-accepted", "6455 4.2.1", "takes requests without Host"),
        ("method-unchecked", "6455 4.2.1", "takes any method"),
        ("http-1.0-accepted", "6455 4.2.1", "takes requests of HTTP/1.0"),
        ("subprotocol-invented", "6455 4.2.2", "chooses a subprotocol that was not offered"),
        ("extension-invented", "6455 4.2.2", "answers with permessage-deflate that was not offered"),
        ("status-200", "6455 4.2.2", "answers a good handshake with 200"),
    ),
    *_breaks(
        CLIENT,
        ("accept-unchecked", "6455 4.1", "takes any Sec-WebSocket-Accept, or none"),
        ("status-unchecked", "6455 4.1", "takes any status for a 101"),
        ("upgrade-answer-unchecked", "6455 4.1", "takes an answer with any Upgrade, or none"),
        ("connection-answer-unchecked", "6455 4.1", "takes an answer with any Connection, or none"),
        ("extension-unoffered-accepted", "6455 4.1", "takes an extension that it did not offer for none"),
        ("subprotocol-unoffered-accepted", "6455 4.1", "takes a subprotocol that it did not offer"),
        ("early-frames-lost", "6455 4.1", "loses the frames that come with the answer"),
        ("version-12-sent", "6455 4.1", "asks for version 12"),
        ("key-too-short", "6455 4.1", "sends a key of 8 bytes"),
        ("host-left-out", "6455 4.1", "sends no Host"),
    ),
    # permessage-deflate: what is agreed on
    *_breaks(
        BOTH,
        ("deflate-unknown-parameter-accepted", "7692 7.1", "passes over parameters that do not exist"),
        ("deflate-repeated-parameter-accepted", "7692 7.1", "takes the last of repeated parameters"),
        ("deflate-bits-range-unchecked", "7692 7.1.2", "takes window bits outside of 8 to 15 for the nearest"),
        ("deflate-bits-leading-zero-accepted", "7692 7.1.2", "takes window bits with leading zeros"),
        ("deflate-bits-missing-accepted", "7692 7.1.2.1", "takes server_max_window_bits without a value for 15"),
        ("deflate-flag-value-accepted", "7692 7.1.1", "takes a value of *_no_context_takeover"),
        deflate=True,
    ),
    *_breaks(
        SERVER,
        ("deflate-later-offers-ignored", "7692 5.1", "looks at the first offer only"),
        ("deflate-client-bits-invented", "7692 7.1.2.2", "limits the window of a client that did not offer it"),
        ("deflate-takeover-unconfirmed", "7692 7.1.1.1", "does not confirm that it gives up its context"),
        ("deflate-bits-unconfirmed", "7692 7.1.2.1", "does not confirm the limit of its window"),
        deflate=True,
    ),
    # permessage-deflate: messages
    *_breaks(
        BOTH,
        ("deflate-rsv1-on-continuation-accepted", "7692 6.1", "passes over RSV1 on continuations"),
        ("deflate-rsv1-on-control-accepted", "7692 6.1", "passes over RSV1 on control frames"),
        ("deflate-context-kept", "7692 7.1.1", "refers to earlier messages though it gave that up"),
        ("deflate-context-forgotten", "7692 7.2.2", "forgets earlier messages though they may be referred to"),
        ("deflate-window-too-large", "7692 7.1.2", "compresses with 15 window bits whatever was agreed on"),
        ("deflate-uncompressed-refused", "7692 6.1", "wants every message to be compressed"),
        ("deflate-invalid-ignored", "7692 6.2", "passes over messages that can't be inflated"),
        ("deflate-final-block-refused", "7692 7.2.3.4", "does not go on behind a final block"),
        ("deflate-payload-plain", "7692 6.1", "sets RSV1 on messages that it has not compressed"),
        deflate=True,
    ),
]

BY_NAME = {one.name: one for one in BREAKS}
assert len(BY_NAME) == len(BREAKS)


class Broken:
    """The rules that one endpoint breaks: `"name" in broken`, for names that exist."""

    def __init__(self, names=()):
        self._names = frozenset(names)
        unknown = self._names - BY_NAME.keys()
        if unknown:
            raise ValueError(f"there is no such rule: {', '.join(sorted(unknown))}")

    def __contains__(self, name):
        assert name in BY_NAME, name
        return name in self._names

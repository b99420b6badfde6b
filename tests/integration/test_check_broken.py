"""`duplex check` on endpoints that break one rule: it has to find that where it is looked at, and nothing else."""

import os
from dataclasses import dataclass
from zlib import crc32

import pytest
from support.breakable.rules import BREAKS
from support.checker import cases, check_client, check_server, matching

CHECK = {"server": check_server, "client": check_client}

# Nearly everything goes wrong, so that it is only told what must.
ANYTHING = ("*",)


@dataclass(frozen=True)
class Noticed:
    """The cases that notice a broken rule, as patterns of their ids."""

    wrong: tuple = ()  # each of these is wrong
    acceptable: tuple = ()  # each of these is acceptable: it was right before
    not_applicable: tuple = ()  # the same of a server that declines what it could take
    only: tuple = ()  # nothing but these is run, where all the rest would take long to go wrong the same way
    perhaps: tuple = ()  # these may be wrong or not: what they are about is something else, but it meets the rule


def noticed(*wrong, **others):
    return Noticed(wrong, **others)


PINGS = ("ping/[0-9]*", "ping/ten", "ping/ten-in-*", "ping/in-message*", "ping/between-*", "fragments/ping-*")

NOTICED = {
    "unmasked-accepted": noticed("framing/unmasked*"),
    "masked-accepted": noticed("framing/masked*"),
    "unmasked-sent": noticed("framing/text-[0-9]*", "ping/[0-9]*", "utf8/valid-*", perhaps=ANYTHING),
    "rsv1-accepted": noticed("framing/rsv1-on-*", "framing/rsv1-after-text", "framing/rsv1-by-byte"),
    "rsv2-accepted": noticed("framing/rsv2-on-*", "framing/rsv2-after-text", perhaps=("deflate/*rsv*",)),
    "rsv3-accepted": noticed(
        "framing/rsv3-on-*", "framing/rsv3-after-text", perhaps=("deflate/*rsv*", "close/failed-then-*"),
    ),
    "reserved-data-opcodes-accepted": noticed(
        "framing/opcode-[34567]*", perhaps=("close/failed-then-*", "close/then-*"),
    ),
    "reserved-control-opcodes-accepted": noticed(
        "framing/opcode-1[1-5]*", perhaps=("close/failed-then-*", "close/then-*"),
    ),
    "long-lengths-accepted": noticed(acceptable=("framing/text-*-in-16-bits",)),
    "top-bit-accepted": noticed("framing/*-length-top-bit-5"),
    "large-messages-refused": noticed(
        "framing/*-2000-by-byte", "deflate/*-4096", perhaps=("deflate/*", "fragments/*", "utf8/*", "framing/*"),
    ),
    "text-sent-as-binary": noticed(
        "framing/text-0", "framing/text-65536", "fragments/text-two", "utf8/valid-*", perhaps=ANYTHING,
    ),
    "fragmented-controls-accepted": noticed("ping/*-without-fin*", "ping/*-in-fragments"),
    "long-controls-accepted": noticed(
        "ping/p[io]ng-of-*", "close/reason-12[45]", "close/reason-1000", "close/reason-65534",
    ),
    "pings-unanswered": noticed(
        *PINGS, perhaps=("*ping*", "utf8/*", "fragments/*", "handshake/answer-and-frames*"),
    ),
    "pong-payload-wrong": noticed(
        *PINGS, perhaps=("*ping*", "utf8/*", "fragments/*", "handshake/answer-and-frames*"),
    ),
    "pongs-refused": noticed(
        "ping/*unsolicited*", "ping/pong-in-message", "fragments/pong-between*", perhaps=("utf8/pong-*",),
    ),
    "lone-continuations-accepted": noticed("fragments/continuation-*", "fragments/empty-continuation-*"),
    "message-inside-message-accepted": noticed(
        "fragments/*-in-text*", "fragments/*-in-binary*", perhaps=("fragments/text-*",),
    ),
    "controls-inside-message-refused": noticed(
        "ping/in-message*", "ping/between*", "ping/pong-in-message", "fragments/ping-*", "fragments/pong-*",
        "deflate/ping-between", perhaps=("fragments/*-ping*-between*",),
    ),
    "fragments-echoed-apart": noticed("fragments/text-three*", "fragments/binary-three*", perhaps=ANYTHING),
    "utf8-unchecked": noticed(
        "utf8/invalid-*", "utf8/fail-fast-*", "deflate/utf8-surrogate*", perhaps=("utf8/*", "deflate/utf8-*"),
    ),
    "utf8-checked-at-the-end": noticed(acceptable=("utf8/fail-fast-*",)),
    "utf8-checked-by-fragment": noticed(
        "utf8/valid-u[0-9]*8*-in-bytes", perhaps=("utf8/*", "fragments/*-inside-character*", "deflate/*"),
    ),
    "surrogates-accepted": noticed("utf8/invalid-surrogate-*", "deflate/utf8-surrogate*"),
    "overlong-accepted": noticed("utf8/invalid-overlong-*", "deflate/utf8-overlong*", "utf8/invalid-byte-by-byte"),
    "close-below-1000-accepted": noticed("close/code-0", "close/code-1", "close/code-999"),
    "close-1004-accepted": noticed("close/code-1004"),
    "close-1005-accepted": noticed("close/code-1005"),
    "close-1006-accepted": noticed("close/code-1006"),
    "close-1015-accepted": noticed("close/code-1015"),
    "close-1016-to-2999-accepted": noticed(
        "close/code-1016", "close/code-1100", "close/code-1999", "close/code-2*",
    ),
    "close-above-4999-accepted": noticed("close/code-5000", "close/code-9999", "close/code-65535"),
    "close-one-byte-accepted": noticed(acceptable=("close/body-of-one-byte-*",)),
    "close-reason-unchecked": noticed(acceptable=("close/invalid-reason-*",)),
    "close-answered-1005": noticed("close/code-1000", "framing/text-0", "ping/0", perhaps=ANYTHING),
    "close-answered-otherwise": noticed("close/code-1000", "framing/text-0", "ping/0", perhaps=ANYTHING),
    "close-unanswered": noticed("close/code-1000", "framing/text-0", "ping/0", perhaps=ANYTHING),
    "data-after-close": noticed("close/then-text*", "close/then-binary*", perhaps=("close/then-*",)),
    "connection-left-open": noticed("close/code-1000", "ping/0", only=("close", "ping"), perhaps=ANYTHING),
    "accept-wrong": noticed("handshake/plain", "framing/text-0", "ping/0", perhaps=ANYTHING),
    "version-12-accepted": noticed("handshake/version-12"),
    "version-missing-accepted": noticed("handshake/no-version", "handshake/version-misspelt"),
    "version-untold": noticed(
        "handshake/version-[0-9]*", "handshake/version-minus-13", "handshake/version-word", "handshake/version-empty",
    ),
    "key-missing-accepted": noticed("handshake/no-key", "handshake/key-misspelt"),
    "key-length-unchecked": noticed(
        acceptable=("handshake/key-empty", "handshake/key-of-1*", "handshake/key-of-32*"),
    ),
    "key-repeated-accepted": noticed("handshake/key-doubled"),
    "upgrade-missing-accepted": noticed(
        "handshake/no-upgrade", "handshake/upgrade-name-misspelt", perhaps=("handshake/upgrade-empty",),
    ),
    "upgrade-unchecked": noticed(
        "handshake/upgrade-other", "handshake/upgrade-misspelt", "handshake/upgrade-hyphenated",
    ),
    "upgrade-case-sensitive": noticed("handshake/upgrade-mixed-case", "handshake/upgrade-upper-case"),
    "connection-missing-accepted": noticed(
        "handshake/no-connection", "handshake/connection-name-misspelt", perhaps=("handshake/connection-empty",),
    ),
    "connection-unchecked": noticed(
        "handshake/connection-keep-alive", "handshake/connection-close", "handshake/connection-misspelt",
    ),
    "connection-case-sensitive": noticed(
        "handshake/connection-lower-case", "handshake/connection-upper-case", perhaps=("handshake/*",),
    ),
    "connection-not-a-list": noticed(
        "handshake/connection-keep-alive-first", "handshake/connection-keep-alive-last", perhaps=("handshake/*",),
    ),
    "field-names-case-sensitive": noticed("handshake/names-in-*"),
    "host-missing-accepted": noticed("handshake/no-host"),
    "method-unchecked": noticed("handshake/method-post", "handshake/method-put", perhaps=("handshake/method-*",)),
    "http-1.0-accepted": noticed("handshake/http-1-0"),
    "subprotocol-invented": noticed("handshake/response-without-protocol", perhaps=ANYTHING),
    "extension-invented": noticed("handshake/response-without-extension", "framing/text-0", perhaps=ANYTHING),
    "accept-unchecked": noticed("handshake/answer-accept-*", "handshake/answer-no-accept"),
    "status-unchecked": noticed(
        "handshake/answer-20[01]", "handshake/answer-40[034]", "handshake/answer-500",
        perhaps=("handshake/answer-*",),
    ),
    "upgrade-answer-unchecked": noticed(
        "handshake/answer-no-upgrade", "handshake/answer-upgrade-other", perhaps=("handshake/answer-upgrade-*",),
    ),
    "connection-answer-unchecked": noticed(
        "handshake/answer-no-connection", "handshake/answer-connection-close",
        perhaps=("handshake/answer-connection-*",),
    ),
    "extension-unoffered-accepted": noticed("handshake/answer-extension*", perhaps=("deflate/bad-answer-*",)),
    "subprotocol-unoffered-accepted": noticed("handshake/answer-protocol*"),
    "early-frames-lost": noticed("handshake/answer-and-frames", only=("handshake",), perhaps=ANYTHING),
    "version-12-sent": noticed("handshake/request-protocol-version", perhaps=ANYTHING),
    "key-too-short": noticed("handshake/request-key-value", perhaps=ANYTHING),
    "host-left-out": noticed("handshake/request-host", perhaps=ANYTHING),
    "deflate-unknown-parameter-accepted": noticed(
        "deflate/bad-*-unknown-parameter*", "deflate/bad-*-misspelt-parameter", perhaps=("deflate/*unknown*",),
    ),
    "deflate-repeated-parameter-accepted": noticed("deflate/bad-*-doubled*", perhaps=("deflate/second-*",)),
    "deflate-bits-range-unchecked": noticed(
        "deflate/bad-*-window-7", "deflate/bad-*-window-16", perhaps=("deflate/*",),
    ),
    "deflate-bits-leading-zero-accepted": noticed("deflate/bad-*-window-08", perhaps=("deflate/*window-0*",)),
    "deflate-bits-missing-accepted": noticed("deflate/bad-*-server-window-without-value"),
    "deflate-flag-value-accepted": noticed(
        "deflate/bad-*-takeover-with-value*", perhaps=("deflate/*-takeover-with-*",),
    ),
    "deflate-later-offers-ignored": noticed(
        not_applicable=("deflate/offer-behind-unknown", "deflate/second-offer-*"), perhaps=("deflate/*",),
    ),
    "deflate-client-bits-invented": noticed("deflate/offer-plain", perhaps=("deflate/*",)),
    "deflate-takeover-unconfirmed": noticed("deflate/offer-server-no-takeover", perhaps=("deflate/*",)),
    "deflate-bits-unconfirmed": noticed("deflate/offer-server-window-10", perhaps=("deflate/*",)),
    "deflate-rsv1-on-continuation-accepted": noticed(
        "deflate/rsv1-on-every-frame", "deflate/rsv1-on-*continuation*", perhaps=("deflate/rsv1-on-last-frame",),
    ),
    "deflate-rsv1-on-control-accepted": noticed("deflate/rsv1-on-p[io]ng*", "deflate/rsv1-on-close*"),
    "deflate-context-kept": noticed("deflate/twenty-messages-no-takeover", perhaps=("deflate/*",)),
    "deflate-context-forgotten": noticed("deflate/example-shared-window", perhaps=("deflate/*",)),
    "deflate-window-too-large": noticed("deflate/window-9-text-65536", perhaps=("deflate/*",)),
    "deflate-uncompressed-refused": noticed("deflate/never-compressed", perhaps=("deflate/*",)),
    "deflate-invalid-ignored": noticed(
        "deflate/invalid-*", "deflate/truncated*", "deflate/no-bytes", "deflate/final-block-without-end",
    ),
    "deflate-final-block-refused": noticed(
        "deflate/final-block", "deflate/example-final-block", perhaps=("deflate/*",),
    ),
    "deflate-payload-plain": noticed("deflate/default-text-125", perhaps=("deflate/*",)),
}

# A server that is none in the answer to a good request is not gone on with at all.
NOT_CHECKED = {"status-200"}


@pytest.fixture(scope="module", autouse=True)
def on_one_processor():
    """The endpoints' threads hand on the interpreter's lock, which costs twice as much between processors."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    yield
    os.sched_setaffinity(0, allowed)


def test_every_rule_is_here():
    assert NOTICED.keys() | NOT_CHECKED == {one.name for one in BREAKS}


@pytest.mark.parametrize("side", CHECK)
def test_nothing_is_found_where_nothing_is_broken(side, tmp_path):
    report = CHECK[side](tmp_path)
    others = report.having("wrong") | report.having("acceptable")
    assert not others, report.told(others)
    assert len(report.having("right")) > 1000


def chosen(rule, side, expected):
    """What is run, for the sake of time: all that has to notice, and a third of what else might, another one for each
    rule; compression is apart from all else."""
    if expected.only:
        return expected.only
    patterns = (*expected.wrong, *expected.acceptable, *expected.not_applicable)
    about = {pattern.split("/")[0] for pattern in patterns}
    if about == {"deflate"}:
        groups = {"deflate", "handshake", "ping"}
    elif about & {"deflate", "*"}:
        groups = {case.split("/")[0] for case in cases(side)}
    else:
        groups = {"framing", "ping", "fragments", "utf8", "close", "handshake"}
    others = {case for case in cases(side) if case.split("/")[0] in groups and crc32(f"{rule} {case}".encode()) % 3 == 0}
    return sorted(matching(cases(side), patterns) | others)


@pytest.mark.parametrize(("rule", "side"), [(one.name, side) for one in BREAKS for side in sorted(one.sides)])
def test_a_broken_rule_is_found(rule, side, tmp_path):
    if rule in NOT_CHECKED:
        assert "answered HTTP/1.1 200" in CHECK[side](tmp_path, {rule}).failure
        return
    expected = NOTICED[rule]
    report = CHECK[side](tmp_path, {rule}, only=chosen(rule, side, expected))
    wrong = report.having("wrong")
    must = matching(report.cases, expected.wrong)
    assert must or expected.acceptable or expected.not_applicable, "no case is about it"
    assert must <= wrong, "not found:\n" + report.told(must - wrong)
    others = wrong - must - matching(report.cases, expected.perhaps)
    assert not others, "found besides:\n" + report.told(others)
    for verdict in ("acceptable", "not_applicable"):
        patterns = getattr(expected, verdict)
        told = matching(report.cases, patterns)
        assert bool(told) == bool(patterns) and told <= report.having(verdict), report.told(told)

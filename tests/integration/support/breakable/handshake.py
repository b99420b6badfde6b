"""The opening handshake (RFC 6455 section 4), of either side."""

import base64
import binascii
import os
import re

from support.breakable import deflate
from support.breakable.head import TOKEN, Malformed, TooLarge, parse_extensions, read_head
from support.frames import accept_for

REASONS = {
    101: "Switching Protocols",
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    426: "Upgrade Required",
    431: "Request Header Fields Too Large",
    505: "HTTP Version Not Supported",
}


class Refused(Exception):
    """A request that is not taken: the status, and fields that go with it."""

    def __init__(self, status, *fields):
        super().__init__(status)
        self.status = status
        self.fields = fields


class Failed(Exception):
    """An answer that is not taken."""


def _head(status, *fields):
    return "\r\n".join([f"HTTP/1.1 {status} {REASONS[status]}", *fields, "", ""]).encode("latin-1")


def accept(stream, wishes, broken):
    """The server's side. `wishes` is None where there is no permessage-deflate. Returns the target and what was agreed
    on about it; None instead when the request was refused."""
    try:
        request = read_head(stream, "field-names-case-sensitive" in broken)
        target = _check(request, broken)
        fields, agreement = _choose(request, wishes, broken)
    except Malformed as failure:
        refusal = Refused(431 if isinstance(failure, TooLarge) else 400)
    except Refused as failure:
        refusal = failure
    else:
        key = (request.all("Sec-WebSocket-Key") or [""])[0]
        key = key if "accept-wrong" not in broken else key[::-1]
        status = 200 if "status-200" in broken else 101
        stream.send(
            _head(
                status,
                "Upgrade: websocket",
                "Connection: Upgrade",
                f"Sec-WebSocket-Accept: {accept_for(key)}",
                *fields,
            )
        )
        return target, agreement
    options = "close" if refusal.status != 426 else "close, Upgrade"
    stream.send(_head(refusal.status, f"Connection: {options}", "Content-Length: 0", *refusal.fields))
    return None


def _check(request, broken):
    """Section 4.2.1, and what HTTP asks for besides."""
    line = re.fullmatch(rf"({TOKEN}) ([!-~]+) HTTP/(\d)\.(\d)", request.start)
    if not line:
        raise Refused(400)
    method, target, major, minor = line.groups()
    if major != "1":
        raise Refused(505)
    if minor == "0" and "http-1.0-accepted" not in broken:
        raise Refused(400)
    if method != "GET" and "method-unchecked" not in broken:
        raise Refused(405, "Allow: GET")
    if "#" in target or not re.match(r"/|(?:http|ws)s?://", target, re.I):
        raise Refused(400)
    if not request.one("Host") and ("host-missing-accepted" not in broken or request.all("Host")):
        raise Refused(400)
    if request.all("Transfer-Encoding") or request.all("Content-Length") not in ([], ["0"]):
        raise Refused(400)
    _check_upgrade(request, broken)
    _check_version(request, broken)
    _check_key(request, broken)
    return target


def _check_upgrade(request, broken):
    protocols, options = request.list("Upgrade"), request.list("Connection")
    if "upgrade-case-sensitive" not in broken:
        protocols = [protocol.lower() for protocol in protocols]
    if protocols:
        good = "websocket" in protocols or "upgrade-unchecked" in broken
    else:
        good = "upgrade-missing-accepted" in broken
    if not good:
        raise Refused(400)

    if not options:
        good = "connection-missing-accepted" in broken
    elif "connection-unchecked" in broken:
        good = True
    elif "connection-case-sensitive" in broken:
        good = "Upgrade" in options
    elif "connection-not-a-list" in broken:
        good = [option.lower() for option in options] == ["upgrade"]
    else:
        good = "upgrade" in (option.lower() for option in options)
    if not good:
        raise Refused(400)


def _check_version(request, broken):
    versions = request.all("Sec-WebSocket-Version")
    if not versions and "version-missing-accepted" in broken:
        return
    if len(versions) != 1:
        raise Refused(400)
    if versions != ["13"] and not (versions == ["12"] and "version-12-accepted" in broken):
        # Section 4.4
        told = [] if "version-untold" in broken else ["Sec-WebSocket-Version: 13"]
        raise Refused(426, "Upgrade: websocket", *told)


def _check_key(request, broken):
    keys = request.all("Sec-WebSocket-Key")
    if not keys and "key-missing-accepted" in broken:
        return
    if not keys or (len(keys) > 1 and "key-repeated-accepted" not in broken):
        raise Refused(400)
    if "key-length-unchecked" not in broken:
        try:
            decoded = base64.b64decode(keys[0], validate=True)
            good = len(decoded) == 16 and base64.b64encode(decoded).decode() == keys[0]
        except (binascii.Error, ValueError):
            good = False
        if not good:
            raise Refused(400)


def _choose(request, wishes, broken):
    """The fields that tell what was chosen, and the agreement about permessage-deflate."""
    fields, agreement = [], None
    subprotocols = request.list("Sec-WebSocket-Protocol")
    if len(set(subprotocols)) < len(subprotocols) or not all(re.fullmatch(TOKEN, name) for name in subprotocols):
        raise Refused(400)
    offers = parse_extensions(",".join(request.all("Sec-WebSocket-Extensions")))
    if wishes is not None:
        agreement, text = deflate.answer(offers, wishes, broken)
        if agreement:
            fields.append(f"Sec-WebSocket-Extensions: {text}")
    if agreement is None and "extension-invented" in broken:
        fields.append(f"Sec-WebSocket-Extensions: {deflate.NAME}")
    if "subprotocol-invented" in broken:
        fields.append("Sec-WebSocket-Protocol: invented")
    return fields, agreement


def request(stream, host, target, wishes, broken):
    """The client's side: asks, and returns the agreement about permessage-deflate, or None. Raises Failed at an answer
    that is not good."""
    key = base64.b64encode(os.urandom(8 if "key-too-short" in broken else 16)).decode()
    lines = [f"GET {target} HTTP/1.1"]
    if "host-left-out" not in broken:
        lines.append(f"Host: {host}")
    lines += [
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Version: {12 if 'version-12-sent' in broken else 13}",
        f"Sec-WebSocket-Key: {key}",
    ]
    if wishes is not None:
        lines.append(f"Sec-WebSocket-Extensions: {deflate.offer(wishes)}")
    stream.send("\r\n".join([*lines, "", ""]).encode())
    try:
        answer = read_head(stream)
        while re.match(r"HTTP/1\.1 1(?!01)\d\d ", answer.start):  # an interim one
            answer = read_head(stream)
        agreement = _check_answer(answer, key, wishes, broken)
    except (Malformed, deflate.Unacceptable):
        raise Failed from None
    if "early-frames-lost" in broken:
        stream.forget()
    return agreement


def _check_answer(answer, key, wishes, broken):
    """Section 4.1, from the server's answer on."""
    line = re.fullmatch(r"HTTP/1\.1 (\d{3})(?: [^\x00-\x08\x0a-\x1f\x7f]*)?", answer.start)
    if not line:
        raise Failed
    if line[1] != "101" and "status-unchecked" not in broken:
        raise Failed
    if (answer.one("Upgrade") or "").lower() != "websocket" and "upgrade-answer-unchecked" not in broken:
        raise Failed
    options = [option.lower() for option in answer.list("Connection")]
    if "upgrade" not in options and "connection-answer-unchecked" not in broken:
        raise Failed
    if answer.one("Sec-WebSocket-Accept") != accept_for(key) and "accept-unchecked" not in broken:
        raise Failed
    if answer.all("Sec-WebSocket-Protocol") and "subprotocol-unoffered-accepted" not in broken:
        raise Failed
    extensions = ",".join(answer.all("Sec-WebSocket-Extensions"))
    if not parse_extensions(extensions):
        return None
    if wishes is None:
        if "extension-unoffered-accepted" in broken:
            return None
        raise Failed
    return deflate.take_answer(extensions, wishes, broken)

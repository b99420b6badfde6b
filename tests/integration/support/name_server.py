"""A DNS server (RFC 1035) that knows what a test tells it."""

import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NXDOMAIN, SERVFAIL, REFUSED = 3, 2, 5


class NameServer:
    """`names` maps each name to a list of addresses, to the number of an error, or to None for no
    answer at all, or to "garbage"; other names do not exist. `asked` is all that it was asked, as (name, type)."""

    def __init__(self, names):
        self.names = names
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.sendto(b"", self._socket.getsockname())  # which ends the thread
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            query, peer = self._socket.recvfrom(4096)
            if not query:
                return
            if answer := self._answer(query):
                self._socket.sendto(answer, peer)

    def _answer(self, query):
        labels, at = [], 12
        while size := query[at]:
            labels.append(query[at + 1 : at + 1 + size].decode())
            at += 1 + size
        name = ".".join(labels).lower()
        (kind,) = struct.unpack("!H", query[at + 1 : at + 3])
        question = query[12 : at + 5]
        self.asked.append((name, {A: "A", AAAA: "AAAA"}.get(kind, kind)))
        known = self.names.get(name, NXDOMAIN)
        if known is None:
            return None
        if known == "garbage":
            return query[:2] + b"\xff" * 20
        code = known if isinstance(known, int) else 0
        records = [] if code else [ipaddress.ip_address(text) for text in known]
        records = [record.packed for record in records if kind == (A if record.version == 4 else AAAA)]
        # A response to a recursive query, by a server that does recurse.
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        # The name as a pointer to the question's (section 4.1.4).
        return head + question + b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(packed)) + packed for packed in records
        )

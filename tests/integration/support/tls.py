"""TLS as a script: a client of which every byte goes where the test wants it, and records that no
library would send."""

import contextlib
import ssl
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from support.http import Connection

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
KEY_UPDATE = 24  # RFC 8446 section 4.6.3

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def client_context(root=None, version=None, client=None, alpn=("http/1.1",), ciphers=None, keylog=None):
    """A client's settings: trusts `root`, or anybody without it; `client` is a Certificate to show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Else Python takes an end without close_notify for one with it.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if root is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(root)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if client is not None:
        context.load_cert_chain(client.chain, client.key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if ciphers is not None:
        context.set_ciphers(ciphers)
    if keylog is not None:
        context.keylog_filename = str(keylog)
    return context


class Tls:
    """What `Connection(..., tls=Tls(context))` puts over its socket."""

    def __init__(self, context, server_name="localhost", session=None):
        self.context = context
        self.server_name = server_name
        self.session = session

    def over(self, socket):
        return TlsSocket(socket, self.context, self.server_name, self.session)


class TlsSocket:
    """The part of a socket's interface that `Connection` uses, over TLS. `transmit(bytes)` is how
    ciphertext leaves; replace it to cut, hold back or change it. `received` is how many bytes of
    ciphertext came."""

    def __init__(self, raw, context, server_name="localhost", session=None, handshake=True, transmit=None):
        self.raw = raw
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name, session=session)
        self.transmit = transmit or raw.sendall
        self.received = 0
        self.ended_by_peer = False  # by close_notify
        if handshake:
            self.handshake()

    def flush(self):
        if data := self.outgoing.read():
            self.transmit(data)

    def take(self):
        """What is to be sent, for whoever sends it on its own."""
        return self.outgoing.read()

    def _feed(self):
        data = self.raw.recv(1 << 16)
        self.received += len(data)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def _until_done(self, step):
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self.flush()
                self._feed()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self.flush()  # an alert
                raise
            else:
                self.flush()
                return result

    def handshake(self):
        self._until_done(self.tls.do_handshake)

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[self._until_done(lambda: self.tls.write(view)) :]

    send = sendall

    def recv(self, size):
        """Plaintext; b"" after close_notify. An end without it is an ssl.SSLEOFError."""
        try:
            data = self._until_done(lambda: self.tls.read(size))
        except ssl.SSLZeroReturnError:
            data = b""
        if not data:
            self.ended_by_peer = True
        return data

    def shutdown(self, _how):
        """Says by close_notify that nothing follows; what the peer says may still come."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def settimeout(self, seconds):
        self.raw.settimeout(seconds)

    def close(self):
        self.raw.close()


class HandshakeScript:
    """A client's handshake in steps: `hello` first, then `answer` with what the server sent."""

    def __init__(self, context, server_name="localhost"):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    def step(self, received=b""):
        """Takes what came, and gives what is to be sent now."""
        self.incoming.write(received)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()


def records(data):
    """The records in `data` as (type, bytes with header); what is incomplete is left out."""
    found = []
    while len(data) >= 5:
        size = 5 + struct.unpack("!H", data[3:5])[0]
        if len(data) < size:
            break
        found.append((data[0], data[:size]))
        data = data[size:]
    return found


class Forger:
    """Writes the client's records of a TLS 1.3 connection in place of the library, which must have
    sent nothing since its handshake: any type, any content, any number (RFC 8446 section 5.2)."""

    ALGORITHMS = {
        "TLS_AES_128_GCM_SHA256": (hashes.SHA256, 16, AESGCM),
        "TLS_AES_256_GCM_SHA384": (hashes.SHA384, 32, AESGCM),
        "TLS_CHACHA20_POLY1305_SHA256": (hashes.SHA256, 32, ChaCha20Poly1305),
    }

    def __init__(self, connection, keylog):
        self.raw = connection.socket.raw
        self.hash, self.key_bytes, self.aead = self.ALGORITHMS[connection.socket.tls.cipher()[0]]
        lines = [line.split() for line in keylog.read_text().splitlines()]
        (secret,) = (line[2] for line in lines if line[0] == "CLIENT_TRAFFIC_SECRET_0")
        self._use(bytes.fromhex(secret))

    def _expand(self, label, size):
        label = b"tls13 " + label
        info = struct.pack("!HB", size, len(label)) + label + b"\0"
        return HKDFExpand(self.hash(), size, info).derive(self.secret)

    def _use(self, secret):
        self.secret = secret
        self.cipher = self.aead(self._expand(b"key", self.key_bytes))
        self.iv = int.from_bytes(self._expand(b"iv", 12), "big")
        self.sequence = 0

    def record(self, content=b"", kind=APPLICATION_DATA, padding=0):
        inner = content + bytes([kind]) + bytes(padding)
        head = struct.pack("!BHH", APPLICATION_DATA, 0x0303, len(inner) + 16)
        nonce = (self.iv ^ self.sequence).to_bytes(12, "big")
        self.sequence += 1
        return head + self.cipher.encrypt(nonce, inner, head)

    def key_update(self, request=False):
        record = self.record(bytes([KEY_UPDATE, 0, 0, 1, request]), HANDSHAKE)
        self._use(self._expand(b"traffic upd", self.hash.digest_size))
        return record

    def send(self, *written):
        self.raw.sendall(b"".join(written))


def tls_connection(server, context, server_name="localhost", **options):
    """A connection to the encrypted listener of `server`, after its handshake."""
    return Connection(server.address, tls=Tls(context, server_name), **options)

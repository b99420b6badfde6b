"""Who stands between client and server: writes down what goes by, or changes it."""

import contextlib
import socket
import ssl
import struct
import threading


def _end(connection):
    """Closes it, though another thread may be waiting in its recv, which alone would keep it open."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _pump(source, target, change, close_both):
    try:
        while data := source.recv(1 << 16):
            if data := change(data):
                target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except (OSError, ssl.SSLError):
        close_both()


class Proxy:
    """Passes on what comes to its port, each connection to one of its own. `to_server` and
    `to_client` give for each connection the function through which its bytes go."""

    def __init__(self, target, to_server=None, to_client=None):
        self.target = target
        self.sent, self.answered = bytearray(), bytearray()  # all that went by, of all connections
        self._makers = (to_server or (lambda: bytes), to_client or (lambda: bytes))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.port = self.address[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for connection in self._open:
            _end(connection)

    def _welcome(self, client):
        return client

    def _reach(self):
        return socket.create_connection(self.target)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            client = self._welcome(client)
            server = self._reach()
        except (OSError, ssl.SSLError):
            client.close()
            return
        self._open += [client, server]

        def close_both():
            for connection in (client, server):
                _end(connection)

        ways = ((client, server, self.sent), (server, client, self.answered))
        for (source, target, written), maker in zip(ways, self._makers):
            change = self._noting(written, maker())
            threading.Thread(target=_pump, args=(source, target, change, close_both), daemon=True).start()

    @staticmethod
    def _noting(written, change):
        def through(data):
            written.extend(data)
            return change(data)

        return through


class Impostor(Proxy):
    """Speaks TLS with a certificate of its own, and TLS with the server: reads all in between."""

    def __init__(self, target, certificate, **options):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.chain, certificate.key)
        super().__init__(target, **options)

    def _welcome(self, client):
        return self._context.wrap_socket(client, server_side=True)

    def _reach(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(super()._reach())


class RecordChanger:
    """Flips one bit in the `number`th record of application data (content type 23), counted from 1.
    In TLS 1.3 the first of a client is its Finished."""

    def __init__(self, number, at=-1):
        self.number = number
        self.at = at
        self._seen = 0
        self._rest = b""

    def __call__(self, data):
        self._rest += data
        through = b""
        while len(self._rest) >= 5:
            size = 5 + struct.unpack("!H", self._rest[3:5])[0]
            if len(self._rest) < size:
                break
            record, self._rest = bytearray(self._rest[:size]), self._rest[size:]
            if record[0] == 23:
                self._seen += 1
                if self._seen == self.number:
                    record[self.at] ^= 1
            through += record
        return through

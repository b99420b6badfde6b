"""New certificates for a running server: by signal, by call, and by the files alone. Nobody who is
connected notices, and what is bad never gets into use."""

import hashlib
import os
import re
import shutil
import signal

import pytest
from support.frames import Client
from support.http import Connection, eventually, request
from support.load import Load
from support.tls import Tls, client_context, tls_connection


class Installed:
    """Files of a certificate where a server reads them."""

    def __init__(self, folder, certificate):
        self.chain, self.key = folder / "cert.pem", folder / "key.pem"
        self.install(certificate.chain, certificate.key)

    def install(self, chain=None, key=None):
        """Moves copies into place, as tools that renew certificates do."""
        for source, target in ((chain, self.chain), (key, self.key)):
            if source is not None:
                shutil.copyfile(source, fresh := target.with_suffix(".new"))
                os.replace(fresh, target)


@pytest.fixture
def installed(tmp_path, certificates):
    return Installed(tmp_path, certificates.here)


@pytest.fixture
def context(certificates):
    return client_context(certificates.root)


@pytest.fixture
def server(request, start_tls_server, installed):
    """Looks at its files only when it is told to, unless the test watches."""
    watch = "yes" if getattr(request, "param", None) == "watching" else "no"
    return start_tls_server("--threads", "2", "--tls-watch", watch, certificate=[installed])


def fingerprint_shown(server, context):
    with tls_connection(server.secure, context) as connection:
        shown = hashlib.sha256(connection.socket.tls.getpeercert(binary_form=True)).hexdigest().upper()
        return ":".join(shown[at : at + 2] for at in range(0, len(shown), 2))


def by_signal(server):
    server.signal(signal.SIGHUP)


def by_call(server):
    request(server, "POST", "/reload", "")


WAYS = pytest.mark.parametrize("tell", [by_signal, by_call], ids=["SIGHUP", "a call"])


@WAYS
def test_a_good_certificate_is_seen_by_the_next_handshake(server, installed, certificates, context, tell):
    assert fingerprint_shown(server, context) == certificates.here.fingerprint()
    installed.install(certificates.renewed.chain, certificates.renewed.key)
    assert fingerprint_shown(server, context) == certificates.here.fingerprint(), "nobody told it"
    tell(server)
    eventually(lambda: fingerprint_shown(server, context) == certificates.renewed.fingerprint())
    # Both workers have it.
    assert {fingerprint_shown(server, context) for _ in range(20)} == {certificates.renewed.fingerprint()}


@pytest.mark.parametrize("server", ["watching"], indirect=True)
def test_files_that_change_are_noticed(server, installed, certificates, context):
    installed.install(certificates.renewed.chain, certificates.renewed.key)
    eventually(lambda: fingerprint_shown(server, context) == certificates.renewed.fingerprint())
    installed.install(certificates.here_rsa.chain, certificates.here_rsa.key)
    eventually(lambda: fingerprint_shown(server, context) == certificates.here_rsa.fingerprint())


@pytest.mark.parametrize("server", ["watching"], indirect=True)
def test_a_key_that_comes_later_than_its_certificate_is_waited_for(server, installed, certificates, context):
    """Two files can't be moved at once; the pair that does not match meanwhile does no harm."""
    installed.install(chain=certificates.renewed.chain)
    eventually(lambda: "match" in server.errors())
    assert fingerprint_shown(server, context) == certificates.here.fingerprint()
    installed.install(key=certificates.renewed.key)
    eventually(lambda: fingerprint_shown(server, context) == certificates.renewed.fingerprint())


def bad(certificates, kind, folder):
    """The files to install, and what the reason must speak of."""
    empty = folder / "empty"
    empty.write_text("")
    garbage = folder / "garbage"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n")
    return {
        "a key of another": (certificates.renewed.chain, None, "match"),
        "expired": (certificates.expired.chain, certificates.expired.key, "expired"),
        "not yet valid": (certificates.not_yet_valid.chain, certificates.not_yet_valid.key, "not valid"),
        "empty": (empty, None, "certificate"),
        "garbage": (garbage, None, "certificate"),
        "an encrypted key without its passphrase": (None, certificates.encrypted_key, "passphrase"),
    }[kind]


KINDS = ["a key of another", "expired", "not yet valid", "empty", "garbage", "an encrypted key without its passphrase"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_one_leaves_the_old_one_serving_and_the_reason_is_told(
    server, installed, certificates, context, tmp_path, kind
):
    chain, key, reason = bad(certificates, kind, tmp_path)
    installed.install(chain, key)
    answer = request(server, "POST", "/reload", "")
    assert answer.status == 409 and re.search(reason, answer.body.decode()), answer
    assert ".pem" in answer.body.decode(), "it names the file"
    eventually(lambda: re.search(reason, server.errors()))
    assert fingerprint_shown(server, context) == certificates.here.fingerprint()
    installed.install(certificates.renewed.chain, certificates.renewed.key)
    assert request(server, "POST", "/reload", "").body == b"done"
    assert fingerprint_shown(server, context) == certificates.renewed.fingerprint()


def test_a_missing_file_leaves_the_old_one_serving(server, installed, certificates, context):
    installed.key.unlink()
    answer = request(server, "POST", "/reload", "")
    assert answer.status == 409 and b"key.pem" in answer.body
    server.signal(signal.SIGHUP)
    eventually(lambda: "key.pem" in server.errors())
    assert fingerprint_shown(server, context) == certificates.here.fingerprint()


def test_an_open_websocket_outlives_the_certificate_it_came_by(server, installed, certificates, context):
    with Client(server.secure, tls=Tls(context)) as client:
        for certificate in (certificates.renewed, certificates.here_rsa, certificates.here):
            installed.install(certificate.chain, certificate.key)
            by_call(server)
            client.send_text(certificate.name)
            assert client.text() == certificate.name
        client.close_normally()


def test_tickets_outlive_a_reload(server, installed, certificates, context):
    with tls_connection(server.secure, context) as first:
        first.get("/").answer()
        session = first.socket.tls.session
    installed.install(certificates.renewed.chain, certificates.renewed.key)
    by_call(server)
    with Connection(server.secure.address, tls=Tls(context, session=session)) as second:
        assert b"resumed: yes" in second.get("/tls").answer().body


@pytest.mark.parametrize("server", ["watching"], indirect=True)
def test_no_request_fails_and_no_connection_drops_while_certificates_change(server, installed, certificates, context):
    good = [certificates.renewed, certificates.here_rsa, certificates.here]
    with Load(server.secure, context) as load:
        eventually(load.went_on())
        for round_ in range(30):
            now = good[round_ % len(good)]
            installed.install(now.chain, now.key)
            (by_signal if round_ % 2 else by_call)(server)
            eventually(lambda: fingerprint_shown(server, context) == now.fingerprint())
            if round_ % 5 == 0:
                installed.install(certificates.expired.chain, certificates.expired.key)
                by_signal(server)
                by_call(server)
                assert fingerprint_shown(server, context) == now.fingerprint()
        eventually(load.went_on())
        # By the files alone.
        installed.install(certificates.renewed.chain, certificates.renewed.key)
        eventually(lambda: fingerprint_shown(server, context) == certificates.renewed.fingerprint())
        eventually(load.went_on())
    assert load.failures == []
    assert load.done["websocket"] > 100 and load.done["coming"] > 30

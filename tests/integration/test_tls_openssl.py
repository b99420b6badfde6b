"""What is agreed on in handshakes, with openssl's s_client: versions, suites, names, tickets."""

import json
import re

import pytest
from support.certificates import openssl
from support.http import eventually, get
from support.s_client import SClient, s_client



def request(target, *fields):
    return "".join(line + "\r\n" for line in (f"GET {target} HTTP/1.1", "Host: test", *fields, ""))


GET = request("/", "Connection: close").encode()

# An authority of RSA and certificates of RSA need no help; below security level 1 s_client itself
# would offer nothing old.
OLD = ["-cipher", "ALL:@SECLEVEL=0"]


@pytest.fixture(scope="module")
def server(start_tls_server_for_module, certificates):
    """The default is the ECDSA certificate of `here`; RSA for who can't do without."""
    return start_tls_server_for_module(
        "--threads",
        "2",
        certificate=[certificates.here, certificates.here_rsa, certificates.wildcard, certificates.exact],
    )


def agreed(said):
    """Protocol and suite that s_client reports."""
    match = re.search(r"^New, (\S+), Cipher is (\S+)$", said, re.MULTILINE)
    assert match, said
    return match.groups()


def subject(said):
    return re.search(r"^subject=(.*)$", said, re.MULTILINE).group(1)


@pytest.mark.parametrize("version, protocol", [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
def test_an_exchange_with_a_chain_that_verifies(server, certificates, version, protocol):
    said = s_client(
        server.secure.address,
        *("-CAfile", certificates.root, "-verify_return_error", "-verify_hostname", "localhost"),
        *(version, "-servername", "localhost", "-alpn", "h2,http/1.1"),
        request=GET,
    )
    assert "Verification: OK" in said and "Verify return code: 0 (ok)" in said
    assert agreed(said)[0] == protocol
    assert "ALPN protocol: http/1.1" in said
    assert "HTTP/1.1 200 OK" in said and "\nroot" in said
    assert "Compression: NONE" in said
    # The chain is complete but for the root, which clients have.
    assert re.findall(r"^ (\d) s:", said, re.MULTILINE) == ["0", "1"]


def test_tls_1_3_is_preferred_with_a_good_group(server):
    said = s_client(server.secure.address)
    assert agreed(said)[0] == "TLSv1.3"
    assert "Server Temp Key: X25519" in said


@pytest.mark.parametrize("group", ["X25519", "P-256"])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_groups_are_there(server, group, version):
    said = s_client(server.secure.address, version, "-groups", group)
    assert re.search(rf"Server Temp Key: .*{'X25519' if group == 'X25519' else 'P-256|prime256v1'}", said), said


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_what_is_older_than_1_2_is_refused(server, version):
    said = s_client(server.secure.address, version, *OLD)
    assert "alert protocol version" in said, said
    assert "Cipher is (NONE)" in said


WEAK = [
    "AES128-SHA", "AES256-GCM-SHA384", "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256", "DHE-RSA-AES128-SHA", "AECDH-AES128-SHA", "NULL-SHA256", "ECDHE-ECDSA-NULL-SHA",
    "CAMELLIA128-SHA", "ECDHE-ECDSA-ARIA128-GCM-SHA256:!ARIAGCM:AES256-SHA", "PSK-AES128-GCM-SHA256",
]  # fmt: skip


@pytest.mark.parametrize("suite", WEAK)
def test_what_is_not_forward_secret_and_authenticated_is_refused(server, suite):
    said = s_client(server.secure.address, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
    assert "handshake failure" in said or "no ciphers available" in said, said
    assert "Cipher is (NONE)" in said or "New, " not in said


@pytest.mark.parametrize("suite", ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"])
@pytest.mark.parametrize("key", ["ECDSA", "RSA"])
def test_good_suites_of_tls_1_2_are_there_for_both_kinds_of_key(server, suite, key):
    name = f"ECDHE-{key}-{suite}"
    assert agreed(s_client(server.secure.address, "-tls1_2", "-cipher", name)) == ("TLSv1.2", name)


@pytest.mark.parametrize(
    "suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
)
def test_suites_of_tls_1_3_are_there(server, suite):
    assert agreed(s_client(server.secure.address, "-ciphersuites", suite)) == ("TLSv1.3", suite)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_who_knows_only_rsa_gets_the_rsa_certificate(server, version):
    rsa = s_client(server.secure.address, version, "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256", "-servername", "localhost")
    assert "Peer signature type: RSA" in rsa, rsa
    both = s_client(server.secure.address, version, "-servername", "localhost")
    assert "Peer signature type: ECDSA" in both, both


@pytest.mark.parametrize(
    "name, expected",
    [
        ("localhost", "CN = localhost"),
        ("a.example.test", "CN = *.example.test"),
        ("A.Example.TEST", "CN = *.example.test"),
        ("special.example.test", "CN = special.example.test"),
        ("a.b.example.test", "CN = localhost"),  # a wildcard is for one label
        ("example.test", "CN = localhost"),
        ("unknown.test", "CN = localhost"),
        (None, "CN = localhost"),
    ],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_certificate_for_the_name_that_is_asked_for(server, version, name, expected):
    asked = ["-servername", name] if name else ["-noservername"]
    assert subject(s_client(server.secure.address, version, *asked)) == expected


def test_alpn_refuses_who_speaks_nothing_that_we_do(server):
    said = s_client(server.secure.address, "-alpn", "imap")
    assert "no application protocol" in said, said


def test_without_alpn_it_is_http_1_1(server):
    said = s_client(server.secure.address, request=GET)
    assert "No ALPN negotiated" in said
    assert "HTTP/1.1 200 OK" in said


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_who_wants_short_records_gets_them(server, version, size):
    """RFC 6066 section 4; s_client refuses what is longer."""
    asked = request("/generated?bytes=200000", "Connection: close").encode()
    said = s_client(server.secure.address, version, "-maxfraglen", size, request=asked)
    assert "190000\n" in said and "\r\n0\r\n\r\n" in said, said[-300:]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_requests_in_many_short_records(server, version):
    fields = [f"X-{n}: {'x' * 100}" for n in range(60)]
    asked = request("/reflect?q=short", "Connection: close", *fields).encode()
    said = s_client(server.secure.address, version, "-max_send_frag", 512, request=asked)
    assert "query q: short\n" in said and "X-59: " in said


UNUSUAL = {
    "a group first that we don't have": ["-groups", "P-521:P-256"],
    "no pretence of TLS 1.2": ["-no_middlebox"],
    "records padded to 4096 bytes": ["-record_padding", "4096"],
    "a pipeline of small fragments": ["-max_send_frag", "600", "-split_send_frag", "512"],
    "no tickets": ["-no_ticket"],
    "status requests": ["-status"],
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_unusual_clients_of_tls_1_3_are_served(server, what):
    asked = request("/generated?bytes=100000", "Connection: close", f"X-Long: {'x' * 5000}").encode()
    said = s_client(server.secure.address, "-tls1_3", *UNUSUAL[what], request=asked)
    assert "90000\n" in said and "\r\n0\r\n\r\n" in said, said[-300:]


# Resumption


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_tickets_are_good_for_every_worker(server, tmp_path, version):
    """With two workers, each of many connections goes to either; a ticket of one would fail at the
    other in about half of them."""
    session = tmp_path / "session"
    said = s_client(server.secure.address, version, "-sess_out", session, request=GET)
    assert said.count("New, ") >= 1
    before = json.loads(get(server, "/statistics").body)["tls_resumptions"]
    for _ in range(12):
        said = s_client(server.secure.address, version, "-sess_in", session, request=GET)
        assert re.search(r"^Reused, ", said, re.MULTILINE), said
        assert "HTTP/1.1 200 OK" in said
    assert json.loads(get(server, "/statistics").body)["tls_resumptions"] == before + 12


def test_a_ticket_is_of_no_use_for_another_server(server, start_tls_server, certificates, tmp_path):
    """It is no error either: a whole handshake follows."""
    session = tmp_path / "session"
    s_client(server.secure.address, "-sess_out", session, request=GET)
    said = s_client(start_tls_server().secure.address, "-sess_in", session, request=GET)
    assert re.search(r"^New, ", said, re.MULTILINE) and "HTTP/1.1 200 OK" in said


@pytest.mark.parametrize("place", [20, 60, 120])
def test_a_changed_ticket_leads_to_a_whole_handshake(server, tmp_path, place):
    session = tmp_path / "session"
    s_client(server.secure.address, "-tls1_2", "-sess_out", session, request=GET)
    text = openssl("sess_id", "-in", session, "-noout", "-text")
    dump = text.split("TLS session ticket:\n")[1].split("\n\n")[0].splitlines()  # 0000 - d7 b0 …-1c a5 …   ascii
    ticket = bytes.fromhex("".join(line.split(" - ")[1][:47].replace("-", " ") for line in dump))
    openssl("sess_id", "-in", session, "-outform", "DER", "-out", tmp_path / "der")
    der = bytearray((tmp_path / "der").read_bytes())
    der[der.index(ticket) + place] ^= 1
    (tmp_path / "der").write_bytes(der)
    openssl("sess_id", "-inform", "DER", "-in", tmp_path / "der", "-out", session)
    said = s_client(server.secure.address, "-tls1_2", "-sess_in", session, request=GET)
    assert re.search(r"^New, ", said, re.MULTILINE) and "HTTP/1.1 200 OK" in said


def with_early_data_allowed(session):
    """The session (DER) as one that allows 16 KiB of early data, which none of ours does: field 15
    of OpenSSL's SSL_SESSION, behind those of lower numbers."""

    def length(at):
        """Of the element there: of its head and of its content."""
        first = session[at + 1]
        count = first & 0x7F if first & 0x80 else 0
        return 2 + count, int.from_bytes(session[at + 2 : at + 2 + count], "big") if count else first

    begin = at = length(0)[0]
    while at < len(session) and session[at] < 0xA0 + 15:
        at += sum(length(at))
    content = session[begin:at] + bytes.fromhex("af0402024000") + session[at:]
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


def test_early_data_is_not_taken(server, tmp_path):
    """It could be played again by somebody else (RFC 8446 section 8). No ticket allows it; who sends
    it all the same, with a ticket of a server that was here before for instance, is served after a
    handshake, and what came before is skipped."""
    session, early = tmp_path / "session", tmp_path / "early"
    said = s_client(server.secure.address, "-tls1_3", "-sess_out", session, request=GET)
    assert not re.search(r"Max Early Data: [1-9]", said), said
    early.write_bytes(request("/reflect?q=early").encode())

    openssl("sess_id", "-in", session, "-outform", "DER", "-out", tmp_path / "der")
    (tmp_path / "der").write_bytes(with_early_data_allowed((tmp_path / "der").read_bytes()))
    openssl("sess_id", "-inform", "DER", "-in", tmp_path / "der", "-out", session)
    said = s_client(server.secure.address, "-tls1_3", "-sess_in", session, "-early_data", early, request=GET)
    assert "Early data was rejected" in said, said
    assert said.count("HTTP/1.1 ") == 1 and "HTTP/1.1 200 OK" in said and "\nroot" in said, said


# Within a connection


def test_renegotiation_is_refused(server):
    with SClient(server.secure.address, "-tls1_2") as client:
        client.until("Verify return code")
        client.tell(request("/reflect?q=before")).until("query q: before\n")
        client.tell("R\n").until("RENEGOTIATING")
        said = client.rest()
        assert "no renegotiation" in said or "handshake failure" in said or "unexpected message" in said, said
    assert get(server, "/").body == b"root"


@pytest.mark.parametrize("command", ["k", "K"])
def test_key_updates_while_data_flows_both_ways(server, command):
    """K asks the server for new keys of its own, too."""
    with SClient(server.secure.address, "-tls1_3") as client:
        client.until("Verify return code")
        for number in range(1, 11):
            client.tell(request(f"/reflect?q=first{number}")).until(f"query q: first{number}\n")
            client.tell(request("/generated?bytes=1000000")).until("200 OK")
            client.tell(f"{command}\n").until("KEYUPDATE", times=number)
            client.until(r"990000\n.*\r\n0\r\n\r\n")
        client.tell(request("/close"))
        assert "\r\nlast" in client.rest()


def test_the_server_takes_new_keys_when_asked(server):
    with SClient(server.secure.address, "-tls1_3", "-msg") as client:
        client.until("Verify return code")
        for number in range(1, 6):
            client.tell("K\n").until(r"<<< TLS 1.3, Handshake \[length 0005\], KeyUpdate", times=number)
            client.tell(request(f"/reflect?q=after{number}")).until(f"query q: after{number}\n")


def test_heartbeats_are_not_offered(server):
    said = s_client(server.secure.address, "-tls1_2", "-tlsextdebug")
    assert "heartbeat" not in said.lower()
    assert "renegotiation info" in said.lower()  # RFC 5746
    assert "extended master secret" in said.lower()  # RFC 7627


def test_tls_1_3_alone_when_asked_for(start_tls_server):
    server = start_tls_server("--tls-min", "1.3")
    assert "alert protocol version" in s_client(server.secure.address, "-tls1_2")
    assert agreed(s_client(server.secure.address))[0] == "TLSv1.3"
    eventually(lambda: json.loads(get(server, "/statistics").body)["tls_failures"] >= 1)

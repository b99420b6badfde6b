"""`duplex cert` as its users meet it: files, permissions, and what OpenSSL's own program says of them."""

import os
import stat
import subprocess

import pytest
from support.program import DEADLINE_S


@pytest.fixture
def cert(duplex_program, tmp_path):
    """cert(*arguments): `duplex cert` to its end, in a folder and a home of its own."""

    def to_its_end(*arguments, status=0, **environment):
        result = subprocess.run(
            [str(duplex_program), "cert", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data"), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            umask=0,
        )
        assert result.returncode == status, result
        assert (result.stderr == "") == (status == 0), result
        return result.stdout + result.stderr

    return to_its_end


def openssl(*arguments, status=0):
    result = subprocess.run(
        ["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE_S
    )
    assert result.returncode == status, result
    return result.stdout + result.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_openssl_verifies_what_it_makes(cert, tmp_path):
    cert("localhost", "127.0.0.1", "*.example.test")
    authority = tmp_path / "data/duplex/ca/ca.pem"
    strict = ["verify", "-x509_strict", "-CAfile", authority]
    for name in (
        ["-verify_hostname", "localhost"],
        ["-verify_hostname", "www.example.test"],
        ["-verify_ip", "127.0.0.1"],
    ):
        assert "OK" in openssl(*strict, "-purpose", "sslserver", *name, tmp_path / "cert.pem")
    openssl(*strict, "-verify_hostname", "example.test", tmp_path / "cert.pem", status=2)
    openssl(*strict, "-purpose", "sslclient", tmp_path / "cert.pem", status=2)

    cert("--client", "device 7")
    assert "OK" in openssl(*strict, "-purpose", "sslclient", tmp_path / "client.pem")
    assert "device 7" in openssl("x509", "-in", tmp_path / "client.pem", "-noout", "-subject")


@pytest.mark.parametrize("options", [[], ["--rsa"]], ids=["p256", "rsa"])
def test_certificate_and_key_belong_together(cert, tmp_path, options):
    cert(*options)
    of_certificate = openssl("x509", "-in", tmp_path / "cert.pem", "-noout", "-pubkey")
    of_key = openssl("pkey", "-in", tmp_path / "key.pem", "-pubout")
    assert of_certificate == of_key
    assert ("2048 bit" if options else "P-256") in openssl("pkey", "-in", tmp_path / "key.pem", "-noout", "-text")


def test_keys_are_for_their_owner_alone(cert, tmp_path):
    cert()
    authority = tmp_path / "data/duplex/ca"
    assert mode(authority) == 0o700
    assert mode(authority / "ca-key.pem") == mode(tmp_path / "key.pem") == 0o600
    assert sorted(path.name for path in authority.iterdir()) == ["ca-key.pem", "ca.pem"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cert.pem", "data", "key.pem"]


def test_nothing_is_replaced_without_force(cert, tmp_path):
    cert()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.pem")}
    assert len(before) == 4
    assert "--force" in cert(status=1)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.pem")} == before
    cert("--force")
    changed = {path.name for path in before if path.read_bytes() != before[path]}
    assert changed == {"cert.pem", "key.pem"}


def test_files_go_where_they_are_wanted(cert, tmp_path):
    text = cert("--dir", "my ca", "--out", "a b.pem", "--key", "c.pem", "host.test", XDG_DATA_HOME="")
    assert (tmp_path / "my ca/ca.pem").exists() and (tmp_path / "c.pem").exists()
    assert f"--cacert '{tmp_path}/my ca/ca.pem'" in text
    assert "--tls-cert 'a b.pem' --tls-key c.pem" in text


def test_it_tells_the_fingerprint_and_how_to_trust_it(cert, tmp_path):
    text = cert()
    printed = openssl("x509", "-in", tmp_path / "cert.pem", "-noout", "-fingerprint", "-sha256")
    assert printed.strip().split("=")[1] in text
    for words in ("update-ca-certificates", "certutil -d sql:", "curl --cacert", "Firefox"):
        assert words in text, words


def test_chromiums_and_firefoxs_store_takes_the_authority_as_told(cert, tmp_path):
    store = tmp_path / ".pki/nssdb"
    commands = [line.strip() for line in cert().splitlines() if "certutil -d sql:$HOME" in line]
    add = next(line for line in commands if " -A " in line).split("Chromium", 1)[1].strip()
    make = next(line for line in commands if " -N " in line).rstrip(")")
    for command in (make, add, "certutil -d sql:$HOME/.pki/nssdb -L"):
        result = subprocess.run(
            ["sh", "-c", command],
            env={**os.environ, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
        assert result.returncode == 0, (command, result)
    assert store.exists() and "duplex-development" in result.stdout and "C,," in result.stdout


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["a b"], '"a b" can\'t be a certificate\'s name'),
        (["bücher.example"], "A-label"),
        (["*.test"], "wildcard"),
        (["--days", "399"], "at most 398 days"),
        (["--days", "soon"], "--days"),
        (["--client", ""], "--client"),
        (["--out", "x.pem", "--key", "x.pem"], "same file"),
    ],
)
def test_what_can_not_be_is_wrong_usage_and_leaves_nothing(cert, tmp_path, arguments, words):
    text = cert(*arguments, status=2)
    assert words in text and "duplex cert --help" in text
    assert list(tmp_path.iterdir()) == []


def test_an_authority_that_can_not_sign_is_a_failure_that_says_why(cert, tmp_path):
    cert()
    authority = tmp_path / "data/duplex/ca"
    good = (authority / "ca.pem").read_text()
    (authority / "ca.pem").write_text("nonsense")
    assert "there is no certificate" in cert("--force", status=1)

    # Expired: openssl makes it, as we never would.
    files = ["-signkey", authority / "ca-key.pem", "-out", authority / "ca.pem"]
    (tmp_path / "good.pem").write_text(good)
    openssl("x509", "-in", tmp_path / "good.pem", "-days", "-1", *files)
    assert "has expired" in cert("--force", status=1)

    (authority / "ca.pem").write_text(good)
    (authority / "ca-key.pem").unlink()
    assert "ca.pem without" in cert("--force", status=1)
    assert not (authority / "ca-key.pem").exists()


def test_without_a_home_it_asks_for_a_folder(cert):
    assert "--dir" in cert(status=2, XDG_DATA_HOME="", HOME="")

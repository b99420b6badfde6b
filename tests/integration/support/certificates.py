"""Certificates for the tests, made by the openssl program: independent of what is tested."""

import os
import subprocess
from pathlib import Path

PASSPHRASE = "correct horse"

EXTENSIONS = """
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
[client]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = {names}
"""


def openssl(*arguments):
    """Runs the openssl program, and gives what it wrote."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {arguments}: {done.stderr}"
    return done.stdout


class Certificate:
    """A certificate's files: `chain` (itself and, behind it, the intermediate), `key`, and
    `certificate` without what is behind it."""

    def __init__(self, folder, name):
        self.name = name
        self.certificate = folder / f"{name}.crt"
        self.chain = folder / f"{name}.chain.pem"
        self.key = folder / f"{name}.key"

    @property
    def arguments(self):
        """For `duplex serve`."""
        return ["--tls-cert", self.chain, "--tls-key", self.key]

    def fingerprint(self):
        """SHA-256, in hexadecimal."""
        text = openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256")
        return text.split("=", 1)[1].strip()

    def public_key_hash(self):
        """What Chromium calls an SPKI hash: SHA-256 of the public key, in base64."""
        key = openssl("x509", "-in", self.certificate, "-noout", "-pubkey")
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key.encode(), capture_output=True)
        digest = subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=der.stdout, capture_output=True)
        return subprocess.run(["openssl", "base64"], input=digest.stdout, capture_output=True).stdout.decode().strip()


class Authority:
    """A root with an intermediate, which signs what the tests need. `root` is the file to trust."""

    def __init__(self, folder, name="Test"):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.root = self._make_authority("root", f"{name} Root", None)
        self._intermediate = self._make_authority("intermediate", f"{name} Intermediate", "root")

    def _make_authority(self, name, common_name, issuer):
        self._sign(name, f"/CN={common_name}", "authority", "DNS:unused", "ec", issuer, 3650)
        return self.folder / f"{name}.crt"

    def _sign(self, name, subject, extensions, names, kind, issuer, days, digest="sha256"):
        folder, openssl_key = self.folder, {
            "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "weak": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        }[kind]
        key, request, config = folder / f"{name}.key", folder / f"{name}.csr", folder / f"{name}.conf"
        config.write_text(EXTENSIONS.format(names=names))
        openssl("genpkey", *openssl_key, "-out", key)
        key.chmod(0o600)
        openssl("req", "-new", "-key", key, "-subj", subject, "-out", request)
        signer = ["-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key"] if issuer else ["-signkey", key]
        # `x509 -days` takes what is negative too: a certificate that has expired.
        openssl(
            *("x509", "-req", "-in", request, *signer, f"-{digest}", "-days", days),
            *("-set_serial", f"0x01{os.urandom(12).hex()}"),
            *("-extfile", config, "-extensions", extensions, "-out", folder / f"{name}.crt"),
        )

    def issue(self, name, names, kind="ec", role="server", days=90, subject=None, **options):
        """Makes a certificate for `names`, such as ["localhost", "127.0.0.1"]."""
        written = ",".join(("IP:" if part[0].isdigit() or ":" in part else "DNS:") + part for part in names)
        self._sign(name, subject or f"/CN={names[0]}", role, written, kind, "intermediate", days, **options)
        made = Certificate(self.folder, name)
        made.chain.write_text(made.certificate.read_text() + (self.folder / "intermediate.crt").read_text())
        return made

    def issue_to_itself(self, name, names):
        """Makes a certificate that nobody but itself vouches for."""
        self._sign(name, f"/CN={names[0]}", "server", ",".join("DNS:" + part for part in names), "ec", None, 90)
        made = Certificate(self.folder, name)
        made.chain.write_text(made.certificate.read_text())
        return made

    def issue_for_later(self, name, names):
        """Makes a certificate that is not valid yet; `x509` has no words for that, `ca` has."""
        made = self.issue(name, names)
        config = self.folder / f"{name}.ca.conf"
        (self.folder / f"{name}.index").write_text("")
        config.write_text(
            f"[ca]\ndefault_ca = this\n[this]\ndatabase = {self.folder / name}.index\nnew_certs_dir = {self.folder}\n"
            "default_md = sha256\nrand_serial = yes\npolicy = any\n[any]\ncommonName = optional\n"
            + EXTENSIONS.format(names=",".join("DNS:" + part for part in names))
        )
        openssl(
            *("ca", "-batch", "-notext", "-config", config, "-in", self.folder / f"{name}.csr"),
            *("-cert", self.folder / "intermediate.crt", "-keyfile", self.folder / "intermediate.key"),
            *("-startdate", "20400101000000Z", "-enddate", "20410101000000Z"),
            *("-extensions", "server", "-out", made.certificate),
        )
        made.chain.write_text(made.certificate.read_text() + (self.folder / "intermediate.crt").read_text())
        return made


class Certificates:
    """All that the tests need, made when first asked for. Trust `root`; `other` is nobody's."""

    HERE = ["localhost", "127.0.0.1"]

    def __init__(self, folder):
        self.folder = Path(folder)
        self.authority = Authority(self.folder / "authority")
        self.other_authority = Authority(self.folder / "other", "Other")
        self.root = self.authority.root
        self._made = {}

    def _once(self, name, make):
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def issue(self, name, names, **options):
        return self._once(name, lambda: self.authority.issue(name, names, **options))

    @property
    def here(self):
        """For localhost and 127.0.0.1, ECDSA."""
        return self.issue("here", self.HERE)

    @property
    def here_rsa(self):
        return self.issue("here-rsa", self.HERE, kind="rsa")

    @property
    def renewed(self):
        """Another one for the same names."""
        return self.issue("renewed", self.HERE)

    @property
    def wildcard(self):
        return self.issue("wildcard", ["*.example.test"])

    @property
    def exact(self):
        return self.issue("exact", ["special.example.test"])

    @property
    def elsewhere(self):
        """For another host."""
        return self.issue("elsewhere", ["elsewhere.example.test"])

    @property
    def by_name_only(self):
        return self.issue("by-name", ["localhost"])

    @property
    def other_address(self):
        return self.issue("other-address", ["127.0.0.9"])

    @property
    def self_signed(self):
        return self._once("alone", lambda: self.authority.issue_to_itself("alone", ["localhost"]))

    @property
    def weak_key(self):
        """RSA with 1024 bits."""
        return self.issue("weak-key", self.HERE, kind="weak")

    @property
    def weak_digest(self):
        """Signed by way of SHA-1."""
        return self.issue("weak-digest", self.HERE, digest="sha1")

    @property
    def for_clients(self):
        """A client's certificate, shown by a server."""
        return self.issue("for-clients", self.HERE, role="client")

    @property
    def expired(self):
        return self.issue("expired", self.HERE, days=-1)

    @property
    def not_yet_valid(self):
        return self._once("later", lambda: self.authority.issue_for_later("later", ["localhost"]))

    @property
    def client(self):
        return self.issue("client", ["device-7.test"], role="client", subject="/O=Example/CN=device 7")

    @property
    def expired_client(self):
        return self.issue("expired-client", ["device-8.test"], role="client", days=-1)

    @property
    def strange(self):
        """For the names of `here`, by an authority that nobody trusts."""
        return self._once("strange", lambda: self.other_authority.issue("strange", self.HERE))

    @property
    def strange_client(self):
        return self._once("strange-client", lambda: self.other_authority.issue("client", ["x.test"], role="client"))

    @property
    def passphrase_file(self):
        path = self.folder / "passphrase"
        path.write_text(PASSPHRASE + "\n")
        return path

    @property
    def encrypted_key(self):
        """The key of `here`, encrypted by what is in `passphrase_file`."""
        path = self.folder / "encrypted.key"
        openssl("pkey", "-in", self.here.key, "-aes256", "-passout", f"pass:{PASSPHRASE}", "-out", path)
        return path

    @property
    def pkcs12(self):
        """`here`, its chain and its key in one file, encrypted by what is in `passphrase_file`."""
        path = self.folder / "here.p12"
        openssl(
            *("pkcs12", "-export", "-in", self.here.chain, "-inkey", self.here.key),
            *("-passout", f"pass:{PASSPHRASE}", "-out", path),
        )
        return path

#pragma once

#include <string>
#include <vector>

#include <duplex/tls/credential.hpp>
#include <duplex/tls/version.hpp>

namespace duplex::tls {

/// Which servers a client trusts, and what it shows them. As it is by default, a server has to
/// prove that it is the host that was asked for, by a certificate that is valid today and that
/// leads to an authority the system trusts.
struct ClientOptions {
  /// PEM certificates of authorities to trust instead of the system's; a file's name or the text.
  /// One that another has signed may stand here without that one, and a server's own certificate
  /// alone. Empty: the system's (OpenSSL's default paths, which `SSL_CERT_FILE` and `SSL_CERT_DIR`
  /// change).
  std::string ca = {};
  /// Trusts `ca` beside the system's authorities, not instead of them.
  bool ca_beside_system = false;

  /// Public keys, of which the server's certificate must have one, whoever has signed it:
  /// `sha256//` and the SHA-256 of its SubjectPublicKeyInfo in Base64 (RFC 7469 section 2.4), as
  /// curl writes them. Of the server's own certificate; those of its authorities don't count. All
  /// else is verified as well. Name a second key, which the server keeps in reserve, so as not to
  /// be locked out when it is changed. Empty: any key.
  std::vector<std::string> pins = {};

  /// What is shown to a server that asks for a certificate (mutual TLS), whichever server that is.
  /// Off while it names none.
  Credential credential = {};

  Version version_min = Version::tls_1_2;

  /// Accepts any certificate, of anybody, for any host, in or out of its time: whoever can get in
  /// the way of a connection can read and change all of it. For tests. `pins` are checked all the
  /// same, and with them it is safe.
  bool dangerously_skip_verification = false;
};

}  // namespace duplex::tls

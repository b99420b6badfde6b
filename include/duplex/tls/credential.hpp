#pragma once

#include <string>

namespace duplex::tls {

/// A certificate and its private key. Each is the name of a file, or the PEM text itself.
struct Credential {
  /// The chain as PEM: first the certificate of who shows it, behind it those that lead to a root
  /// which its peers know, without the root. Or a PKCS#12 file (`.p12`, `.pfx`), which holds the
  /// key too.
  std::string certificate = {};
  /// The private key as PEM, encrypted or not. Empty when `certificate` holds it.
  std::string key = {};
  /// A file whose first line is the passphrase of the key or of the PKCS#12 file.
  std::string passphrase_file = {};
};

}  // namespace duplex::tls

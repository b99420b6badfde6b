#pragma once

#include <string>
#include <vector>

#include "tls/material.hpp"
#include "tls/openssl.hpp"

namespace duplex::tls {

/// What a PKCS#12 file (RFC 7292) holds.
struct Pkcs12Content {
  /// The key's certificate first, behind it each one's issuer, without a root: these files have no
  /// order of their own.
  std::vector<X509Pointer> certificates;
  /// Null when there is none.
  KeyPointer key;
  /// Whether there was a root, to which they lead.
  bool root_left_out = false;
};

/// Whether `material` may be PKCS#12: what is in DER, and so no PEM text.
bool is_der(const Material& material) noexcept;

/// Opens `material`, with the passphrase of `passphrase_file` if one is named. Throws Unusable.
Pkcs12Content read_pkcs12(const Material& material, const std::string& passphrase_file);

}  // namespace duplex::tls

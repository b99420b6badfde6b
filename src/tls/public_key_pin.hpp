#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "tls/openssl.hpp"

namespace duplex::tls {

/// The SHA-256 of a public key, as a certificate writes it: its SubjectPublicKeyInfo (RFC 7469
/// section 2.4). It outlives the certificate, when the next one is made for the same key.
class PublicKeyPin {
 public:
  /// Throws std::bad_alloc.
  static PublicKeyPin of(const X509& certificate);
  /// Reads `sha256//` and the value in Base64. Throws Unusable, with what to write instead.
  static PublicKeyPin read(const std::string& text);

  /// As `read` takes it.
  std::string text() const;

  bool operator==(const PublicKeyPin&) const = default;

 private:
  std::array<std::byte, 32> digest_{};
};

}  // namespace duplex::tls

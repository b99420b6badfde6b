#pragma once

#include <cstdint>

namespace duplex::tls {

/// What a certificate's key is for. Of each, one certificate can be offered for a name: a client
/// tells which signatures it understands (RFC 8446 section 4.2.3).
enum class KeyType : std::uint8_t { rsa, rsa_pss, ecdsa, ed25519, ed448 };

/// `RSA`, `ECDSA` and so on.
constexpr const char* name_of(KeyType type) noexcept {
  switch (type) {
    case KeyType::rsa: return "RSA";
    case KeyType::rsa_pss: return "RSA-PSS";
    case KeyType::ecdsa: return "ECDSA";
    case KeyType::ed25519: return "Ed25519";
    case KeyType::ed448: return "Ed448";
  }
  return "";
}

}  // namespace duplex::tls

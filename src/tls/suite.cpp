#include "tls/suite.hpp"

#include <openssl/evp.h>

#include <array>

namespace duplex::tls {

namespace {

const EVP_CIPHER* fetch(const char* name) noexcept {
  // Never freed: as long-lived as the library, and fetching is slow.
  return EVP_CIPHER_fetch(nullptr, name, nullptr);
}

}  // namespace

const SuiteFacts& facts_of(Suite suite) {
  static const std::array<SuiteFacts, 3> facts = {{
      {"TLS_AES_128_GCM_SHA256", 0x1301, 16, 32, fetch("AES-128-GCM"), "SHA256"},
      {"TLS_AES_256_GCM_SHA384", 0x1302, 32, 48, fetch("AES-256-GCM"), "SHA384"},
      {"TLS_CHACHA20_POLY1305_SHA256", 0x1303, 32, 32, fetch("ChaCha20-Poly1305"), "SHA256"},
  }};
  return facts[static_cast<std::size_t>(suite)];
}

std::optional<Suite> suite_of(std::uint16_t number) noexcept {
  switch (number) {
    case 0x1301: return Suite::aes_128_gcm_sha256;
    case 0x1302: return Suite::aes_256_gcm_sha384;
    case 0x1303: return Suite::chacha20_poly1305_sha256;
    default: return std::nullopt;
  }
}

}  // namespace duplex::tls

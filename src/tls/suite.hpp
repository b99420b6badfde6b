#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace duplex::tls {

/// The cipher suites of TLS 1.3 (RFC 8446 appendix B.4) that are offered.
enum class Suite : std::uint8_t {
  aes_128_gcm_sha256,
  aes_256_gcm_sha384,
  chacha20_poly1305_sha256
};

/// What a suite consists of. The pointers are OpenSSL's, and hold for the program's life.
struct SuiteFacts {
  std::string_view name;
  std::uint16_t number;  // as the protocol writes it
  std::size_t key_bytes;
  std::size_t secret_bytes;  // of its hash, and so of its traffic secrets
  const EVP_CIPHER* cipher;  // nullptr where OpenSSL has it not, as when it is bound to FIPS 140
  const char* digest;
};

const SuiteFacts& facts_of(Suite suite);

/// The suite that the protocol writes as `number`; nullopt when it is none of these.
std::optional<Suite> suite_of(std::uint16_t number) noexcept;

}  // namespace duplex::tls

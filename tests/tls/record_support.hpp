#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tls/cipher_cache.hpp"
#include "tls/record.hpp"
#include "tls/record_key.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

/// Traffic secrets and records for tests.
namespace duplex::tls::testing {

inline constexpr std::array every_suite = {Suite::aes_128_gcm_sha256, Suite::aes_256_gcm_sha384,
                                           Suite::chacha20_poly1305_sha256};

/// The bytes 0, 1, 2 and so on, as many as `suite` wants; from `first` on.
inline std::string counted_secret(Suite suite, int first = 0) {
  std::string secret(facts_of(suite).secret_bytes, '\0');
  for (std::size_t i = 0; i < secret.size(); ++i) {
    secret[i] = static_cast<char>(first + static_cast<int>(i));
  }
  return secret;
}

inline RecordKey opening_key(Suite suite, std::string_view secret, CipherCache& cache) {
  return {suite, RecordKey::Direction::opening, as_bytes(secret), cache};
}
inline RecordKey sealing_key(Suite suite, std::string_view secret, CipherCache& cache) {
  return {suite, RecordKey::Direction::sealing, as_bytes(secret), cache};
}

inline std::string take_text(ByteQueue& queue) {
  std::string text(as_text(queue.content()));
  queue.clear();
  return text;
}

inline std::string sealed(RecordKey& key, ContentType type, std::string_view content) {
  ByteQueue output;
  key.seal(type, as_bytes(content), output);
  return take_text(output);
}

/// A record with `zeros` bytes of padding, or with nothing but padding when `type` is 0: `seal`
/// itself pads nothing. Its content and type are given to it as a longer content, whose last zero
/// then stands in the place of the type.
inline std::string padded(RecordKey& key, std::uint8_t type, std::string_view content,
                          std::size_t zeros) {
  std::string inner(content);
  inner += static_cast<char>(type);
  inner.append(zeros, '\0');
  const char last = inner.back();
  inner.pop_back();
  return sealed(key, static_cast<ContentType>(last), inner);
}

/// Every record in `ciphertext`, by its header.
inline std::vector<std::string> records_in(std::string_view ciphertext) {
  std::vector<std::string> records;
  while (ciphertext.size() >= record_header_bytes) {
    const std::size_t size =
        record_header_bytes +
        (static_cast<std::size_t>(static_cast<unsigned char>(ciphertext[3])) << 8U) +
        static_cast<unsigned char>(ciphertext[4]);
    records.emplace_back(ciphertext.substr(0, size));
    ciphertext.remove_prefix(std::min(size, ciphertext.size()));
  }
  return records;
}

/// `size` bytes in which none that is lost, doubled or moved goes unnoticed.
inline std::string counted(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13U);
  return text;
}

}  // namespace duplex::tls::testing

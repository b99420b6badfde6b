#pragma once

#include <cstddef>
#include <cstdint>

namespace duplex::tls {

/// What a record holds (RFC 8446 section 5.1).
enum class ContentType : std::uint8_t {
  change_cipher_spec = 20,
  alert = 21,
  handshake = 22,
  application_data = 23,
};

/// Sizes of records (RFC 8446 sections 5.1 and 5.2).
inline constexpr std::size_t record_header_bytes = 5;
inline constexpr std::size_t record_content_bytes_max = std::size_t{16} * 1024;
inline constexpr std::size_t record_tag_bytes = 16;
inline constexpr std::size_t record_protected_bytes_max = record_content_bytes_max + 256;

}  // namespace duplex::tls

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace duplex::http {

/// The content codings that we know (RFC 9110 section 8.4.1, RFC 7932, RFC 8878).
enum class ContentCoding : std::uint8_t {
  identity,  ///< as it is; never said in Content-Encoding
  gzip,
  zstd,
  br,
  deflate,  ///< the zlib format, though some servers mean bare deflate by it
};

/// How many codings there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t content_coding_count = 5;

/// The coding's name as on the wire, `br`.
std::string_view name(ContentCoding coding) noexcept;

/// The coding that a Content-Encoding field names so, in any case; `x-gzip` is gzip (RFC 9110
/// section 8.4.1.3). nullopt for any other. A field may list several, in the order in which they
/// were applied: `next_element` takes it apart.
std::optional<ContentCoding> parse_content_coding(std::string_view token) noexcept;

}  // namespace duplex::http

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace duplex::tls {

/// A name that a certificate can be for (RFC 5280 section 4.2.1.6).
struct AlternativeName {
  enum class Kind : std::uint8_t { dns, ip };
  Kind kind;
  std::string text;  ///< a DNS name in small letters, or a numeric address as it was given
};

/// Reads a host name (RFC 1123 section 2.1), a wildcard for one label, `*.example.test` (RFC 9525
/// section 6.3), or an IPv4 or IPv6 address. Underscores pass, since names of containers have them.
/// The error is a sentence that says what to write instead.
std::expected<AlternativeName, std::string> parse_alternative_name(std::string_view text);

}  // namespace duplex::tls

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <duplex/http/cookie.hpp>

namespace duplex::http {

/// What a Set-Cookie field says (RFC 6265 section 5.2), as views of its value, which must outlive
/// it. What a server may set from where is not looked at here: that is the store's matter.
struct ReceivedCookie {
  /// Name and value together (RFC 6265bis section 5.6, and all browsers).
  static constexpr std::size_t name_and_value_bytes_max = 4096;
  /// The value of one attribute; a longer attribute counts as if it weren't there.
  static constexpr std::size_t attribute_bytes_max = 1024;

  /// Never empty.
  std::string_view name = {};
  /// As it came: quotes that stand around it belong to it.
  std::string_view value = {};
  /// In the case in which it came, without a dot in front; empty: the host that sent it, only.
  std::string_view domain = {};
  /// Empty, or begins with `/`; empty: the folder of what was asked for.
  std::string_view path = {};
  /// Zero or less: to be deleted. Goes before `expires_unix_s`.
  std::optional<std::int64_t> max_age_s = {};
  std::optional<std::int64_t> expires_unix_s = {};
  bool secure = false;
  bool http_only = false;
  /// nullopt: not said, or none that we know.
  std::optional<SameSite> same_site = {};

  bool operator==(const ReceivedCookie&) const = default;
};

/// Reads the value of a Set-Cookie field, as leniently as RFC 6265 section 5.2 wants: attributes
/// that are unknown or make no sense are skipped, and of several alike the last counts.
///
/// nullopt: the field is to be ignored, because it has no `=` or no name, more than
/// `name_and_value_bytes_max`, or a control byte other than the tab (RFC 6265bis section 5.6).
/// RFC 6265bis takes a cookie without a name; we keep to RFC 6265, since in a request `=a=b` can't
/// be told from `a=b`.
std::optional<ReceivedCookie> parse_set_cookie(std::string_view field_value) noexcept;

/// Reads a date in any of the ways in which servers write them in Expires, by the algorithm of RFC
/// 6265 section 5.1.1: time, day, month and year, in about any order and form; seconds since 1970
/// in UTC. nullopt when one of them is missing or can't be.
std::optional<std::int64_t> parse_cookie_date(std::string_view text) noexcept;

}  // namespace duplex::http

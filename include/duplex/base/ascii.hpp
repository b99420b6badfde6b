#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace duplex {

/// ASCII lower case of one character; all others as they are.
constexpr char to_lower(char character) noexcept {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                              : character;
}

/// Equality without regard to ASCII case, as field names, tokens and schemes are compared.
constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (to_lower(left[i]) != to_lower(right[i])) return false;
  }
  return true;
}

/// `text` without spaces and tabs at either end (RFC 9110 section 5.6.3, OWS).
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The value of a run of decimal digits; nullopt when it is empty, has another character, or
/// exceeds 64 bits.
constexpr std::optional<std::uint64_t> parse_decimal(std::string_view digits) noexcept {
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (char const digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    const auto unit = static_cast<std::uint64_t>(digit - '0');
    if (value > (UINT64_MAX - unit) / 10) return std::nullopt;
    value = value * 10 + unit;
  }
  return value;
}

/// Takes the next comma-separated element off the front of `list`, trimmed; empty elements are
/// skipped (RFC 9110 section 5.6.1.2). nullopt at the end. A comma inside a quoted string
/// separates nothing.
std::optional<std::string_view> next_element(std::string_view& list) noexcept;

/// Whether the comma-separated `list` holds `token`, in any case.
bool list_contains(std::string_view list, std::string_view token) noexcept;

}  // namespace duplex

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duplex::http {

/// How long an IMF-fixdate is: `Sun, 06 Nov 1994 08:49:37 GMT`.
inline constexpr std::size_t date_size = 29;

/// Writes the IMF-fixdate (RFC 9110 section 5.6.7) of `unix_s`, seconds since 1970 in UTC. Times
/// outside of the years 0 to 9999 are written as the nearest that fits.
void format_date(std::int64_t unix_s, std::span<char, date_size> out) noexcept;

/// The same as a string.
std::string format_date(std::int64_t unix_s);

/// Parses any of the three forms that RFC 9110 section 5.6.7 wants understood: IMF-fixdate, the
/// obsolete RFC 850 form, and that of C's asctime; seconds since 1970 in UTC. nullopt for anything
/// else. The name of the weekday must be one, but need not be the right one.
///
/// `now_unix_s` decides the century of RFC 850's two-digit years: none is more than 50 years ahead.
std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now_unix_s) noexcept;

}  // namespace duplex::http

#include <algorithm>
#include <array>
#include <chrono>

#include <duplex/base/ascii.hpp>
#include <duplex/http/received_cookie.hpp>

namespace duplex::http {
namespace {

constexpr bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

constexpr bool is_control(char character) noexcept {
  return (static_cast<unsigned char>(character) < 0x20 && character != '\t') || character == 0x7f;
}

/// What separates the tokens of a cookie date: all but digits, letters, the colon, control bytes
/// and what is above ASCII.
constexpr bool is_date_delimiter(char character) noexcept {
  const auto code = static_cast<unsigned char>(character);
  return code == 0x09 || (code >= 0x20 && code <= 0x2f) || (code >= 0x3b && code <= 0x40) ||
         (code >= 0x5b && code <= 0x60) || (code >= 0x7b && code <= 0x7e);
}

/// Takes up to the next `delimiter` off the front of `text`, and the delimiter.
std::string_view take_until(std::string_view& text, char delimiter) noexcept {
  const std::string_view taken = text.substr(0, text.find(delimiter));
  text.remove_prefix(std::min(taken.size() + 1, text.size()));
  return taken;
}

/// Takes a number of `least` to `most` digits off the front of `text`; nullopt when there are
/// fewer, or more.
std::optional<int> take_number(std::string_view& text, std::size_t least,
                               std::size_t most) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  if (count < least || count > most) return std::nullopt;
  const auto number = parse_decimal(text.substr(0, count));
  text.remove_prefix(count);
  return static_cast<int>(*number);
}

struct Clock {
  int hour = 0, minute = 0, second = 0;
};

/// hms-time, and whatever stands behind it.
std::optional<Clock> read_clock(std::string_view token) noexcept {
  std::array<int, 3> numbers{};
  for (int& number : numbers) {
    const bool first = &number == numbers.data();
    if (!first && !token.starts_with(':')) return std::nullopt;
    if (!first) token.remove_prefix(1);
    const auto taken = take_number(token, 1, 2);
    if (!taken) return std::nullopt;
    number = *taken;
  }
  return Clock{numbers[0], numbers[1], numbers[2]};
}

/// A number of so many digits, and whatever stands behind it.
std::optional<int> read_number(std::string_view token, std::size_t least,
                               std::size_t most) noexcept {
  return take_number(token, least, most);
}

/// From 1 on; of a name, the first three letters count.
std::optional<int> read_month(std::string_view token) noexcept {
  constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (equals_ignoring_case(token.substr(0, 3), months[i])) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

/// Whether `part` had nothing yet, and now has what was read.
template <class Part>
bool fill(std::optional<Part>& part, std::optional<Part> read) noexcept {
  if (part || !read) return false;
  part = read;
  return true;
}

/// RFC 6265 section 5.2.2. What exceeds 64 bits is as good as for ever.
std::optional<std::int64_t> read_max_age(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  if (negative) return 0;
  constexpr auto forever = static_cast<std::uint64_t>(INT64_MAX);
  return static_cast<std::int64_t>(std::min(parse_decimal(text).value_or(forever), forever));
}

std::optional<SameSite> read_same_site(std::string_view text) noexcept {
  if (equals_ignoring_case(text, "strict")) return SameSite::strict;
  if (equals_ignoring_case(text, "lax")) return SameSite::lax;
  if (equals_ignoring_case(text, "none")) return SameSite::none;
  return std::nullopt;
}

void read_attribute(std::string_view text, ReceivedCookie& cookie) noexcept {
  const std::string_view name = trim(take_until(text, '='));
  const std::string_view value = trim(text);
  if (value.size() > ReceivedCookie::attribute_bytes_max) return;
  if (equals_ignoring_case(name, "expires")) {
    if (const auto expires = parse_cookie_date(value)) cookie.expires_unix_s = expires;
  } else if (equals_ignoring_case(name, "max-age")) {
    if (const auto max_age = read_max_age(value)) cookie.max_age_s = max_age;
  } else if (equals_ignoring_case(name, "domain")) {
    cookie.domain = value.substr(value.starts_with('.') ? 1 : 0);
  } else if (equals_ignoring_case(name, "path")) {
    cookie.path = value.starts_with('/') ? value : std::string_view();
  } else if (equals_ignoring_case(name, "secure")) {
    cookie.secure = true;
  } else if (equals_ignoring_case(name, "httponly")) {
    cookie.http_only = true;
  } else if (equals_ignoring_case(name, "samesite")) {
    cookie.same_site = read_same_site(value);
  }
}

}  // namespace

std::optional<ReceivedCookie> parse_set_cookie(std::string_view field_value) noexcept {
  if (std::ranges::any_of(field_value, is_control)) return std::nullopt;
  std::string_view pair = take_until(field_value, ';');
  if (pair.find('=') == std::string_view::npos) return std::nullopt;
  ReceivedCookie cookie;
  cookie.name = trim(take_until(pair, '='));
  cookie.value = trim(pair);
  if (cookie.name.empty()) return std::nullopt;
  if (cookie.name.size() + cookie.value.size() > ReceivedCookie::name_and_value_bytes_max) {
    return std::nullopt;
  }
  while (!field_value.empty()) read_attribute(take_until(field_value, ';'), cookie);
  return cookie;
}

std::optional<std::int64_t> parse_cookie_date(std::string_view text) noexcept {
  std::optional<Clock> clock;
  std::optional<int> day;
  std::optional<int> month;
  std::optional<int> year;
  while (!text.empty()) {
    const auto end = std::ranges::find_if(text, is_date_delimiter);
    const std::string_view token(text.begin(), end);
    text.remove_prefix(std::min(token.size() + 1, text.size()));
    // Each token is the first of these that it can be and that has not come yet.
    if (fill(clock, read_clock(token)) || fill(day, read_number(token, 1, 2)) ||
        fill(month, read_month(token))) {
      continue;
    }
    fill(year, read_number(token, 2, 4));
  }
  if (!clock || !day || !month || !year) return std::nullopt;
  if (*year >= 70 && *year <= 99) *year += 1900;
  if (*year >= 0 && *year <= 69) *year += 2000;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *year < 1601) return std::nullopt;
  if (clock->hour > 23 || clock->minute > 59 || clock->second > 59) return std::nullopt;
  const auto time = std::chrono::hours(clock->hour) + std::chrono::minutes(clock->minute) +
                    std::chrono::seconds(clock->second);
  return (std::chrono::sys_seconds(std::chrono::sys_days(date)) + time).time_since_epoch().count();
}

}  // namespace duplex::http

#include "quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include <duplex/base/ascii.hpp>

namespace duplex::app {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

/// What a number that may have a fraction is multiplied with.
struct Scale {
  std::string_view name;
  double factor;
};

constexpr double day_ms = 24 * 60 * 60 * 1000;
constexpr std::array milliseconds_of_units = {
    Scale{"", 1e3}, Scale{"ms", 1}, Scale{"s", 1e3}, Scale{"m", 60e3}, Scale{"h", 3600e3},
};
constexpr std::array nanoseconds_of_units = {
    Scale{"ns", 1}, Scale{"us", 1e3}, Scale{"µs", 1e3}, Scale{"ms", 1e6}, Scale{"s", 1e9},
};
constexpr std::array parts = {Scale{"%", 0.01}};
constexpr std::array multiples = {Scale{"", 1}, Scale{"k", 1e3}, Scale{"m", 1e6}};

constexpr std::uint64_t kibi = 1024;
constexpr std::array units = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", kibi},
    Unit{"kib", kibi},
    Unit{"kb", 1000},
    Unit{"m", kibi* kibi},
    Unit{"mib", kibi* kibi},
    Unit{"mb", 1000 * 1000},
    Unit{"g", kibi* kibi* kibi},
    Unit{"gib", kibi* kibi* kibi},
    Unit{"gb", 1000 * 1000 * 1000},
};

std::optional<std::uint64_t> unit_bytes(std::string_view name) {
  for (const Unit& unit : units) {
    if (equals_ignoring_case(unit.name, name)) return unit.bytes;
  }
  return std::nullopt;
}

/// A number that is not negative, with one of `scales` behind it.
std::optional<double> parse_scaled(std::string_view text, std::span<const Scale> scales) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(number) || std::signbit(number)) return std::nullopt;
  const std::string_view name = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const Scale& scale : scales) {
    if (equals_ignoring_case(scale.name, name)) return number * scale.factor;
  }
  return std::nullopt;
}

}  // namespace

std::expected<std::uint64_t, std::string> parse_size(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> number = parse_decimal(text.substr(0, digits));
  const std::optional<std::uint64_t> unit = unit_bytes(trim(text.substr(digits)));
  if (!number || !unit) {
    return std::unexpected(
        fmt::format("\"{}\" is not a size; write a number of bytes, or one with K, M or G, "
                    "such as 64MiB",
                    text));
  }
  // Half of what 64 bits hold, so that sums of sizes don't overflow.
  if (*number > INT64_MAX / *unit) {
    return std::unexpected(fmt::format("\"{}\" is more than any machine holds", text));
  }
  return *number * *unit;
}

std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text) {
  const std::optional<double> time_ms = parse_scaled(text, milliseconds_of_units);
  if (!time_ms || *time_ms > day_ms) {
    return std::unexpected(
        fmt::format("\"{}\" is not a time up to a day; write a number of seconds, or one with ms, "
                    "s, m or h, such as 30 or 500ms",
                    text));
  }
  return std::chrono::milliseconds(std::llround(*time_ms));
}

std::expected<std::chrono::duration<double, std::nano>, std::string> parse_latency(
    std::string_view text) {
  const std::optional<double> time_ns = parse_scaled(text, nanoseconds_of_units);
  if (!time_ns || *time_ns > 1e6 * day_ms) {
    return std::unexpected(fmt::format(
        "\"{}\" is not a short time; write a number with s, ms, us or ns, such as 250us", text));
  }
  return std::chrono::duration<double, std::nano>(*time_ns);
}

std::expected<double, std::string> parse_rate(std::string_view text) {
  constexpr double rate_max = 1e9;
  const std::optional<double> rate = parse_scaled(text, multiples);
  if (!rate || *rate > rate_max) {
    return std::unexpected(fmt::format(
        "\"{}\" is not a rate; write a number a second, or one with k or M, such as 1000 or 1.5M",
        text));
  }
  return *rate;
}

std::expected<double, std::string> parse_share(std::string_view text) {
  const std::optional<double> share = parse_scaled(text, parts);
  if (!share || *share > 1) {
    return std::unexpected(
        fmt::format("\"{}\" is not a share; write a number up to 100 with %, such as 0.1%", text));
  }
  return *share;
}

std::expected<std::uint64_t, std::string> parse_count(std::string_view text, std::uint64_t lowest,
                                                      std::uint64_t highest) {
  const std::optional<std::uint64_t> number = parse_decimal(text);
  if (!number || *number < lowest || *number > highest) {
    return std::unexpected(
        fmt::format("\"{}\" is not a number from {} to {}", text, lowest, highest));
  }
  return *number;
}

}  // namespace duplex::app

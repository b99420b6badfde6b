#include "quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include <duplex/base/ascii.hpp>

namespace duplex::app {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

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

std::expected<std::chrono::milliseconds, std::string> parse_seconds(std::string_view text) {
  constexpr double day = 24 * 60 * 60;
  std::string_view digits = text;
  if (digits.ends_with('s')) digits.remove_suffix(1);
  double seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds,
                                            std::chars_format::fixed);
  if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(seconds) ||
      seconds < 0 || seconds > day) {
    return std::unexpected(fmt::format(
        "\"{}\" is not a time; write a number of seconds from 0 to 86400, such as 30", text));
  }
  return std::chrono::milliseconds(std::llround(seconds * 1000));
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

#include "hex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

namespace duplex::app {
namespace {

constexpr std::size_t line_bytes = 16;

std::optional<unsigned> digit_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  return std::nullopt;
}

}  // namespace

std::string hex_dump(ConstBytes bytes, std::string_view indent) {
  std::string result;
  for (std::size_t offset = 0; offset < bytes.size(); offset += line_bytes) {
    const ConstBytes line = bytes.subspan(offset, std::min(line_bytes, bytes.size() - offset));
    auto out = std::back_inserter(result);
    fmt::format_to(out, "{}{:08x} ", indent, offset);
    for (std::size_t i = 0; i < line_bytes; ++i) {
      if (i == line_bytes / 2) result += ' ';
      if (i < line.size()) {
        fmt::format_to(out, " {:02x}", std::to_integer<unsigned>(line[i]));
      } else {
        result += "   ";
      }
    }
    result += "  |";
    for (const char character : as_text(line)) {
      result += character >= ' ' && character <= '~' ? character : '.';
    }
    result += "|\n";
  }
  return result;
}

std::expected<std::string, std::string> parse_hex(std::string_view text) {
  std::string bytes;
  std::optional<unsigned> high;
  for (const char character : text) {
    if (character == ' ' || character == '\t') {
      if (high) break;
      continue;
    }
    const auto value = digit_value(character);
    if (!value) {
      return std::unexpected(
          fmt::format("\"{}\" is no hexadecimal digit; write bytes such as 48 65 6c", character));
    }
    if (high) {
      bytes += static_cast<char>(*high * 16 + *value);
      high.reset();
    } else {
      high = value;
    }
  }
  if (high) return std::unexpected("each byte needs two hexadecimal digits, such as 0a");
  return bytes;
}

}  // namespace duplex::app

#include "printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::app {
namespace {

/// One character of UTF-8 at the front of a text; zero bytes when there is none.
struct Character {
  char32_t code_point = 0;
  std::size_t bytes = 0;
};

std::size_t announced_bytes(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xC0) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return 4;
}

Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = announced_bytes(lead);
  if (bytes == 1) return {lead, 1};
  if (bytes == 0 || bytes > text.size() || !is_valid_utf8(as_bytes(text.substr(0, bytes)))) {
    return {};
  }
  char32_t code_point = lead & (0x7FU >> bytes);
  for (const char next : text.substr(1, bytes - 1)) {
    code_point = (code_point << 6U) | (static_cast<unsigned char>(next) & 0x3FU);
  }
  return {code_point, bytes};
}

/// What is not seen but changes what is: C1 controls, marks and overrides of direction, separators
/// of lines.
bool is_hidden_control(char32_t code_point) noexcept {
  return (code_point >= 0x80 && code_point < 0xA0) || code_point == 0x061C ||
         code_point == 0x200E || code_point == 0x200F ||
         (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

void append_control(std::string& result, char character) {
  switch (character) {
    case '\n': result += "\\n"; return;
    case '\r': result += "\\r"; return;
    case '\t': result += "\\t"; return;
    default:
      fmt::format_to(std::back_inserter(result), "\\x{:02x}",
                     static_cast<unsigned char>(character));
  }
}

bool is_control(char character) noexcept {
  return static_cast<unsigned char>(character) < ' ' || character == '\x7f';
}

}  // namespace

std::string printable(std::string_view text, LineBreaks line_breaks) {
  std::string result;
  result.reserve(text.size());
  const bool keeps = line_breaks == LineBreaks::keep;
  while (!text.empty()) {
    const char front = text.front();
    const Character character = first_character(text);
    const std::size_t bytes = std::max<std::size_t>(character.bytes, 1);
    const bool is_kept = keeps && (front == '\n' || front == '\t');
    if (character.bytes == 0 || (is_control(front) && !is_kept)) {
      append_control(result, front);
    } else if (is_hidden_control(character.code_point)) {
      fmt::format_to(std::back_inserter(result), "\\u{{{:04x}}}",
                     static_cast<std::uint32_t>(character.code_point));
    } else {
      result += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return result;
}

std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
  };
  // A character of UTF-8 has at most three bytes behind its first.
  for (int steps = 0; steps < 3 && end > 0 && continues(end); ++steps) --end;
  return text.substr(0, end);
}

}  // namespace duplex::app

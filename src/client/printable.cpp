#include "client/printable.hpp"

#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>

namespace duplex::client {

namespace {

void append_escaped(unsigned char byte, std::string& text) {
  constexpr std::string_view digits = "0123456789abcdef";
  text.append("\\x");
  text += digits[byte >> 4U];
  text += digits[byte & 0xFU];
}

}  // namespace

std::string printable(std::string_view text) {
  const bool is_text = is_valid_utf8(as_bytes(text));
  std::string result;
  bool within_control = false;  // behind the first byte of U+0080 to U+009F
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool begins_control =
        is_text && byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_text) || begins_control ||
        within_control) {
      append_escaped(byte, result);
    } else {
      result += text[i];
    }
    within_control = begins_control;
  }
  return result;
}

}  // namespace duplex::client

#include <duplex/http/percent.hpp>

namespace duplex::http {

namespace {

constexpr int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

constexpr bool is_unreserved(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '-' || character == '.' ||
         character == '_' || character == '~';
}

void append_encoded(std::string& text, char character) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(character);
  text += '%';
  text += digits[byte / 16];
  text += digits[byte % 16];
}

}  // namespace

int next_decoded_byte(std::string_view& text) noexcept {
  if (text.empty()) return -1;
  if (text.front() != '%') {
    const int byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    return byte;
  }
  if (text.size() < 3) return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) return -1;
  text.remove_prefix(3);
  return high * 16 + low;
}

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const bool space = plus == Plus::space && text.front() == '+';
    const int byte = next_decoded_byte(text);
    if (byte < 0) return std::nullopt;
    result += space ? ' ' : static_cast<char>(byte);
  }
  return result;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string result;
  result.reserve(text.size());
  for (char const character : text) {
    if (is_unreserved(character) || keep.find(character) != std::string_view::npos) {
      result += character;
    } else {
      append_encoded(result, character);
    }
  }
  return result;
}

std::string percent_encode_uri(std::string_view text) {
  constexpr std::string_view reserved = ":/?#[]@!$&'()*+,;=";
  std::string result;
  result.reserve(text.size());
  for (; !text.empty(); text.remove_prefix(1)) {
    const char character = text.front();
    std::string_view escape = text;
    const bool stays = character == '%' ? next_decoded_byte(escape) >= 0
                                        : is_unreserved(character) ||
                                              reserved.find(character) != std::string_view::npos;
    if (stays) {
      result += character;
    } else {
      append_encoded(result, character);
    }
  }
  return result;
}

std::optional<std::vector<std::string>> decode_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view raw = path.substr(0, path.find('/'));
    path.remove_prefix(raw.size());
    std::optional<std::string> segment = percent_decode(raw);
    if (!segment || *segment == "." || *segment == "..") return std::nullopt;
    if (segment->find('/') != std::string::npos || segment->find('\0') != std::string::npos) {
      return std::nullopt;
    }
    segments.push_back(std::move(*segment));
  }
  return segments;
}

}  // namespace duplex::http

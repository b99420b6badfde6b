#include "server/path.hpp"

#include <stdexcept>

#include <duplex/http/percent.hpp>

namespace duplex::server {

namespace {

/// Whether each byte of `path` stands for itself, and no segment begins with a dot, as in nearly
/// all paths.
bool is_plain(std::string_view path) noexcept {
  bool plain = true;
  char before = '\0';
  for (const char byte : path) {
    plain &= byte != '%' && byte != '\0' && !(byte == '.' && before == '/');
    before = byte;
  }
  return plain;
}

}  // namespace

bool is_safe_path(std::string_view path) noexcept {
  if (!path.starts_with('/')) return false;
  if (is_plain(path)) return true;
  // Dots and length of the segment so far; it is a dot segment when it is one or two dots only.
  std::size_t dots = 0;
  std::size_t size = 0;
  const auto is_dot_segment = [&] { return dots == size && (size == 1 || size == 2); };
  while (!path.empty()) {
    const int byte = http::next_decoded_byte(path);
    if (byte <= 0) return false;
    if (byte == '/') {
      if (is_dot_segment()) return false;
      dots = size = 0;
      continue;
    }
    ++size;
    if (byte == '.') ++dots;
  }
  return !is_dot_segment();
}

bool decodes_to(std::string_view segment, std::string_view literal) noexcept {
  for (char const expected : literal) {
    const int byte = http::next_decoded_byte(segment);
    if (byte < 0 || static_cast<char>(byte) != expected) return false;
  }
  return segment.empty();
}

PathPrefix::PathPrefix(std::string_view prefix) {
  auto segments = http::decode_path(prefix);
  if (!segments) {
    throw std::invalid_argument("path prefix \"" + std::string(prefix) +
                                "\" must begin with / and have no . or .. segment, encoded slash "
                                "or bad % escape");
  }
  if (segments->back().empty()) segments->pop_back();
  segments_ = std::move(*segments);
}

std::optional<std::string_view> PathPrefix::rest_of(std::string_view path) const noexcept {
  for (const std::string& literal : segments_) {
    if (!path.starts_with('/')) return std::nullopt;
    const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
    if (!decodes_to(segment, literal)) return std::nullopt;
    path.remove_prefix(1 + segment.size());
  }
  return path;
}

bool PathPrefix::guards(std::string_view path) const {
  const auto decoded = http::percent_decode(path);
  if (!decoded) return false;
  std::string_view rest = *decoded;
  for (const std::string& literal : segments_) {
    while (rest.starts_with('/')) rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment != literal) return false;
    rest.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace duplex::server

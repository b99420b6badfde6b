#include "tls/alternative_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <duplex/base/ascii.hpp>

namespace duplex::tls {
namespace {

// RFC 1035 section 2.3.4, as text.
constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_label_character(char character) {
  return (to_lower(character) >= 'a' && to_lower(character) <= 'z') || is_digit(character) ||
         character == '-' || character == '_';
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> storage;
  return ::inet_pton(AF_INET, text.c_str(), storage.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), storage.data()) == 1;
}

/// What is wrong with the labels of a name; nullopt when nothing is.
std::optional<std::string_view> wrong_in_labels(std::string_view labels) {
  std::string_view label;
  while (true) {
    const std::size_t end = std::min(labels.find('.'), labels.size());
    label = labels.substr(0, end);
    if (label.empty()) return "it has an empty part: there is one dot between two parts";
    if (label.size() > label_bytes_max) return "a part between dots has at most 63 characters";
    if (label.front() == '-' || label.back() == '-') {
      return "a part neither begins nor ends with a hyphen";
    }
    if (end == labels.size()) break;
    labels.remove_prefix(end + 1);
  }
  // Browsers take such a name for an address (WHATWG URL, "ends in a number").
  if (std::ranges::all_of(label, is_digit)) {
    return "its last part is a number, and it is no address; an IPv4 address has four numbers from "
           "0 to 255";
  }
  return std::nullopt;
}

/// What is wrong with the characters of a name; nullopt when nothing is.
std::optional<std::string_view> wrong_in_characters(std::string_view name) {
  for (const char character : name) {
    if (is_label_character(character) || character == '.') continue;
    if (static_cast<unsigned char>(character) >= 0x80) {
      return "write the A-label of an international name (RFC 5890), such as xn--bcher-kva.example "
             "for bücher.example";
    }
    if (character == '*') {
      return "a wildcard stands alone, for the first part of the name: *.example.test";
    }
    if (character == ':' || character == '/' || character == '[') {
      return "give the host alone, without scheme, port, path or brackets";
    }
    return "a host name has letters, digits, hyphens and dots";
  }
  return std::nullopt;
}

/// Something of what was given, to be found again; it may be anything.
std::string quoted(std::string_view text) {
  constexpr std::size_t shown_max = 80;
  std::string result = "\"";
  for (const char character : text.substr(0, shown_max)) {
    result += static_cast<unsigned char>(character) < 0x20 || character == 0x7F ? '?' : character;
  }
  return result + (text.size() > shown_max ? "...\"" : "\"");
}

}  // namespace

std::expected<AlternativeName, std::string> parse_alternative_name(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return std::unexpected(quoted(text) + " can't be a certificate's name: " + std::string(why));
  };
  if (text.empty()) return std::unexpected("a certificate's name can't be empty");
  // A zero would hide from inet_pton what is behind it.
  if (text.find('\0') == text.npos && is_address(std::string(text))) {
    return AlternativeName{AlternativeName::Kind::ip, std::string(text)};
  }
  if (text.size() > name_bytes_max) return refuse("a host name has at most 253 characters");

  const bool wildcard = text.starts_with("*.");
  const std::string_view labels = wildcard ? text.substr(2) : text;
  if (const auto wrong = wrong_in_characters(labels)) return refuse(*wrong);
  if (labels.ends_with('.')) return refuse("leave out the dot at its end");
  if (const auto wrong = wrong_in_labels(labels)) return refuse(*wrong);
  if (wildcard && labels.find('.') == labels.npos) {
    return refuse("clients take a wildcard only before two parts or more, such as *.example.test");
  }
  AlternativeName name{AlternativeName::Kind::dns, std::string(text)};
  std::ranges::transform(name.text, name.text.begin(), to_lower);
  return name;
}

}  // namespace duplex::tls

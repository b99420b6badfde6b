#include "http1/request_target.hpp"

#include <algorithm>
#include <array>

#include <duplex/base/ascii.hpp>

namespace duplex::http1 {

namespace {

/// Bytes of a reg-name or an IPv4 address (RFC 3986 section 3.2.2): unreserved, sub-delims, and the
/// percent sign of pct-encoded.
constexpr std::array<bool, 256> host_table = [] {
  std::array<bool, 256> table{};
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (unsigned char c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("-._~!$&'()*+,;=%"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_host_character(char character) noexcept {
  return host_table[static_cast<unsigned char>(character)];
}

/// The inside of the brackets of an IP-literal: an IPv6 address, or a later version of it.
bool is_ip_literal(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c == ':' || (c != '%' && is_host_character(c));
  });
}

bool is_port(std::string_view text) noexcept {
  if (text.empty()) return true;  // RFC 3986 section 3.2.3 lets it be empty
  const auto port = parse_decimal(text);
  return port && *port <= 65535;
}

/// The length of an authority's host; npos when it has none or is not one.
std::size_t host_length(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || !is_ip_literal(text.substr(1, end - 1))) return text.npos;
    return end + 1;
  }
  std::size_t length = 0;
  while (length < text.size() && is_host_character(text[length])) ++length;
  return length == 0 ? text.npos : length;
}

/// Removes `scheme://` from the front of `target`; false when there is no scheme that we serve.
bool remove_scheme(std::string_view& target) noexcept {
  for (const std::string_view scheme : {"http://", "https://", "ws://", "wss://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    return true;
  }
  return false;
}

RequestTarget split_path(std::string_view text) noexcept {
  const std::size_t mark = text.find('?');
  if (mark == text.npos) return {.path = text, .query = {}, .authority = {}};
  return {.path = text.substr(0, mark), .query = text.substr(mark + 1), .authority = {}};
}

}  // namespace

bool is_authority(std::string_view text) noexcept {
  const std::size_t length = host_length(text);
  if (length == text.npos) return false;
  if (length == text.size()) return true;
  return text[length] == ':' && is_port(text.substr(length + 1));
}

std::expected<RequestTarget, Error> parse_target(http::Method method,
                                                 std::string_view target) noexcept {
  if (target.starts_with('/')) return split_path(target);
  if (target == "*") {
    if (method != http::Method::options) return std::unexpected(Error::invalid_target_form);
    return RequestTarget{.path = target, .query = {}, .authority = {}};
  }

  if (!remove_scheme(target)) return std::unexpected(Error::invalid_target_form);
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  const std::string_view authority = target.substr(0, end);
  if (!is_authority(authority)) return std::unexpected(Error::invalid_target_form);

  RequestTarget parts = split_path(target.substr(end));
  parts.authority = authority;
  if (parts.path.empty()) {
    // RFC 9112 section 3.2.4: OPTIONS of a whole server, as a proxy's client writes it.
    const bool whole_server = method == http::Method::options && end == target.size();
    parts.path = whole_server ? "*" : "/";
  }
  return parts;
}

}  // namespace duplex::http1

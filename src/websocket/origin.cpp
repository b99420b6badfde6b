#include <algorithm>

#include <duplex/base/ascii.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {

namespace {

/// An origin as RFC 6454 section 4 compares it, with the default port filled in. Views.
struct Origin {
  std::string_view scheme;
  std::string_view host;
  std::uint64_t port = 0;
};

std::uint64_t default_port(std::string_view scheme) noexcept {
  if (equals_ignoring_case(scheme, "https")) return 443;
  return equals_ignoring_case(scheme, "http") ? 80 : 0;
}

/// Host and port of `authority`, the scheme's port where it has none. nullopt when it is not of
/// that form.
std::optional<Origin> parse_authority(std::string_view scheme,
                                      std::string_view authority) noexcept {
  Origin origin{.scheme = scheme, .host = authority, .port = default_port(scheme)};
  // The colons of an IPv6 address stand in brackets and end before the last of them.
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    origin.host = authority.substr(0, colon);
    const std::string_view digits = authority.substr(colon + 1);
    if (!digits.empty()) {
      const auto port = parse_decimal(digits);
      if (!port || *port > UINT16_MAX) return std::nullopt;
      origin.port = *port;
    }
  }
  if (origin.host.empty() || origin.host.find_first_of("/?#@ ") != std::string_view::npos) {
    return std::nullopt;
  }
  return origin;
}

/// `scheme://host:port`; nullopt for `null` and anything else.
std::optional<Origin> parse_origin(std::string_view text) noexcept {
  constexpr std::string_view separator = "://";
  const std::size_t end = text.find(separator);
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  return parse_authority(text.substr(0, end), text.substr(end + separator.size()));
}

bool same_scheme_and_port(const Origin& left, const Origin& right) noexcept {
  return equals_ignoring_case(left.scheme, right.scheme) && left.port == right.port;
}

/// Whether `host` is `pattern`, or below it when the pattern begins with `*.`.
bool host_matches(std::string_view host, std::string_view pattern) noexcept {
  if (!pattern.starts_with("*.")) return equals_ignoring_case(host, pattern);
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() &&
         equals_ignoring_case(host.substr(host.size() - suffix.size()), suffix);
}

bool matches(std::string_view text, std::string_view allowed) noexcept {
  if (allowed == "*") return true;
  const auto origin = parse_origin(text);
  const auto pattern = parse_origin(allowed);
  if (!origin || !pattern) return text == "null" && allowed == "null";
  return same_scheme_and_port(*origin, *pattern) && host_matches(origin->host, pattern->host);
}

}  // namespace

bool same_origin(const http::RequestHead& head, bool secure) noexcept {
  if (head.fields.count("Origin") != 1) return false;
  const auto origin = parse_origin(head.fields.find("Origin").value_or(""));
  // A proxy that ends TLS passes the request on in clear, with the Host that the browser gave. Such
  // a page is as much our own; only a clear page may not reach a secure connection.
  const bool by_proxy = !secure && origin && equals_ignoring_case(origin->scheme, "https");
  const auto target = parse_authority(secure || by_proxy ? "https" : "http", head.authority);
  return origin && target && same_scheme_and_port(*origin, *target) &&
         equals_ignoring_case(origin->host, target->host);
}

bool origin_allowed(const http::RequestHead& head, bool secure,
                    std::span<const std::string> allowed) noexcept {
  const std::size_t count = head.fields.count("Origin");
  if (count == 0 || same_origin(head, secure)) return true;
  const std::string_view origin = head.fields.find("Origin").value_or("");
  return count == 1 && std::ranges::any_of(allowed, [origin](const std::string& entry) {
           return matches(origin, entry);
         });
}

bool is_origin_pattern(std::string_view text) noexcept {
  if (text == "*" || text == "null") return true;
  const auto pattern = parse_origin(text);
  return pattern && pattern->host != "*.";
}

}  // namespace duplex::websocket

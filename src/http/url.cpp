#include <algorithm>

#include "base/enumeration_category.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/percent.hpp>
#include <duplex/http/url.hpp>

namespace duplex::http {

namespace {

constexpr bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

constexpr bool is_hex(char character) noexcept {
  const char lower = to_lower(character);
  return is_digit(character) || (lower >= 'a' && lower <= 'f');
}

constexpr bool is_letter(char character) noexcept {
  const char lower = to_lower(character);
  return lower >= 'a' && lower <= 'z';
}

constexpr bool contains(std::string_view set, char character) noexcept {
  return set.find(character) != std::string_view::npos;
}

/// What a registered name may hold: unreserved and sub-delims (RFC 3986 section 3.2.2).
constexpr bool is_name_character(char character) noexcept {
  return is_letter(character) || is_digit(character) || contains("-._~!$&'()*+,;=", character);
}

/// What a URL may hold at all (RFC 3986 section 2). Brackets belong into the authority only, but
/// browsers send `?a[]=1` as it is, and so do we.
constexpr bool is_url_character(char character) noexcept {
  return is_name_character(character) || contains(":/?#@%[]", character);
}

bool is_ipv4_address(std::string_view text) noexcept {
  int numbers = 0;
  while (true) {
    const std::string_view digits = text.substr(0, text.find('.'));
    const auto value = parse_decimal(digits);
    if (!value || *value > 255 || digits.size() > 3) return false;
    if (digits.size() > 1 && digits.front() == '0') return false;
    ++numbers;
    if (digits.size() == text.size()) return numbers == 4;
    text.remove_prefix(digits.size() + 1);
  }
}

bool has_bad_escape(std::string_view text) noexcept {
  while (!text.empty()) {
    if (next_decoded_byte(text) < 0) return true;
  }
  return false;
}

/// The port that a scheme has of itself; zero for a scheme that we don't speak.
constexpr std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  return 0;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), to_lower);
  return result;
}

}  // namespace

bool is_ipv6_address(std::string_view text) noexcept {
  // Groups are counted in units of 16 bits: an IPv4 tail is two. `::` stands for one or more.
  int groups = 0;
  bool compressed = false;
  if (text.starts_with("::")) {
    compressed = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (group.size() == text.size() && contains(group, '.')) {
      groups += 2;
      return is_ipv4_address(group) && (compressed ? groups < 8 : groups == 8);
    }
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return false;
    if (++groups > 8) return false;
    text.remove_prefix(group.size());
    if (text.empty()) return compressed ? groups < 8 : groups == 8;
    text.remove_prefix(1);
    if (!text.empty() && text.front() == ':') {
      if (compressed) return false;
      compressed = true;
      text.remove_prefix(1);
      if (text.empty()) return groups < 8;
    }
  }
}

std::optional<Authority> parse_authority(std::string_view text) noexcept {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    authority.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!is_ipv6_address(authority.host)) return std::nullopt;
  } else {
    authority.host = text.substr(0, text.find(':'));
    rest = text.substr(authority.host.size());
    if (authority.host.empty() || !std::ranges::all_of(authority.host, is_name_character)) {
      return std::nullopt;
    }
  }
  if (rest.empty()) return authority;
  if (rest.front() != ':') return std::nullopt;
  rest.remove_prefix(1);
  if (rest.empty()) return authority;
  const auto port = parse_decimal(rest);
  if (!port || *port > 65535) return std::nullopt;
  authority.port = static_cast<std::uint16_t>(*port);
  return authority;
}

std::string_view describe(UrlError error) noexcept {
  switch (error) {
    case UrlError::too_long: return "the URL is longer than 64 KiB";
    case UrlError::bad_character:
      return "the URL has a character that must be percent-encoded, such as a space";
    case UrlError::bad_escape: return "a % in the URL is not followed by two hexadecimal digits";
    case UrlError::missing_scheme:
      return "the URL must begin with http://, https://, ws:// or wss://";
    case UrlError::unsupported_scheme: return "the URL's scheme is not http, https, ws or wss";
    case UrlError::user_information: return "the URL holds a user name; send it in a field instead";
    case UrlError::bad_authority: return "the URL's host or port is not valid";
    case UrlError::port_zero: return "the URL's port is zero";
    case UrlError::fragment: return "a WebSocket URL has no #fragment";
  }
  return {};
}

const std::error_category& url_category() noexcept {
  static const EnumerationCategory<UrlError> category("url");
  return category;
}

std::error_code make_error_code(UrlError error) noexcept {
  return code_of(error, url_category());
}

std::expected<Url, UrlError> Url::parse(std::string_view text) {
  if (text.size() > size_max) return std::unexpected(UrlError::too_long);
  if (!std::ranges::all_of(text, is_url_character)) {
    return std::unexpected(UrlError::bad_character);
  }
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || text.find_first_of("/?#") < colon) {
    return std::unexpected(UrlError::missing_scheme);
  }

  Url url;
  url.scheme = lower(text.substr(0, colon));
  url.port = default_port(url.scheme);
  if (url.port == 0) return std::unexpected(UrlError::unsupported_scheme);
  text.remove_prefix(colon + 3);

  const std::size_t hash = text.find('#');
  if (hash != std::string_view::npos) {
    if (url.scheme.starts_with("ws")) return std::unexpected(UrlError::fragment);
    text = text.substr(0, hash);
  }

  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  if (contains(authority, '@')) return std::unexpected(UrlError::user_information);
  const auto parsed = parse_authority(authority);
  if (!parsed) return std::unexpected(UrlError::bad_authority);
  if (parsed->port == 0) return std::unexpected(UrlError::port_zero);
  url.host = lower(parsed->host);
  url.port = parsed->port.value_or(url.port);

  if (has_bad_escape(text)) return std::unexpected(UrlError::bad_escape);
  const std::string_view path = text.substr(0, text.find('?'));
  if (!path.empty()) url.path = path;
  text.remove_prefix(path.size());
  if (!text.empty()) url.query = text.substr(1);
  return url;
}

bool Url::has_default_port() const noexcept {
  return port == default_port(scheme);
}

std::string Url::authority() const {
  std::string result = contains(host, ':') ? "[" + host + "]" : host;
  if (!has_default_port()) result += ":" + std::to_string(port);
  return result;
}

std::string Url::target() const {
  return query.empty() ? path : path + "?" + query;
}

std::string Url::text() const {
  return scheme + "://" + authority() + target();
}

namespace {

/// How many dots the percent-decoded `segment` consists of; zero when it holds anything else.
std::size_t count_dots(std::string_view segment) noexcept {
  std::size_t count = 0;
  while (!segment.empty()) {
    if (next_decoded_byte(segment) != '.') return 0;
    ++count;
  }
  return count;
}

/// The length of `text`'s scheme, up to its colon; zero when it has none (RFC 3986 section 3.1).
std::size_t scheme_length(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_letter(text.front())) return 0;
  const bool scheme = std::ranges::all_of(text.substr(0, colon), [](char character) {
    return is_letter(character) || is_digit(character) || contains("+-.", character);
  });
  return scheme ? colon : 0;
}

}  // namespace

std::string remove_dot_segments(std::string_view path) {
  std::string result;
  result.reserve(path.size() + 1);
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const std::string_view segment = path.substr(0, path.find('/'));
    const bool last = segment.size() == path.size();
    const std::size_t dots = count_dots(segment);
    if (dots == 2) result.resize(result.empty() ? 0 : result.rfind('/'));
    if (dots != 1 && dots != 2) {
      result += '/';
      result += segment;
    } else if (last) {
      result += '/';  // `/a/.` is a folder: `/a/`
    }
    if (last) return result;
    path.remove_prefix(segment.size() + 1);
  }
}

std::expected<Url, UrlError> resolve(const Url& base, std::string_view reference) {
  reference = reference.substr(0, reference.find('#'));
  if (scheme_length(reference) != 0 || reference.starts_with("//")) {
    auto url = reference.starts_with("//") ? Url::parse(base.scheme + ":" + std::string(reference))
                                           : Url::parse(reference);
    if (url) url->path = remove_dot_segments(url->path);
    return url;
  }

  const std::string_view path = reference.substr(0, reference.find('?'));
  std::string text = base.scheme + "://" + base.authority();
  if (path.starts_with('/')) {
    text += remove_dot_segments(path);
  } else if (!path.empty()) {
    text += remove_dot_segments(base.path.substr(0, base.path.rfind('/') + 1).append(path));
  } else {
    text += base.path;
    if (reference.empty() && !base.query.empty()) text += "?" + base.query;
  }
  return Url::parse(text.append(reference.substr(path.size())));
}

bool same_origin(const Url& left, const Url& right) noexcept {
  return left.scheme == right.scheme && left.host == right.host && left.port == right.port;
}

}  // namespace duplex::http

#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace duplex::http {

/// Host and port of a URL or of a Host field, as views of its text.
struct Authority {
  /// As it came; an IPv6 address without its brackets.
  std::string_view host;
  /// nullopt when there is none, or an empty one (`host:`).
  std::optional<std::uint16_t> port;
};

/// Parses `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2): a name, an IPv4
/// address or a bracketed IPv6 address. nullopt for anything else: user information, an empty host,
/// percent-encoding (which no resolver knows), zone identifiers, and ports above 65535.
std::optional<Authority> parse_authority(std::string_view text) noexcept;

/// Whether `text` is an IPv6 address (RFC 4291 section 2.2), without brackets or a zone.
bool is_ipv6_address(std::string_view text) noexcept;

/// Why a text is not a URL that can be dialled.
enum class UrlError : std::uint8_t {
  too_long,            ///< More than `Url::size_max`.
  bad_character,       ///< A space, control byte, byte above ASCII, `\`, `"`, or the like
                       ///< (RFC 3986 section 2).
  bad_escape,          ///< A `%` without two hexadecimal digits (RFC 3986 section 2.1).
  missing_scheme,      ///< No `scheme://` (RFC 3986 section 3.1).
  unsupported_scheme,  ///< Not http, https, ws or wss.
  user_information,    ///< `user@host` (RFC 9110 section 4.2.4).
  bad_authority,       ///< Host or port can't be one (RFC 3986 section 3.2).
  port_zero,           ///< Nothing listens there.
  fragment,            ///< `#...` in a ws or wss URL (RFC 6455 section 3).
};

/// A sentence for whoever typed the URL.
std::string_view describe(UrlError error) noexcept;

/// The category of `UrlError`, named "url"; its messages are what `describe` says. Its values are
/// counted from 1, since 0 would be no error. Lives for ever; any thread.
const std::error_category& url_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(UrlError error) noexcept;

/// An absolute URL of the schemes that this library speaks, in parts that own their text.
struct Url {
  /// What browsers and proxies accept, roughly; our own server accepts less.
  static constexpr std::size_t size_max = std::size_t{64} * 1024;

  /// `http`, `https`, `ws` or `wss`.
  std::string scheme;
  /// In lower case; an IPv6 address without its brackets.
  std::string host;
  /// The scheme's own when the text names none.
  std::uint16_t port = 0;
  /// Still percent-encoded; begins with `/`.
  std::string path = "/";
  /// Without the `?`, still encoded.
  std::string query;

  /// The fragment of an http or https URL is dropped, since it's never sent.
  static std::expected<Url, UrlError> parse(std::string_view text);

  /// Whether the connection is to be encrypted: https and wss.
  bool is_secure() const noexcept { return scheme == "https" || scheme == "wss"; }

  /// Whether `port` is the scheme's own, which nobody writes out.
  bool has_default_port() const noexcept;

  /// What the Host field carries: the port only when it isn't the scheme's own.
  std::string authority() const;

  /// What the request line carries: path and query.
  std::string target() const;

  /// The whole URL; what `parse` reads.
  std::string text() const;

  bool operator==(const Url&) const = default;
};

/// What `reference`, such as the value of a Location field, means where `base` is what was asked
/// for (RFC 3986 section 5.2): an absolute URL, `//host/path`, `/path`, `path`, `?query` or
/// nothing. Dot segments are removed. The fragment is dropped, as `Url::parse` drops it.
std::expected<Url, UrlError> resolve(const Url& base, std::string_view reference);

/// Takes the segments `.` and `..` out of a path (RFC 3986 section 5.2.4), also where they are
/// percent-encoded, as browsers do: a server might decode them before it looks. The result begins
/// with `/`.
std::string remove_dot_segments(std::string_view path);

/// Whether scheme, host and port are the same (RFC 9110 section 4.3.1): what a server was told
/// there, it may be told here.
bool same_origin(const Url& left, const Url& right) noexcept;

}  // namespace duplex::http

template <>
struct std::is_error_code_enum<duplex::http::UrlError> : std::true_type {};

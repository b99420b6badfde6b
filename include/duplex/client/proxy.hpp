#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::client {

/// By which proxy a client goes. None, unless the environment names one.
struct ProxyOptions {
  /// For every URL but those that `no_proxy` names, those of this machine too:
  /// "http://user:password@host:3128", "socks5://host:1080"; what `Proxy::parse` reads.
  std::string url = {};
  /// Hosts that are connected to directly, separated by commas or blanks; replaces the
  /// environment's list where it is not empty. Each of them is
  ///
  /// - `*`: all hosts;
  /// - a name, "example.com", ".example.com" or "*.example.com": the host and all below it;
  /// - an address, "10.0.0.1", "::1" or "[::1]";
  /// - a block of addresses, "10.0.0.0/8" or "fd00::/8" (RFC 4632, RFC 4291 section 2.3).
  ///
  /// A name or an address (of IPv6 in brackets) may end in ":port", for that port only. Addresses
  /// are those that URLs name: no name is resolved to look whether it is among them.
  std::string no_proxy = {};
  /// Whether the environment is asked where `url` or `no_proxy` is empty: `https_proxy`,
  /// `HTTPS_PROXY` (for https and wss), `http_proxy` (for http and ws), `all_proxy`, `ALL_PROXY`,
  /// and `no_proxy`, `NO_PROXY`; the first that is not empty counts. There is no `HTTP_PROXY`: in a
  /// CGI program it holds a field of the request, so that any client could name the proxy
  /// (CVE-2016-5385). The environment's proxies are never used for this machine itself: localhost,
  /// 127.0.0.0/8, ::1.
  bool from_environment = true;
};

/// The rules that the text of a proxy can break.
enum class ProxyUrlError : std::uint8_t {
  bad_character,       ///< A blank or control byte.
  unsupported_scheme,  ///< Not http, socks5 or socks5h.
  bad_escape,          ///< In user name or password: `%` without two hexadecimal digits.
  bad_authority,       ///< Host or port can't be one (RFC 3986 section 3.2).
  port_zero,           ///< Nothing listens there.
  path,                ///< A path, query or fragment, which no proxy has.
  bad_credentials,     ///< What the protocol can't say: RFC 7617 section 2, RFC 1929 section 2.
};

/// How many of these errors there are; their values run from 0 to this, exclusive.
inline constexpr std::size_t proxy_url_error_count =
    static_cast<std::size_t>(ProxyUrlError::bad_credentials) + 1;

/// A sentence without a full stop for whoever wrote the text. Never echoes it: it may hold a
/// password. Static.
std::string_view describe(ProxyUrlError error) noexcept;

/// What a proxy is spoken to with.
enum class ProxyProtocol : std::uint8_t {
  http,    ///< Requests to the proxy, and CONNECT for tunnels (RFC 9110 sections 7.7 and 9.3.6).
  socks5,  ///< RFC 1928.
};

/// A name and a password to log in with.
struct ProxyCredentials {
  std::string user;
  std::string password;

  bool operator==(const ProxyCredentials&) const = default;
};

/// A proxy.
struct Proxy {
  /// The port where none is named, with either protocol: curl's practice, which those who write
  /// such variables have in mind (browsers and Go take 80 for HTTP; squid listens on 3128).
  static constexpr std::uint16_t default_port = 1080;

  ProxyProtocol protocol = ProxyProtocol::http;
  /// In lower case; an IPv6 address without its brackets.
  std::string host = {};
  std::uint16_t port = default_port;
  std::optional<ProxyCredentials> credentials = std::nullopt;

  /// Reads `[scheme "://"] [user [":" password] "@"] host [":" port] ["/"]`. The scheme is `http`,
  /// also where there is none, or `socks5` or `socks5h`, which mean the same: the proxy resolves
  /// the server's name, so that nobody here learns it (with curl, `socks5` would resolve here). TLS
  /// to the proxy (`https://`) and SOCKS4 are not supported. User name and password are
  /// percent-decoded.
  static std::expected<Proxy, ProxyUrlError> parse(std::string_view text);

  /// Such as "http://host:3128", for logs: without user name and password.
  std::string text() const;

  bool operator==(const Proxy&) const = default;
};

/// The value of the Proxy-Authorization field for requests to an HTTP proxy (RFC 9110 section
/// 11.7.2), those for http URLs as well as CONNECT: `Basic dXNlcjpwYXNz`. nullopt without
/// credentials. Throws std::invalid_argument for such as `parse` never returns, see
/// `http::basic_authorization`.
std::optional<std::string> proxy_authorization(const Proxy& proxy);

}  // namespace duplex::client

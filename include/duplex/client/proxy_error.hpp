#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/http/status.hpp>
#include <duplex/http1/error.hpp>

namespace duplex::client {

/// Why a proxy did not lead to the server. The values of a std::error_code's category of its own,
/// named "proxy": compare with `error == duplex::client::ProxyError::login_refused`. Those that say
/// what a system error says, such as `connection_refused`, equal that std::errc, too.
enum class ProxyError : std::uint8_t {
  // What can't be asked for
  host_not_sayable = 1,  ///< RFC 1928 section 5: 255 bytes at most; RFC 9112 section 3.2.3
  login_not_sayable,     ///< RFC 1929 section 2: 255 bytes at most, and a name; RFC 7617 section 2
  // Either protocol
  closed_early,   ///< closed before the answer was complete
  surplus_bytes,  ///< bytes behind the answer, where the client speaks first
  // SOCKS5
  not_socks5,              ///< RFC 1928 sections 3 and 6: an answer begins with its version, 5
  no_acceptable_method,    ///< RFC 1928 section 3: none of the ways to log in that were offered
  method_not_offered,      ///< RFC 1928 section 3: a way to log in that was not offered
  invalid_login_version,   ///< RFC 1929 section 2: the answer to a login begins with its version, 1
  login_refused,           ///< RFC 1929 section 2: any status but zero
  general_failure,         ///< RFC 1928 section 6: reply 1
  not_allowed,             ///< reply 2: a rule of the proxy forbids it
  network_unreachable,     ///< reply 3
  host_unreachable,        ///< reply 4
  connection_refused,      ///< reply 5
  ttl_expired,             ///< reply 6
  command_not_supported,   ///< reply 7
  address_not_supported,   ///< reply 8: a kind of address that it does not know
  unknown_reply,           ///< RFC 1928 section 6: 9 to 255 are not assigned
  reserved_byte_not_zero,  ///< RFC 1928 section 6: RSV
  unknown_address_type,    ///< RFC 1928 section 6: ATYP is 1, 3 or 4
  // HTTP CONNECT
  authentication_required,  ///< RFC 9110 section 15.5.8: 407, and nothing was sent to log in with
  authentication_refused,   ///< the same, or 401 (tinyproxy's answer), although a login was sent
  tunnel_refused,           ///< RFC 9110 section 9.3.6: another final status than 2xx
  malformed_response,       ///< RFC 9112: see `ProxyFailure::malformation`
};

/// How many of these errors there are; their values run from 1 to this, inclusive.
inline constexpr int proxy_error_count = static_cast<int>(ProxyError::malformed_response);

/// A sentence without a full stop that says what is wrong and, where that helps, what to check;
/// static.
std::string_view describe(ProxyError error) noexcept;

/// The category of `ProxyError`. Lives for ever; any thread.
const std::error_category& proxy_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(ProxyError error) noexcept;

/// Why a proxy did not lead to the server, with all that it told.
struct ProxyFailure {
  ProxyError error;
  /// Of an HTTP proxy that refused.
  std::optional<http::Status> status = std::nullopt;
  /// The reason phrase beside the status, which is often the proxy's own explanation; its first
  /// bytes, as they came.
  std::string reason = {};
  /// The content of the refusal, its first bytes as they came: as a rule a page in HTML.
  std::string content = {};
  /// Which rule of HTTP/1.1 `malformed_response` is about.
  std::optional<http1::Error> malformation = std::nullopt;

  bool operator==(const ProxyFailure&) const = default;
};

/// The sentence for the error, with status and reason, or the rule, where there are such: "the
/// proxy refused to connect: 403 Filtered". The reason is the proxy's own text.
std::string describe(const ProxyFailure& failure);

}  // namespace duplex::client

template <>
struct std::is_error_code_enum<duplex::client::ProxyError> : std::true_type {};

#pragma once

#include <cstdint>

namespace duplex::http1 {

/// How a message's content is delimited (RFC 9112 section 6).
enum class Framing : std::uint8_t {
  none,            ///< no content, and no field that says so (1xx, 204, 304)
  content_length,  ///< Content-Length, also when it is zero
  chunked,         ///< Transfer-Encoding: chunked
  until_close,     ///< the end of the connection is the end of the content (HTTP/1.0)
};

/// Options of the Connection field to write (RFC 9110 section 7.6.1).
struct ConnectionOptions {
  bool close = false;
  /// Said to HTTP/1.0 only, where it is not the rule.
  bool keep_alive = false;
  /// With status 101 and 426, whose Upgrade field it accompanies (RFC 9110 section 7.8).
  bool upgrade = false;

  friend constexpr bool operator==(const ConnectionOptions&, const ConnectionOptions&) = default;
};

/// How one response is framed and what becomes of the connection; made by `Exchange::plan`.
struct ResponsePlan {
  Framing framing = Framing::none;
  /// With `Framing::content_length`.
  std::uint64_t content_length = 0;
  /// False when the content must not be sent, whatever the fields announce (HEAD, 1xx, 204, 205,
  /// 304).
  bool send_content = false;
  /// Whether another request may follow on this connection. False for 101.
  bool persistent = true;
  ConnectionOptions connection = {};

  friend constexpr bool operator==(const ResponsePlan&, const ResponsePlan&) = default;
};

}  // namespace duplex::http1

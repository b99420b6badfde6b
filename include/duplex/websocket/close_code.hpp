#pragma once

#include <cstdint>

namespace duplex::websocket {

/// Why a WebSocket ends: the codes of RFC 6455 section 7.4.1 and of IANA's WebSocket Close Code
/// Number Registry. Any other number may be cast to it: 3000 to 3999 are registered by
/// libraries, 4000 to 4999 are private to the two applications (section 7.4.2).
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  ///< never on the wire: the close frame had no code
  abnormal = 1006,   ///< never on the wire: the connection ended without a close frame
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  mandatory_extension = 1010,
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
  tls_handshake = 1015,  ///< never on the wire: the TLS handshake failed
};

/// The number on the wire.
constexpr std::uint16_t number(CloseCode code) noexcept {
  return static_cast<std::uint16_t>(code);
}

/// Whether a close frame from the peer may carry `code` (RFC 6455 section 7.4).
///
/// 1000 to 1003 and 1007 to 1014, as registered by now, and 3000 to 4999. 1004, 1005, 1006 and
/// 1015 are reserved and never on the wire; 1016 to 2999 belong to future revisions of the
/// protocol, which nobody speaks with us; below 1000 and from 5000 on nothing is defined.
constexpr bool may_be_received(CloseCode code) noexcept {
  const std::uint16_t value = number(code);
  return (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
         (value >= 3000 && value <= 4999);
}

/// Whether we may put `code` into a close frame. The same codes as may be received: 1010 is
/// meant for clients and 1011 for servers, but no peer checks that, and a proxy passes both on.
constexpr bool may_be_sent(CloseCode code) noexcept {
  return may_be_received(code);
}

}  // namespace duplex::websocket

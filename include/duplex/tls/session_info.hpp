#pragma once

#include <string_view>

#include <duplex/tls/certificate.hpp>

namespace duplex::tls {

/// What was agreed on for an encrypted connection. Views hold as long as whatever told it: a
/// request, a handle of a WebSocket.
struct SessionInfo {
  /// `TLSv1.3` or `TLSv1.2`.
  std::string_view protocol;
  /// The suite by its registered name: `TLS_AES_128_GCM_SHA256`.
  std::string_view cipher;
  /// What ALPN chose (RFC 7301), such as `http/1.1`; empty when an end did without it.
  std::string_view application_protocol;
  /// The host that the client asked for (SNI); empty when it named none.
  std::string_view server_name;
  /// Whether an earlier session was resumed, which spares the costly part of the handshake.
  bool resumed = false;
  /// The peer's certificate, which was verified, unless a client does without that; nullptr when it
  /// has shown none.
  const Certificate* peer_certificate = nullptr;
};

}  // namespace duplex::tls

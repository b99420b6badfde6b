#pragma once

#include <cstdint>
#include <string>

namespace duplex::tls {

/// Why a connection can't be, or is no longer, encrypted.
enum class FailureKind : std::uint8_t {
  clear_http,          ///< an HTTP request came in clear
  not_tls,             ///< what came is no TLS (RFC 8446 section 5.1)
  no_common_version,   ///< the peer speaks only versions that are too old
  no_common_cipher,    ///< no suite, group or signature that both have
  no_common_protocol,  ///< ALPN: the client speaks nothing that we do (RFC 7301 section 3.2)
  certificate,         ///< the peer's certificate is missing, or was not accepted
  alert,               ///< the peer gave up, and said why
  broken,     ///< a record or message that the protocol forbids, or that was changed on its way
  truncated,  ///< the peer's end came without close_notify (RFC 8446 section 6.1), or while hands
              ///< were shaken
  timed_out,  ///< the handshake took too long
  internal,   ///< memory, or a mistake of ours
};

/// What went wrong, with a sentence for the log, without a full stop.
struct Failure {
  FailureKind kind = FailureKind::internal;
  std::string sentence;
};

}  // namespace duplex::tls

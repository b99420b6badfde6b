#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tls/client_sessions.hpp"
#include "tls/openssl.hpp"
#include "tls/public_key_pin.hpp"
#include "tls/session_tickets.hpp"
#include <duplex/tls/certificate.hpp>
#include <duplex/tls/client_options.hpp>

namespace duplex::tls {

/// What hangs on a client's context, and all of its connections share.
struct ClientPolicy {
  bool verifies = true;
  std::vector<PublicKeyPin> pins = {};  ///< empty: any key
  ClientSessions sessions = {};
  Calendar calendar = std::chrono::system_clock::now;

  /// Whether the server of `leaf` has one of the pinned keys, if any are. Throws std::bad_alloc.
  bool accepts_key_of(const X509& leaf) const;
};

/// Reads and checks all that `options` name, and makes a context of it for the clients' ends, with
/// a `ClientPolicy` attached. The client's own certificate goes to `certificates`, and to
/// `warnings` what is no error, and yet worth knowing. Throws Unusable.
SslContextPointer make_client_context(const ClientOptions& options, std::chrono::sys_seconds now,
                                      std::vector<Certificate>& certificates,
                                      std::vector<std::string>& warnings);

}  // namespace duplex::tls

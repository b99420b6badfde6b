#pragma once

#include <string>

namespace duplex::tls {

/// Whom a client's connection is to reach.
struct ClientTarget {
  /// What the server's certificate has to be for: a DNS name, as A-labels, or an IPv4 or IPv6
  /// address without brackets. A name is told to the server, too (SNI, RFC 6066 section 3).
  std::string host;
  /// Names what may resume the sessions of this connection, together with `host`: the port, say.
  /// Empty: nothing is resumed and nothing kept.
  std::string session_key = {};
};

}  // namespace duplex::tls

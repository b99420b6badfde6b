#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace duplex::tls {

/// What a certificate says (RFC 5280), for people and for decisions about a peer.
struct Certificate {
  /// The distinguished name in one line, most specific first: `CN=device 7,O=Example` (RFC 4514).
  std::string subject;
  std::string issuer;
  /// Hexadecimal, without leading zeros.
  std::string serial;
  /// The alternative names (RFC 5280 section 4.2.1.6); wildcards as they are.
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  std::vector<std::string> emails;
  std::vector<std::string> uris;
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;
  /// SHA-256 of the whole certificate, as pairs of upper-case digits: `AB:CD:…`.
  std::string fingerprint;
};

}  // namespace duplex::tls

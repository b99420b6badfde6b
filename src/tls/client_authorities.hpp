#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tls/openssl.hpp"

namespace duplex::tls {

/// The authorities whose clients are let in (mutual TLS).
struct ClientAuthorities {
  StorePointer store;
  /// What clients are told, so that they know which of their certificates to show.
  NameStackPointer names;
  /// The PEM text that it all was made of.
  std::string content;
  std::vector<std::string> warnings;
};

/// Reads what `option` names, a file or PEM text. Throws Unusable.
ClientAuthorities load_client_authorities(const std::string& option, std::chrono::sys_seconds now);

}  // namespace duplex::tls

#pragma once

#include <chrono>

#include "tls/loaded_credential.hpp"

namespace duplex::tls {

/// How long before a certificate's end it is time to say so; those who renew by ACME (RFC 8555) do
/// it about 30 days before, so that something has gone wrong then.
inline constexpr std::chrono::days expiry_warning{14};

/// Holds what was read, and is for `purpose`, against what the other end will demand. Sets the
/// key's type and adds warnings. Throws Unusable for what no peer would accept.
void check_credential(LoadedCredential& credential, std::chrono::sys_seconds now, Purpose purpose);

}  // namespace duplex::tls

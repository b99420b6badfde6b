#pragma once

#include <array>
#include <string_view>

#include "tls/loaded_credential.hpp"
#include "tls/openssl.hpp"
#include <duplex/tls/version.hpp>

/// What both ends of a connection offer: versions, suites, groups, signatures, and what is spoken
/// inside.
namespace duplex::tls {

/// What is spoken inside, the preferred first (ALPN, RFC 7301).
inline constexpr std::array<std::string_view, 1> application_protocols{"http/1.1"};

/// A context of the end that `method` is for, with nothing in it but what is offered here and how
/// it behaves; verifies nobody. Throws Unusable.
SslContextPointer make_ssl_context(const SSL_METHOD& method, Version version_min);

/// Shows `credential` to the peers of `context`. Throws Unusable.
void install(SSL_CTX& context, const LoadedCredential& credential);

}  // namespace duplex::tls

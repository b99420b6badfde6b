#pragma once

#include <openssl/types.h>

#include <string_view>

#include "tls/failure.hpp"

/// Why a certificate was refused, in the library's words.
namespace duplex::tls {

/// The kind of one of OpenSSL's results of a verification (X509_V_ERR_...).
TlsError refusal_kind(int result) noexcept;

/// Why `verification`, of a server's certificate, has failed; `host` is whom it had to be for.
/// Throws std::bad_alloc.
Failure refusal_of(X509_STORE_CTX& verification, std::string_view host);

}  // namespace duplex::tls

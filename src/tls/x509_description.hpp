#pragma once

#include <openssl/x509.h>

#include <chrono>
#include <string>

#include <duplex/tls/certificate.hpp>

/// What OpenSSL's certificates say, in the library's words.
namespace duplex::tls {

/// All that a user is told of `certificate`. Alternative names with characters that have no place
/// in them (a zero byte, say, by which `good.example\0.evil.example` once passed for another name)
/// are left out. Throws std::bad_alloc.
Certificate describe_x509(const X509& certificate);

/// A distinguished name in one line (RFC 4514), in UTF-8.
std::string name_text(const X509_NAME& name);

/// The subject's last common name (RFC 5280 section 4.1.2.6), where old certificates have the host;
/// empty when there is none, or when it holds blanks or more than printable ASCII.
std::string common_name(const X509& certificate);

/// The time that `time` names; the epoch when it is malformed.
std::chrono::sys_seconds seconds_of(const ASN1_TIME& time) noexcept;

/// A time for people: `2030-01-31 23:59:59 UTC`.
std::string time_text(std::chrono::sys_seconds time);

}  // namespace duplex::tls

#pragma once

#include <string>
#include <string_view>

namespace duplex::http {

/// The value of an Authorization or Proxy-Authorization field with a name and a password (RFC
/// 7617): `Basic dXNlcjpwYXNz`. Anybody who reads it knows both: for encrypted connections. Both
/// are sent as they are, which is to be UTF-8. Throws std::invalid_argument when the name holds a
/// colon, which would end it, or either holds a control byte.
std::string basic_authorization(std::string_view user, std::string_view password);

/// The value of an Authorization field with a token (RFC 6750 section 2.1): `Bearer abc`.
/// Throws std::invalid_argument when it is empty or holds a byte that no such token may: all but
/// letters, digits, `-._~+/` and, at its end, `=`.
std::string bearer_authorization(std::string_view token);

}  // namespace duplex::http

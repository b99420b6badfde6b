#pragma once

#include <cstdint>

namespace duplex::tls {

/// Versions of TLS (RFC 5246, RFC 8446). What is older is not offered (RFC 8996).
enum class Version : std::uint8_t { tls_1_2, tls_1_3 };

}  // namespace duplex::tls

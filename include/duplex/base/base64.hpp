#pragma once

#include <string>

#include <duplex/base/bytes.hpp>

namespace duplex {

/// `bytes` in base64 with its padding and without line breaks (RFC 4648 section 4).
std::string encode_base64(ConstBytes bytes);

}  // namespace duplex

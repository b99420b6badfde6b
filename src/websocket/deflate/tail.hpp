#pragma once

#include <array>
#include <cstddef>

#include <duplex/base/bytes.hpp>

namespace duplex::websocket {

/// The end of a flushed DEFLATE stream, which is not sent: the length of an empty stored block
/// (RFC 7692 section 7.2.1). Whoever inflates puts it back (section 7.2.2).
inline constexpr std::array flush_tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                       std::byte{0xFF}};

/// What the tail's first three bits and padding make alone: the smallest message, an empty one
/// (RFC 7692 section 7.2.3.6), and what has to stand behind a block that ends the stream
/// (section 7.2.3.4).
inline constexpr std::byte empty_block{0x00};

}  // namespace duplex::websocket

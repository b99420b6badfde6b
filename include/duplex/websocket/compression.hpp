#pragma once

#include <cstdint>

namespace duplex::websocket {

/// Whether a message is to be compressed, where that was agreed on (permessage-deflate, RFC 7692).
enum class Compression : std::uint8_t {
  by_size,  ///< if it is long enough (`DeflateOptions::threshold_bytes`) and gets shorter by it
  never,    ///< for what is compressed already, or secret beside what others may choose (CRIME)
  always,   ///< even if it gets longer
};

}  // namespace duplex::websocket

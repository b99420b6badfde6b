#pragma once

#include <cstdint>

namespace duplex::websocket {

/// Whether a message is to be compressed, where that was agreed on (permessage-deflate, RFC 7692).
enum class Compression : std::uint8_t {
  /// If it is long enough (`DeflateOptions::threshold_bytes`) and gets shorter by it; where a
  /// window
  /// is kept, which then has it already, also if it gets longer by a few bytes.
  by_size,
  never,   ///< for what is compressed already, or secret beside what others may choose (CRIME)
  always,  ///< even if it gets longer
};

}  // namespace duplex::websocket

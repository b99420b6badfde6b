#pragma once

#include <cstddef>

#include <duplex/base/byte_queue.hpp>

namespace duplex::websocket {

/// Drops what was made in `buffer`, and its block if that is large: others of this thread may need
/// it, and what comes here may never be as large again.
inline void trim_buffer(ByteQueue& buffer) noexcept {
  constexpr std::size_t kept_bytes_max = std::size_t{256} * 1024;
  if (buffer.capacity() > kept_bytes_max) buffer.release();
  buffer.clear();
}

}  // namespace duplex::websocket

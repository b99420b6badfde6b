#pragma once

#include <cstddef>

#include <duplex/base/byte_queue.hpp>

namespace duplex::websocket {

/// Empties `buffer`, of which the next message is made. A large block is not kept for what may
/// never be large again.
inline void prepare_again(ByteQueue& buffer) noexcept {
  constexpr std::size_t kept_bytes_max = std::size_t{256} * 1024;
  if (buffer.capacity() > kept_bytes_max) buffer.release();
  buffer.clear();
}

}  // namespace duplex::websocket

#include "websocket/mask_blocks.hpp"

namespace duplex::websocket {

void mask_blocks(const std::byte* from, std::byte* to, std::size_t size,
                 std::uint32_t key) noexcept {
  mask_by_vectors<16>(from, to, size, key);
}

}  // namespace duplex::websocket

#include "base/spare_blocks.hpp"

#include <algorithm>
#include <cstdlib>

namespace duplex {

namespace {

/// Whether this thread's blocks are freed already: objects with static storage live longer.
bool& ended() noexcept {
  static thread_local bool value = false;
  return value;
}

}  // namespace

SpareBlocks::Kept::~Kept() {
  ended() = true;
  while (count > 0) std::free(blocks[--count].memory);
}

SpareBlocks::Kept* SpareBlocks::kept() noexcept {
  if (ended()) return nullptr;
  static thread_local Kept value;
  return &value;
}

SpareBlocks::Block SpareBlocks::take_kept(std::size_t size_min) noexcept {
  Kept* const spare = kept();
  if (spare == nullptr) return {};
  Block* best = nullptr;
  // Of equal ones the last, which the processor's cache may still have.
  for (std::size_t i = spare->count; i-- > 0;) {
    Block& block = spare->blocks[i];
    const bool fits = block.size >= size_min && block.size <= 2 * size_min;
    if (fits && (best == nullptr || block.size < best->size)) best = &block;
  }
  if (best == nullptr) return {};
  const Block taken = *best;
  std::move(best + 1, spare->blocks.data() + spare->count, best);
  --spare->count;
  spare->bytes -= taken.size;
  return taken;
}

void SpareBlocks::keep(Block block) noexcept {
  Kept* const spare = kept();
  if (spare == nullptr) {
    std::free(block.memory);
    return;
  }
  std::size_t dropped = 0;
  while (spare->count - dropped == blocks_max || spare->bytes + block.size > kept_bytes_max) {
    const Block& longest_unused = spare->blocks[dropped++];
    spare->bytes -= longest_unused.size;
    std::free(longest_unused.memory);
  }
  if (dropped > 0) {
    Block* const begin = spare->blocks.data();
    std::move(begin + dropped, begin + spare->count, begin);
    spare->count -= dropped;
  }
  spare->blocks[spare->count++] = block;
  spare->bytes += block.size;
}

}  // namespace duplex

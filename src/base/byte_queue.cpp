#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/spare_blocks.hpp"
#include <duplex/base/byte_queue.hpp>

namespace duplex {

void ByteQueue::append(ConstBytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void ByteQueue::expect(std::size_t size) noexcept {
  if (size <= capacity_) return;
  const SpareBlocks::Block spare = SpareBlocks::take(size);
  if (spare.memory != nullptr) move_to(static_cast<std::byte*>(spare.memory), spare.size);
}

void ByteQueue::make_room(std::size_t size) {
  const std::size_t used = this->size();
  if (used + size <= capacity_ && begin_ >= capacity_ / 2) {
    std::memmove(block_, block_ + begin_, used);
    begin_ = 0;
    end_ = used;
    return;
  }
  const std::size_t capacity = std::max({used + size, capacity_ * 2, std::size_t{256}});
  SpareBlocks::Block grown = SpareBlocks::take(capacity);
  if (grown.memory == nullptr) grown = {.memory = std::malloc(capacity), .size = capacity};
  if (grown.memory == nullptr) throw std::bad_alloc();
  move_to(static_cast<std::byte*>(grown.memory), grown.size);
}

/// Moves the content to the beginning of `block`, which it owns from then on.
void ByteQueue::move_to(std::byte* block, std::size_t capacity) noexcept {
  const std::size_t used = size();
  if (used > 0) std::memcpy(block, block_ + begin_, used);
  release();
  block_ = block;
  capacity_ = capacity;
  end_ = used;
}

void ByteQueue::consume(std::size_t size) noexcept {
  begin_ += size;
  if (begin_ == end_) clear();
}

void ByteQueue::release() noexcept {
  SpareBlocks::give_back({.memory = block_, .size = capacity_});
  block_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

}  // namespace duplex

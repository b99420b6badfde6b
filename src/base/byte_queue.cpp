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

void ByteQueue::append(ConstBytes bytes, std::uint64_t bytes_to_come) {
  if (capacity_ - end_ < bytes.size()) {
    const std::uint64_t whole = size() + bytes_to_come;
    const SpareBlocks::Block spare = SpareBlocks::take(static_cast<std::size_t>(whole));
    if (spare.memory != nullptr) {
      move_to(static_cast<std::byte*>(spare.memory), spare.size);
    } else {
      const std::uint64_t capacity = grown_capacity(size() + bytes.size(), whole);
      move_to_new_block(static_cast<std::size_t>(capacity));
    }
  }
  append(bytes);
}

// Out of line, so that `append` stays small for what is usual.
[[gnu::noinline]] void ByteQueue::make_room(std::size_t size) {
  const std::size_t used = this->size();
  if (used + size <= capacity_ && begin_ >= capacity_ / 2) {
    std::memmove(block_, block_ + begin_, used);
    begin_ = 0;
    end_ = used;
    return;
  }
  move_to_new_block(std::max({used + size, capacity_ * 2, std::size_t{256}}));
}

void ByteQueue::move_to_new_block(std::size_t capacity) {
  SpareBlocks::Block block = SpareBlocks::take(capacity);
  if (block.memory == nullptr) block = {.memory = std::malloc(capacity), .size = capacity};
  if (block.memory == nullptr) throw std::bad_alloc();
  move_to(static_cast<std::byte*>(block.memory), block.size);
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

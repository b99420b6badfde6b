#include <algorithm>
#include <cstring>
#include <new>

#include <duplex/base/byte_queue.hpp>

namespace duplex {

void ByteQueue::append(ConstBytes bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void ByteQueue::make_room(std::size_t size) {
  const std::size_t used = this->size();
  if (used + size <= capacity_ && begin_ >= capacity_ / 2) {
    std::memmove(block_.get(), block_.get() + begin_, used);
  } else {
    const std::size_t capacity = std::max({used + size, capacity_ * 2, std::size_t{256}});
    std::unique_ptr<std::byte, Free> grown(static_cast<std::byte*>(std::malloc(capacity)));
    if (!grown) throw std::bad_alloc();
    if (used > 0) std::memcpy(grown.get(), block_.get() + begin_, used);
    block_ = std::move(grown);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = used;
}

void ByteQueue::consume(std::size_t size) noexcept {
  begin_ += size;
  if (begin_ == end_) clear();
}

void ByteQueue::release() noexcept {
  block_.reset();
  begin_ = end_ = capacity_ = 0;
}

}  // namespace duplex

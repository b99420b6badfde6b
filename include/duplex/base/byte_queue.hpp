#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <duplex/base/bytes.hpp>

namespace duplex {

/// A growing queue of bytes in one contiguous block: written at the back, read from the front.
///
/// The block is never zeroed. From 32 KiB on it is one of those that the thread keeps, if one fits,
/// and goes back to them, so that it costs no page faults each time. Views of its content hold
/// until the next call that writes or consumes. Not for several threads.
class ByteQueue {
 public:
  /// Owns no block until something is written.
  ByteQueue() noexcept = default;

  /// Takes content and block; `other` is as new, and may be used again.
  ByteQueue(ByteQueue&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  ByteQueue& operator=(ByteQueue&& other) noexcept {
    ByteQueue taken(std::move(other));
    std::swap(block_, taken.block_);
    std::swap(begin_, taken.begin_);
    std::swap(end_, taken.end_);
    std::swap(capacity_, taken.capacity_);
    return *this;
  }
  ByteQueue(const ByteQueue&) = delete;
  ByteQueue& operator=(const ByteQueue&) = delete;
  ~ByteQueue() {
    if (block_ != nullptr) release();
  }

  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t capacity() const noexcept { return capacity_; }

  /// All that is queued, oldest first.
  Bytes content() noexcept { return {block_ + begin_, size()}; }
  ConstBytes content() const noexcept { return {block_ + begin_, size()}; }

  /// Queues a copy of `bytes`, which may not be part of this queue.
  void append(ConstBytes bytes);
  void append(std::string_view text) { append(as_bytes(text)); }
  /// The same, where `bytes` are the first of `bytes_to_come`, as their sender claims. The block
  /// will not be larger than for all of these; nor is it at once, unless the thread keeps one.
  void append(ConstBytes bytes, std::uint64_t bytes_to_come);

  /// Room for `size` more bytes behind the content; what is written there counts after `commit`.
  Bytes prepare(std::size_t size) {
    if (capacity_ - end_ < size) make_room(size);
    return {block_ + end_, size};
  }
  void commit(std::size_t size) noexcept { end_ += size; }

  /// Takes back the `size` youngest bytes.
  void retract(std::size_t size) noexcept { end_ -= size; }

  /// Drops the `size` oldest bytes; the block stays for what comes next.
  void consume(std::size_t size) noexcept;

  /// Drops all content and keeps the block.
  void clear() noexcept { begin_ = end_ = 0; }

  /// Drops all content and gives the block back.
  void release() noexcept;

 private:
  void make_room(std::size_t size);
  void move_to_new_block(std::size_t capacity);
  void move_to(std::byte* block, std::size_t capacity) noexcept;

  std::byte* block_ = nullptr;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace duplex

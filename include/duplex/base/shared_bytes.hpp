#pragma once

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <utility>

#include <duplex/base/bytes.hpp>

namespace duplex {

/// Immutable bytes with shared ownership: one allocation, one pointer wide, counted atomically.
///
/// A copy is another reference to the same bytes; the last one frees them. Copies may be made and
/// dropped in any thread. The bytes never change, so that they may be read from any thread too.
class SharedBytes {
 public:
  /// No bytes, no allocation.
  SharedBytes() noexcept = default;

  /// Copies `parts`, one after the other, into one new block.
  static SharedBytes concatenation(std::initializer_list<ConstBytes> parts);

  /// Copies `bytes`.
  static SharedBytes copy_of(ConstBytes bytes) { return concatenation({bytes}); }

  SharedBytes(const SharedBytes& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() {
    if (block_ != nullptr) release(block_);
  }

  /// The bytes; valid as long as any reference to them lives.
  ConstBytes bytes() const noexcept {
    if (block_ == nullptr) return {};
    return {reinterpret_cast<const std::byte*>(block_ + 1), block_->size};
  }
  std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
  bool empty() const noexcept { return size() == 0; }

 private:
  struct Block {
    std::atomic<std::size_t> references{1};
    std::size_t size = 0;
  };

  static void release(Block* block) noexcept;

  Block* block_ = nullptr;
};

}  // namespace duplex

#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace duplex {

/// Base of classes whose objects come and go quickly: a thread keeps the memory of a few that went
/// for those that come. Costs less than the heap, and spares it the holes that short-lived objects
/// leave between long-lived ones.
template <class T>
class Recycled {
 public:
  static void* operator new(std::size_t size) {
    Spare& spare = spare_blocks();
    if (size == sizeof(T) && spare.count > 0) return spare.blocks[--spare.count];
    return ::operator new(size);
  }

  static void operator delete(void* block, std::size_t size) noexcept {
    Spare& spare = spare_blocks();
    if (size == sizeof(T) && spare.count < spare.blocks.size()) {
      spare.blocks[spare.count++] = block;
    } else {
      // The analyzer follows an owner that it believes to be null.
      ::operator delete(block);  // NOLINT(clang-analyzer-cplusplus.NewDelete)
    }
  }

 private:
  friend T;
  Recycled() = default;

  /// As many as one burst of connections needs at a time.
  struct Spare {
    ~Spare() {
      while (count > 0) ::operator delete(blocks[--count]);
    }
    std::array<void*, 64> blocks;
    std::size_t count = 0;
  };

  static Spare& spare_blocks() noexcept {
    thread_local Spare spare;
    return spare;
  }
};

}  // namespace duplex

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace duplex {

/// Memory for what is large and soon gone, such as a message that is being collected: a thread
/// keeps a few of the blocks that were given back. Taken from the system, and given back to it, a
/// block costs a page fault for each of its pages, which is more than copying as much.
class SpareBlocks {
 public:
  /// Memory by malloc, and how much of it there is.
  struct Block {
    void* memory = nullptr;
    std::size_t size = 0;
  };

  /// No more blocks are kept than these, nor more bytes. What was not used for the longest time
  /// goes first: a thread comes to keep the sizes that it needs now.
  static constexpr std::size_t blocks_max = 32;
  static constexpr std::size_t kept_bytes_max = std::size_t{16} * 1024 * 1024;
  /// Smaller blocks are not kept, nor larger ones, for which too many others would have to go.
  static constexpr std::size_t block_bytes_min = std::size_t{32} * 1024;
  static constexpr std::size_t block_bytes_max = kept_bytes_max / 4;

  /// This thread's smallest block of at least `size_min` bytes, and at most twice as many, so that
  /// nobody holds much more than is needed; without memory when it has none.
  static Block take(std::size_t size_min) noexcept {
    return may_be_kept(size_min) ? take_kept(size_min) : Block();
  }

  /// Keeps `block` for this thread, for which others may have to go, or frees it.
  static void give_back(Block block) noexcept {
    if (may_be_kept(block.size)) return keep(block);
    std::free(block.memory);
  }

 private:
  struct Kept {
    ~Kept();
    /// As they were given back: the first has not been used for the longest time.
    std::array<Block, blocks_max> blocks;
    std::size_t count = 0;
    std::size_t bytes = 0;
  };

  static constexpr bool may_be_kept(std::size_t size) noexcept {
    return size >= block_bytes_min && size <= block_bytes_max;
  }
  static Block take_kept(std::size_t size_min) noexcept;
  static void keep(Block block) noexcept;
  /// nullptr when the thread is about to end.
  static Kept* kept() noexcept;
};

/// How large a new block is to be, for content that now needs `needed` bytes and in the end
/// `whole`: twice what is there, so that a claimed length costs its claimant as much as us, but no
/// more than all of it. All of it, too, where doubling would leave less than a page for another
/// block.
constexpr std::uint64_t grown_capacity(std::uint64_t needed, std::uint64_t whole) noexcept {
  constexpr std::uint64_t page_bytes = 4096;
  const std::uint64_t doubled = needed * 2;
  const std::uint64_t slack = needed >= page_bytes ? page_bytes : 0;
  return whole <= doubled + slack ? whole : doubled;
}

}  // namespace duplex

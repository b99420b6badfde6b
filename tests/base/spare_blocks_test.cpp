#include "base/spare_blocks.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace duplex {
namespace {

constexpr std::size_t kib = 1024;

SpareBlocks::Block block_of(std::size_t size) {
  return {std::malloc(size), size};
}

/// Each test begins in a thread that keeps nothing.
template <class Test>
void in_new_thread(Test test) {
  std::thread(test).join();
}

TEST(SpareBlocks, HasNoneAtFirst) {
  in_new_thread([] { EXPECT_EQ(SpareBlocks::take(SpareBlocks::block_bytes_min).memory, nullptr); });
}

TEST(SpareBlocks, GivesTheSmallestThatIsLargeEnough) {
  in_new_thread([] {
    const SpareBlocks::Block small = block_of(40 * kib);
    const SpareBlocks::Block middle = block_of(80 * kib);
    const SpareBlocks::Block large = block_of(90 * kib);
    for (const auto& block : {large, small, middle}) SpareBlocks::give_back(block);
    const SpareBlocks::Block taken = SpareBlocks::take(50 * kib);
    EXPECT_EQ(taken.memory, middle.memory);
    EXPECT_EQ(taken.size, middle.size);
    EXPECT_EQ(SpareBlocks::take(50 * kib).memory, large.memory);
    EXPECT_EQ(SpareBlocks::take(50 * kib).memory, nullptr);
    EXPECT_EQ(SpareBlocks::take(40 * kib).memory, small.memory);
    for (const auto& block : {large, small, middle}) std::free(block.memory);
  });
}

// Or somebody would hold sixteen megabytes for the sake of forty kilobytes.
TEST(SpareBlocks, GivesNoneOfMoreThanTwiceTheSize) {
  in_new_thread([] {
    SpareBlocks::give_back(block_of(100 * kib));
    EXPECT_EQ(SpareBlocks::take(50 * kib - 1).memory, nullptr);
    void* const memory = SpareBlocks::take(50 * kib).memory;
    EXPECT_NE(memory, nullptr);
    std::free(memory);
  });
}

TEST(SpareBlocks, KeepsNeitherSmallNorVeryLargeOnes) {
  in_new_thread([] {
    for (const std::size_t size :
         {SpareBlocks::block_bytes_min - 1, SpareBlocks::block_bytes_max + 1}) {
      SpareBlocks::give_back(block_of(40 * kib));
      SpareBlocks::give_back(block_of(size));
      EXPECT_EQ(SpareBlocks::take(size).memory, nullptr);
      void* const other = SpareBlocks::take(40 * kib).memory;
      EXPECT_NE(other, nullptr) << "it had to go for one that was not kept";
      std::free(other);
    }
  });
}

/// What is kept between two sizes, as many as there are, largest first; frees it.
std::vector<std::size_t> kept_sizes(std::size_t from, std::size_t to) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = to; size >= from; size -= kib) {
    while (void* memory = SpareBlocks::take(size).memory) {
      sizes.push_back(size);
      std::free(memory);
    }
  }
  return sizes;
}

TEST(SpareBlocks, DropsWhatWasNotUsedForTheLongestTimeWhenTheyAreTooMany) {
  in_new_thread([] {
    for (std::size_t i = 0; i < SpareBlocks::blocks_max; ++i) {
      SpareBlocks::give_back(block_of((100 + i) * kib));
    }
    // The first is used, so that the second is the oldest.
    SpareBlocks::give_back(SpareBlocks::take(100 * kib));
    SpareBlocks::give_back(block_of(199 * kib));
    const std::vector<std::size_t> sizes = kept_sizes(100 * kib, 199 * kib);
    EXPECT_EQ(sizes.size(), SpareBlocks::blocks_max);
    EXPECT_EQ(sizes.front(), 199 * kib);
    EXPECT_EQ(sizes.back(), 100 * kib);
    EXPECT_EQ(sizes[sizes.size() - 2], 102 * kib);
  });
}

// Blocks that nobody has use for must not keep out those that are asked for each time.
TEST(SpareBlocks, DropsWhatWasNotUsedForTheLongestTimeWhenTheyAreTooLarge) {
  in_new_thread([] {
    const std::size_t size = SpareBlocks::kept_bytes_max / 4;
    for (std::size_t i = 1; i <= 4; ++i) SpareBlocks::give_back(block_of(size - i * kib));
    SpareBlocks::give_back(block_of(size));
    EXPECT_EQ(kept_sizes(size - 8 * kib, size),
              (std::vector{size, size - 2 * kib, size - 3 * kib, size - 4 * kib}));
  });
}

TEST(GrownCapacity, IsTwiceWhatIsThereButNoMoreThanTheWhole) {
  EXPECT_EQ(grown_capacity(100, 1'000'000), 200u);
  EXPECT_EQ(grown_capacity(100, 200), 200u);
  EXPECT_EQ(grown_capacity(100, 150), 150u);
  EXPECT_EQ(grown_capacity(100, 201), 200u);
  EXPECT_EQ(grown_capacity(1, 4'097), 2u) << "a claim of a page is not worth a page";
  // What is left would need another block.
  EXPECT_EQ(grown_capacity(10'000, 24'096), 24'096u);
  EXPECT_EQ(grown_capacity(10'000, 24'097), 20'000u);
}

}  // namespace
}  // namespace duplex

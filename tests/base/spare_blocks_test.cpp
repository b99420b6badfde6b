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
    const SpareBlocks::Block large = block_of(200 * kib);
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

TEST(SpareBlocks, KeepsNeitherSmallOnesNorTooMany) {
  in_new_thread([] {
    SpareBlocks::give_back(block_of(SpareBlocks::block_bytes_min - 1));
    EXPECT_EQ(SpareBlocks::take(SpareBlocks::block_bytes_min).memory, nullptr);
    for (std::size_t i = 0; i <= SpareBlocks::blocks_max; ++i) {
      SpareBlocks::give_back(block_of(SpareBlocks::block_bytes_min));
    }
    std::vector<void*> taken;
    while (void* memory = SpareBlocks::take(SpareBlocks::block_bytes_min).memory) {
      taken.push_back(memory);
    }
    EXPECT_EQ(taken.size(), SpareBlocks::blocks_max);
    for (void* memory : taken) std::free(memory);
  });
}

TEST(SpareBlocks, KeepsNoMoreBytesThanItMay) {
  in_new_thread([] {
    SpareBlocks::give_back(block_of(SpareBlocks::kept_bytes_max - 40 * kib));
    SpareBlocks::give_back(block_of(41 * kib));
    const SpareBlocks::Block taken = SpareBlocks::take(40 * kib);
    EXPECT_EQ(taken.size, 41 * kib);
    EXPECT_EQ(SpareBlocks::take(40 * kib).memory, nullptr);
    std::free(taken.memory);
  });
}

TEST(SpareBlocks, KeepsWhatItHasWhenABlockIsTooLargeToBeKept) {
  in_new_thread([] {
    SpareBlocks::give_back(block_of(40 * kib));
    SpareBlocks::give_back(block_of(SpareBlocks::kept_bytes_max + 1));
    const SpareBlocks::Block taken = SpareBlocks::take(40 * kib);
    EXPECT_EQ(taken.size, 40 * kib);
    std::free(taken.memory);
  });
}

// Blocks that nobody has use for must not keep out those that are asked for each time.
TEST(SpareBlocks, DropsWhatWasNotUsedForTheLongestTime) {
  in_new_thread([] {
    const std::size_t size = SpareBlocks::kept_bytes_max / 4;
    for (int i = 0; i < 4; ++i) SpareBlocks::give_back(block_of(size - kib));
    SpareBlocks::give_back(block_of(size));
    const SpareBlocks::Block taken = SpareBlocks::take(size);
    ASSERT_EQ(taken.size, size);
    std::free(taken.memory);
    std::size_t left = 0;
    while (void* memory = SpareBlocks::take(size - kib).memory) {
      std::free(memory);
      ++left;
    }
    EXPECT_EQ(left, 3U);
  });
}

}  // namespace
}  // namespace duplex

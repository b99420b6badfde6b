#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "websocket/mask_blocks.hpp"
#include "websocket/mask_short.hpp"
#include <duplex/websocket/mask.hpp>

namespace duplex::websocket {
namespace {

constexpr MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};

std::vector<std::byte> numbered(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

/// RFC 6455 section 5.3, word for word.
std::vector<std::byte> naive_mask(std::vector<std::byte> bytes, std::size_t offset) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] ^= key[(i + offset) % 4];
  return bytes;
}

TEST(Mask, IsTheNaiveOneAtEverySizeAlignmentAndOffset) {
  for (std::size_t size = 0; size <= 200; ++size) {
    for (std::size_t alignment = 0; alignment < 16; ++alignment) {
      for (std::size_t offset = 0; offset < 4; ++offset) {
        const auto expected = naive_mask(numbered(size), offset);

        std::vector<std::byte> room(size + 32, std::byte{0xEE});
        const Bytes payload = Bytes(room).subspan(alignment, size);
        std::ranges::copy(numbered(size), payload.begin());
        apply_mask(payload, key, offset);
        ASSERT_TRUE(std::ranges::equal(payload, expected));
        ASSERT_EQ(std::ranges::count(room, std::byte{0xEE}) -
                      std::ranges::count(expected, std::byte{0xEE}),
                  32);

        std::vector<std::byte> copy(size + 32, std::byte{0xEE});
        apply_mask(numbered(size), copy.data() + alignment, key, offset);
        ASSERT_TRUE(std::ranges::equal(Bytes(copy).subspan(alignment, size), expected));
        ASSERT_EQ(copy[alignment + size], std::byte{0xEE});
      }
    }
  }
}

TEST(Mask, IsTheNaiveOneWhereWideVectorsEnd) {
  for (const std::size_t around : {256U, 512U, 1024U, 4096U}) {
    for (std::size_t size = around - 9; size <= around + 9; ++size) {
      for (std::size_t offset = 0; offset < 4; ++offset) {
        auto bytes = numbered(size + 1);
        const Bytes payload = Bytes(bytes).subspan(1);
        const auto expected = naive_mask({payload.begin(), payload.end()}, offset);
        apply_mask(payload, key, offset);
        ASSERT_TRUE(std::ranges::equal(payload, expected)) << size;
      }
    }
  }
}

TEST(Mask, IsTheNaiveOneWhereverLongPayloadsBegin) {
  constexpr std::size_t room_around = 64;
  for (const std::size_t size : {4095U, 4096U, 4097U, 4159U, 4160U, 9001U}) {
    for (std::size_t begin = 0; begin < room_around; ++begin) {
      const std::size_t offset = begin % 3;
      const auto from = numbered(size);
      const auto expected = naive_mask(from, offset);
      std::vector<std::byte> room(size + 2 * room_around, std::byte{0xEE});
      apply_mask(from, room.data() + begin, key, offset);
      ASSERT_TRUE(std::ranges::equal(Bytes(room).subspan(begin, size), expected)) << begin;
      ASSERT_EQ(
          std::ranges::count(room, std::byte{0xEE}) - std::ranges::count(expected, std::byte{0xEE}),
          2 * room_around);
      apply_mask(Bytes(room).subspan(begin, size), key, offset);
      ASSERT_TRUE(std::ranges::equal(Bytes(room).subspan(begin, size), from)) << begin;
    }
  }
}

TEST(Mask, IsTheSameByVectorsOfAnyWidth) {
  std::uint32_t word;
  std::memcpy(&word, key.data(), sizeof(word));
  const auto from = numbered(3 * mask_block_bytes);
  const auto expected = naive_mask(from, 0);
  auto to = numbered(from.size());
  mask_by_vectors<16>(from.data(), to.data(), from.size(), word);
  EXPECT_EQ(to, expected);
  mask_by_vectors<32>(from.data(), to.data(), from.size(), word);
  EXPECT_EQ(to, expected);
  mask_by_vectors<64>(from.data(), to.data(), from.size(), word);
  EXPECT_EQ(to, expected);
  mask_blocks(to.data(), to.data(), to.size(), word);
  EXPECT_EQ(to, from);
}

TEST(Mask, HasAShortWayThatIsTheSame) {
  for (std::size_t size = 0; size <= 130; ++size) {
    auto bytes = numbered(size);
    mask_short(bytes, key);
    ASSERT_EQ(bytes, naive_mask(numbered(size), 0)) << size;
  }
}

TEST(Mask, CountsOnlyTheRemainderOfTheOffset) {
  auto near = numbered(50);
  auto far = near;
  apply_mask(near, key, 3);
  apply_mask(far, key, (std::size_t{1} << 40U) + 3);
  EXPECT_EQ(near, far);
}

TEST(Mask, TakenTwiceIsNothing) {
  auto bytes = numbered(1000);
  apply_mask(bytes, key, 2);
  apply_mask(bytes, key, 2);
  EXPECT_EQ(bytes, numbered(1000));
}

}  // namespace
}  // namespace duplex::websocket

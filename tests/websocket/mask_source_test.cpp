#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include <duplex/websocket/mask_source.hpp>

namespace duplex::websocket {
namespace {

int fills = 0;

/// Keys that count on, over all fills.
void fill_counting(Bytes room) noexcept {
  const std::size_t keys = room.size() / sizeof(MaskKey);
  for (std::size_t i = 0; i < room.size(); ++i) {
    const std::size_t number = static_cast<std::size_t>(fills) * keys + i / sizeof(MaskKey);
    room[i] = static_cast<std::byte>(number >> (i % sizeof(MaskKey) * 8) & 0xFF);
  }
  ++fills;
}

TEST(MaskSource, HandsOutEveryByteOnceInOrder) {
  fills = 0;
  MaskSource masks(fill_counting);
  EXPECT_EQ(fills, 0) << "nothing is taken before it is needed";
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const MaskKey expected = {std::byte(i & 0xFF), std::byte(i >> 8), std::byte{0}, std::byte{0}};
    ASSERT_EQ(masks.next(), expected) << i;
  }
  EXPECT_EQ(fills, 4) << "one call for 256 frames";
}

TEST(MaskSource, CannotBeCopied) {
  static_assert(!std::is_copy_constructible_v<MaskSource>);
  static_assert(!std::is_move_constructible_v<MaskSource>);
}

}  // namespace
}  // namespace duplex::websocket

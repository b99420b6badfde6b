#include "bench/round.hpp"

#include <gtest/gtest.h>

#include <string>

namespace duplex::app::bench {
namespace {

/// So many pieces from one on, as they are sent call by call.
std::string sent(const Round& round, std::size_t first, std::uint64_t count) {
  std::string all;
  std::uint64_t owed = round.bytes_of(first, count);
  std::size_t position = round.start_of(first);
  while (owed > 0) {
    const std::string_view block = round.from(position, owed);
    all += block;
    position = round.behind(position, block.size());
    owed -= block.size();
  }
  return all;
}

TEST(Round, SendsPiecesAgainAndAgain) {
  for (const auto& pieces : {std::vector<std::string>{"ab", "cd", "ef"}, {"a", "bcd", "ef"}}) {
    const Round round(pieces);
    for (std::size_t first = 0; first < 3; ++first) {
      std::string expected;
      for (std::size_t count = 0; count < 20; ++count) {
        EXPECT_EQ(sent(round, first, count), expected);
        expected += pieces[(first + count) % 3];
      }
    }
  }
}

TEST(Round, DoesNotDoubleWhatIsLarge) {
  const std::string large(300'000, 'x');
  const Round round({large, large});
  EXPECT_EQ(round.from(300'000, UINT64_MAX).size(), 300'000);
  EXPECT_EQ(sent(round, 1, 3), large + large + large);
}

TEST(Round, KnowsWhichPieceAPlaceBelongsTo) {
  const Round round({"a", "bcd", "ef"});
  EXPECT_EQ(round.piece_at(0), 0);
  EXPECT_EQ(round.piece_at(1), 1);
  EXPECT_EQ(round.piece_at(3), 1);
  EXPECT_EQ(round.piece_at(4), 2);
  EXPECT_EQ(round.piece(1), "bcd");
}

TEST(PieceSizes, AddUpBehindTheLastPieceToo) {
  for (const auto& pieces : {std::vector<std::string>{"ab", "", "cde"}, {"ab", "cd"}, {"", ""}}) {
    const PieceSizes sizes(pieces);
    for (std::size_t first = 0; first < pieces.size(); ++first) {
      std::uint64_t expected = 0;
      for (std::size_t count = 0; count < 10; ++count) {
        EXPECT_EQ(sizes.bytes_of(first, count), expected);
        expected += pieces[(first + count) % pieces.size()].size();
      }
    }
  }
}

}  // namespace
}  // namespace duplex::app::bench

#include "record_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace duplex::app {
namespace {

using testing::ElementsAre;

/// The records of `pieces`, with the rest, if there is one.
std::vector<std::string> records(char delimiter, const std::vector<std::string_view>& pieces) {
  RecordSplitter splitter(delimiter, 1000);
  std::vector<std::string> found;
  for (const std::string_view piece : pieces) {
    EXPECT_TRUE(splitter.feed(piece, [&](std::string_view record) { found.emplace_back(record); }));
  }
  if (auto rest = splitter.rest()) found.push_back(*std::move(rest));
  EXPECT_EQ(splitter.count(), found.size());
  return found;
}

TEST(RecordSplitter, CutsLinesWithoutTheirEnds) {
  EXPECT_THAT(records('\n', {"one\ntwo\r\n\nthree\n"}), ElementsAre("one", "two\r", "", "three"));
}

TEST(RecordSplitter, TakesALastRecordWithoutEnd) {
  EXPECT_THAT(records('\n', {"one\ntwo"}), ElementsAre("one", "two"));
  EXPECT_THAT(records('\n', {""}), ElementsAre());
  EXPECT_THAT(records('\n', {"\n"}), ElementsAre(""));
}

TEST(RecordSplitter, CutsAtAnyCharacter) {
  EXPECT_THAT(records('\0', {std::string_view("a\nb\0c\0", 6)}), ElementsAre("a\nb", "c"));
}

TEST(RecordSplitter, DoesNotCareHowItsInputIsCut) {
  const std::string_view text = "one\n\ntwo three\nfour";
  const auto expected = records('\n', {text});
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(records('\n', {text.substr(0, cut), text.substr(cut)}), expected) << cut;
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  EXPECT_EQ(records('\n', bytes), expected);
}

TEST(RecordSplitter, RefusesARecordThatIsTooLong) {
  const auto ignore = [](std::string_view) {};
  for (const std::string_view end : {"", "\n", "x", "xyz\n"}) {
    RecordSplitter splitter('\n', 4);
    EXPECT_TRUE(splitter.feed("1234\n12", ignore));
    EXPECT_TRUE(splitter.feed("34", ignore));
    EXPECT_EQ(splitter.feed(end, ignore), end.empty() || end == "\n") << end;
  }
}

}  // namespace
}  // namespace duplex::app

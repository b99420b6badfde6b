#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <duplex/http/range.hpp>

namespace duplex::http {
namespace {

using Kind = RangeSelection::Kind;

std::vector<ByteRange> ranges(std::string_view value, std::uint64_t size) {
  const RangeSelection selection = select_ranges(value, size);
  return {selection.ranges().begin(), selection.ranges().end()};
}

TEST(SelectRanges, ResolvesAgainstTheSize) {
  const struct {
    std::string_view value;
    std::vector<ByteRange> expected;
  } cases[] = {
      {"bytes=0-0", {{0, 1}}},
      {"bytes=0-99", {{0, 100}}},
      {"bytes=10-19", {{10, 10}}},
      {"bytes=10-", {{10, 90}}},
      {"bytes=-10", {{90, 10}}},
      {"bytes=-1000", {{0, 100}}},
      {"bytes=90-1000", {{90, 10}}},
      {"bytes=0-99999999999999999999999", {{0, 100}}},
      {"bytes=18446744073709551615-,5-5", {{5, 1}}},
      {" Bytes=0-0 ", {{0, 1}}},
      {"bytes=0-0, 50-59 ,,-1", {{0, 1}, {50, 10}, {99, 1}}},
      {"bytes=50-59,0-0", {{50, 10}, {0, 1}}},
      {"bytes=0-0,200-300", {{0, 1}}},
      {"bytes=-0,5-5", {{5, 1}}},
      {"bytes=0-9,10-19", {{0, 20}}},
      {"bytes=50-,0-9,60-70,5-20", {{0, 21}, {50, 50}}},
      {"bytes=0-,0-,0-,0-", {{0, 100}}},
  };
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(select_ranges(value, 100).kind(), Kind::partial) << value;
    EXPECT_EQ(ranges(value, 100), expected) << value;
  }
}

TEST(SelectRanges, IgnoresWhatItDoesNotUnderstand) {
  for (const char* value : {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-4",
                            "bytes=0-0,5-4", "bytes=0-0,x", "bytes= 0 - 1", "bytes=+0-1",
                            "bytes=0--1", "bytes=0-1-2", "bytes:0-1", "items=0-1", "bytes =0-1"}) {
    EXPECT_EQ(select_ranges(value, 100).kind(), Kind::whole) << value;
    EXPECT_TRUE(ranges(value, 100).empty());
  }
}

TEST(SelectRanges, FindsThemUnsatisfiable) {
  for (const char* value : {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=200-,300-400"}) {
    EXPECT_EQ(select_ranges(value, 100).kind(), Kind::unsatisfiable) << value;
  }
  EXPECT_EQ(select_ranges("bytes=0-", 0).kind(), Kind::unsatisfiable);
  EXPECT_EQ(select_ranges("bytes=-5", 0).kind(), Kind::whole);
}

TEST(SelectRanges, AnswersTooManyWithTheWhole) {
  std::string value = "bytes=0-0";
  for (std::size_t i = 1; i < RangeSelection::count_max; ++i) {
    value += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2);
  }
  EXPECT_EQ(ranges(value, 100).size(), RangeSelection::count_max);
  EXPECT_EQ(select_ranges(value + ",90-90", 100).kind(), Kind::whole);
  EXPECT_EQ(select_ranges(value + ",900-900", 100).kind(), Kind::whole);
}

TEST(SelectRanges, NeverSendsAByteTwice) {
  for (std::uint64_t first = 0; first < 12; ++first) {
    for (std::uint64_t last = first; last < 12; ++last) {
      const std::string value =
          "bytes=3-5,8-8," + std::to_string(first) + "-" + std::to_string(last) + ",-2";
      std::vector<int> sent(10);
      for (const ByteRange& range : ranges(value, 10)) {
        ASSERT_GT(range.length, 0u);
        ASSERT_LE(range.offset + range.length, 10u);
        for (std::uint64_t i = 0; i < range.length; ++i) ++sent[range.offset + i];
      }
      for (std::uint64_t i = 0; i < 10; ++i) {
        const bool asked = (i >= 3 && i <= 5) || i >= 8 || (i >= first && i <= last);
        EXPECT_EQ(sent[i], asked ? 1 : 0) << value << " at " << i;
      }
    }
  }
}

TEST(Range, FormatsItsFields) {
  EXPECT_EQ(format_content_range({0, 5}, 10), "bytes 0-4/10");
  EXPECT_EQ(format_unsatisfied_range(10), "bytes */10");
  EXPECT_EQ(format_part_head("B", "text/plain", {7, 1}, 10),
            "\r\n--B\r\nContent-Type: text/plain\r\nContent-Range: bytes 7-7/10\r\n\r\n");
  EXPECT_EQ(format_multipart_end("B"), "\r\n--B--\r\n");
}

TEST(ContentRange, IsReadAsItIsWritten) {
  EXPECT_EQ(parse_content_range(format_content_range({3, 5}, 10)),
            (ContentRange{ByteRange{3, 5}, 10}));
  EXPECT_EQ(parse_content_range(format_unsatisfied_range(10)), (ContentRange{std::nullopt, 10}));
  EXPECT_EQ(parse_content_range("Bytes 0-0/*"), (ContentRange{ByteRange{0, 1}, std::nullopt}));
  EXPECT_EQ(parse_content_range("bytes 0-0/1"), (ContentRange{ByteRange{0, 1}, 1}));
  EXPECT_EQ(parse_content_range("bytes 18446744073709551614-18446744073709551614/*"),
            (ContentRange{ByteRange{UINT64_MAX - 1, 1}, std::nullopt}));
}

TEST(ContentRange, RefusesWhatNobodyCanPutTogether) {
  for (std::string_view value :
       {"", "bytes", "bytes ", "bytes */*", "bytes 0-4", "bytes 0-4/", "bytes 0-4/4",
        "bytes 4-3/10", "bytes -4/10", "bytes 4-/10", "bytes 4/10", "bytes 0-4/x", "bytes 0-4 /10",
        "bytes=0-4/10", "items 0-4/10", "bytes 0-4/10, 5-6/10", "bytes 0-18446744073709551615/*",
        "bytes 0-4/10/"}) {
    EXPECT_FALSE(parse_content_range(value)) << value;
  }
}

}  // namespace
}  // namespace duplex::http

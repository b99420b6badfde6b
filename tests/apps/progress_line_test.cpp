#include "progress_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "overwritten_line.hpp"

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t mebi = std::uint64_t{1024} * 1024;
const ProgressLine::Time begin{};

TEST(ProgressLine, IsNotShownForWhatIsOverAtOnce) {
  ProgressLine line(begin);
  EXPECT_EQ(line.update(1, 2, begin + 10ms), std::nullopt);
  EXPECT_EQ(line.update(2, 2, begin + 499ms), std::nullopt);
  EXPECT_EQ(line.clear(), "");
}

TEST(ProgressLine, TellsShareRateAndRest) {
  ProgressLine line(begin);
  line.update(0, 10 * mebi, begin);
  const auto text = line.update(2 * mebi, 10 * mebi, begin + 1s);
  EXPECT_EQ(text, over_the_last_line(" 20 %  2.0 MiB of 10.0 MiB, 2.0 MiB/s, 4 s left"));
}

TEST(ProgressLine, TellsWhatIsThereWhenTheTotalIsUnknown) {
  ProgressLine line(begin);
  line.update(0, std::nullopt, begin);
  EXPECT_EQ(line.update(mebi, std::nullopt, begin + 2s),
            over_the_last_line("1.0 MiB, 512.0 KiB/s"));
}

TEST(ProgressLine, IsNotRenewedMoreOftenThanAnybodyCanRead) {
  ProgressLine line(begin);
  EXPECT_TRUE(line.update(1, 10, begin + 1s));
  EXPECT_FALSE(line.update(2, 10, begin + 1s + 99ms));
  EXPECT_TRUE(line.update(3, 10, begin + 1s + 100ms));
  EXPECT_TRUE(line.update(10, 10, begin + 1s + 101ms));  // the last word
}

TEST(ProgressLine, RatesTheLastSecondsOnly) {
  ProgressLine line(begin);
  line.update(0, std::nullopt, begin);
  line.update(100 * mebi, std::nullopt, begin + 1s);
  line.update(100 * mebi, std::nullopt, begin + 7s);
  EXPECT_THAT(*line.update(100 * mebi, std::nullopt, begin + 8s), HasSubstr(", 0 B/s"));
}

TEST(ProgressLine, SaysAHundredOfWhatIsCompleteOnly) {
  ProgressLine line(begin);
  EXPECT_THAT(*line.update(9'999'999, 10'000'000, begin + 1s), HasSubstr(" 99 %"));
  EXPECT_THAT(*line.update(10'000'000, 10'000'000, begin + 2s), HasSubstr("100 %"));
  EXPECT_THAT(*line.update(0, 0, begin + 3s), HasSubstr("100 %"));
}

TEST(ProgressLine, CountsFromAnewWhenATransferBeginsAnew) {
  ProgressLine line(begin);
  line.update(5 * mebi, std::nullopt, begin + 1s);
  EXPECT_THAT(*line.update(0, std::nullopt, begin + 2s), Not(HasSubstr("/s")));
}

TEST(ProgressLine, TakesItselfOffTheScreen) {
  ProgressLine line(begin);
  line.update(1, 10, begin + 1s);
  EXPECT_EQ(line.clear(), no_line);
  EXPECT_EQ(line.clear(), "");
}

TEST(Readable, WaitsHaveUnits) {
  EXPECT_EQ(readable_wait(5s), "5 s");
  EXPECT_EQ(readable_wait(200s), "3 min 20 s");
  EXPECT_EQ(readable_wait(2h + 5min + 59s), "2 h 5 min");
}

}  // namespace
}  // namespace duplex::app

#include "quantity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(Quantity, ReadsSizesWithAndWithoutUnit) {
  const struct {
    std::string_view text;
    std::uint64_t bytes;
  } cases[] = {
      {"0", 0},
      {"65536", 65536},
      {"10B", 10},
      {"64K", 65536},
      {"64KiB", 65536},
      {"64kb", 64000},
      {"1M", 1048576},
      {"1mib", 1048576},
      {"64 MiB", 67108864},
      {"2MB", 2000000},
      {"3G", 3221225472},
      {"1GiB", 1073741824},
      {"1GB", 1000000000},
      {"9223372036854775807", INT64_MAX},
  };
  for (const auto& [text, bytes] : cases) EXPECT_EQ(parse_size(text), bytes) << text;
}

TEST(Quantity, RefusesWhatIsNotASizeAndSaysWhatIs) {
  for (const std::string_view text : {"", "M", "-1", "+1", "1.5M", "1T", "64Mi", "0x10", "1 M B"}) {
    const auto size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_THAT(size.error(), HasSubstr("64MiB")) << text;
  }
}

TEST(Quantity, RefusesSizesBeyondAnyMachine) {
  for (const std::string_view text :
       {"9223372036854775808", "8589934592G", "18446744073709551615"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Quantity, ReadsSecondsAndFractions) {
  EXPECT_EQ(parse_duration("0"), milliseconds(0));
  EXPECT_EQ(parse_duration("30"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("0.25"), milliseconds(250));
  EXPECT_EQ(parse_duration("86400"), milliseconds(86'400'000));
}

TEST(Quantity, ReadsTimesWithAUnit) {
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("0.6ms"), milliseconds(1));
  EXPECT_EQ(parse_duration("1.5 S"), milliseconds(1'500));
  EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
}

TEST(Quantity, RefusesWhatIsNotATime) {
  for (const std::string_view text : {"", "s", "ms", "-1", "-0", "+1", "nan", "inf", "1e3", "0x1",
                                      "86401", "24.1h", "1 2", "1us", "1d", "1m30s"}) {
    const auto time = parse_duration(text);
    ASSERT_FALSE(time) << text;
    EXPECT_THAT(time.error(), HasSubstr("ms, s, m or h, such as 30 or 500ms")) << text;
  }
}

TEST(Quantity, ReadsShares) {
  EXPECT_EQ(parse_share("0%"), 0);
  EXPECT_EQ(parse_share("100%"), 1);
  EXPECT_EQ(parse_share("50 %"), 0.5);
  EXPECT_NEAR(parse_share("0.1%").value(), 0.001, 1e-12);
}

TEST(Quantity, RefusesWhatIsNotAShare) {
  for (const std::string_view text : {"", "%", "1", "-1%", "101%", "nan%", "1%%", "1e1%"}) {
    const auto share = parse_share(text);
    ASSERT_FALSE(share) << text;
    EXPECT_THAT(share.error(), HasSubstr("a number up to 100 with %")) << text;
  }
}

TEST(Quantity, ReadsLatencies) {
  EXPECT_EQ(parse_latency("0ns").value().count(), 0);
  EXPECT_EQ(parse_latency("250us").value().count(), 250'000);
  EXPECT_EQ(parse_latency("250 µs").value().count(), 250'000);
  EXPECT_EQ(parse_latency("1.5ms").value().count(), 1'500'000);
  EXPECT_EQ(parse_latency("2s").value().count(), 2'000'000'000);
}

TEST(Quantity, RefusesALatencyWithoutAUnit) {
  for (const std::string_view text : {"", "5", "ms", "-1ms", "5 m", "1e3ms", "86401s"}) {
    const auto time = parse_latency(text);
    ASSERT_FALSE(time) << text;
    EXPECT_THAT(time.error(), HasSubstr("s, ms, us or ns, such as 250us")) << text;
  }
}

TEST(Quantity, ReadsRatesWithAndWithoutAMultiple) {
  EXPECT_EQ(parse_rate("0"), 0);
  EXPECT_EQ(parse_rate("0.5"), 0.5);
  EXPECT_EQ(parse_rate("1000"), 1000);
  EXPECT_EQ(parse_rate("10k"), 10'000);
  EXPECT_EQ(parse_rate("10 K"), 10'000);
  EXPECT_EQ(parse_rate("1.5M"), 1'500'000);
  EXPECT_EQ(parse_rate("1000M"), 1e9);
}

TEST(Quantity, RefusesWhatIsNotARateAndSaysWhatIs) {
  for (const std::string_view text :
       {"", "k", "-5", "fast", "nan", "inf", "1e3", "1G", "1kk", "10k/s", "1001M"}) {
    const auto rate = parse_rate(text);
    ASSERT_FALSE(rate) << text;
    EXPECT_THAT(rate.error(), HasSubstr("k or M, such as 1000 or 1.5M")) << text;
  }
}

TEST(Quantity, RefusesCountsOutOfTheirRange) {
  EXPECT_EQ(parse_count("1", 1, 4), 1U);
  EXPECT_EQ(parse_count("4", 1, 4), 4U);
  for (const std::string_view text : {"0", "5", "", "-1", "two", "99999999999999999999"}) {
    const auto count = parse_count(text, 1, 4);
    ASSERT_FALSE(count) << text;
    EXPECT_THAT(count.error(), HasSubstr("from 1 to 4")) << text;
  }
}

}  // namespace
}  // namespace duplex::app

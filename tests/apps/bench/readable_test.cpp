#include "bench/readable.hpp"

#include <gtest/gtest.h>

namespace duplex::app::bench {
namespace {

TEST(BenchReadable, CountsAreGrouped) {
  EXPECT_EQ(readable_count(0), "0");
  EXPECT_EQ(readable_count(999), "999");
  EXPECT_EQ(readable_count(1000), "1,000");
  EXPECT_EQ(readable_count(123'456), "123,456");
  EXPECT_EQ(readable_count(1'234'567), "1,234,567");
}

TEST(BenchReadable, NumbersHaveThreeDigitsThatSaySomething) {
  EXPECT_EQ(readable_number(0), "0");
  EXPECT_EQ(readable_number(0.123), "0.12");
  EXPECT_EQ(readable_number(1.234), "1.23");
  EXPECT_EQ(readable_number(9.999), "10.0");
  EXPECT_EQ(readable_number(12.34), "12.3");
  EXPECT_EQ(readable_number(99.99), "100");
  EXPECT_EQ(readable_number(183'411.7), "183,412");
}

TEST(BenchReadable, DurationsHaveTheUnitThatSuitsThem) {
  EXPECT_EQ(readable_duration(0), "0 ns");
  EXPECT_EQ(readable_duration(850), "850 ns");
  EXPECT_EQ(readable_duration(999), "999 ns");
  EXPECT_EQ(readable_duration(12'345), "12.3 µs");
  EXPECT_EQ(readable_duration(999'999), "1.00 ms");
  EXPECT_EQ(readable_duration(1'234'567), "1.23 ms");
  EXPECT_EQ(readable_duration(20'100'000'000), "20.1 s");
}

TEST(BenchReadable, MarksOfAxesAreShort) {
  EXPECT_EQ(short_duration(500'000), "500 µs");
  EXPECT_EQ(short_duration(1'000'000), "1 ms");
  EXPECT_EQ(short_duration(2'500'000), "2.5 ms");
  for (const auto& zero : {short_number(0), short_duration(0), short_size(0)}) EXPECT_EQ(zero, "0");
  EXPECT_EQ(short_number(250'000), "250 k");
  EXPECT_EQ(short_number(1'500'000), "1.5 M");
  EXPECT_EQ(short_size(65'536), "64 KiB");
  EXPECT_EQ(short_size(1'572'864), "1.5 MiB");
}

TEST(BenchReadable, OnlyWhatIsWholeIsAHundredPercent) {
  EXPECT_EQ(readable_share(0.5), "50 %");
  EXPECT_EQ(readable_share(0.999), "99 %");
  EXPECT_EQ(readable_share(1), "100 %");
  EXPECT_EQ(precise_share(0.999), "99.9 %");
  EXPECT_EQ(precise_share(0.9995), "99.9 %");
  EXPECT_EQ(precise_share(0.99999), "99.9 %");
  EXPECT_EQ(precise_share(1), "100 %");
}

TEST(BenchReadable, SmallSharesSaySomething) {
  EXPECT_EQ(precise_share(0), "0 %");
  EXPECT_EQ(precise_share(1.2), "120 %");
  EXPECT_EQ(precise_share(0.1234), "12.3 %");
  EXPECT_EQ(precise_share(0.0025), "0.25 %");
  EXPECT_EQ(precise_share(0.00005), "0.005 %");
  EXPECT_EQ(precise_share(0.0000003), "3e-05 %");
}

}  // namespace
}  // namespace duplex::app::bench

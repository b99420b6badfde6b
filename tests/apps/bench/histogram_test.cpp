#include "bench/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace duplex::app::bench {
namespace {

/// In hundredths of a percent, so that the twin can reckon in whole numbers.
constexpr std::uint64_t percentiles[] = {1,    100,  1000, 2500, 5000, 7500,
                                         9000, 9900, 9990, 9999, 10000};

/// The same, as naive as can be.
std::uint64_t naive(const std::vector<std::uint64_t>& sorted, std::uint64_t hundredths) {
  const std::uint64_t rank = (hundredths * sorted.size() + 9999) / 10000;
  return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

void expect_near(std::uint64_t found, std::uint64_t due, std::uint64_t hundredths) {
  const auto off = std::abs(static_cast<long double>(found) - static_cast<long double>(due));
  EXPECT_LE(off, static_cast<long double>(due) * Histogram::relative_error)
      << found << " for " << due << " at " << hundredths << " hundredths of a percent";
}

void expect_like_naive(std::vector<std::uint64_t> values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  std::ranges::sort(values);
  ASSERT_EQ(histogram.count(), values.size());
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.at_percentile(0), values.front());
  EXPECT_EQ(histogram.at_percentile(100), values.back());
  for (const std::uint64_t hundredths : percentiles) {
    expect_near(histogram.at_percentile(static_cast<double>(hundredths) / 100),
                naive(values, hundredths), hundredths);
  }
}

TEST(Histogram, IsAllZeroWhenNothingWasRecorded) {
  const Histogram histogram;
  EXPECT_TRUE(histogram.empty());
  EXPECT_EQ(histogram.min(), 0U);
  EXPECT_EQ(histogram.max(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.at_percentile(0), 0U);
  EXPECT_EQ(histogram.at_percentile(99.99), 0U);
}

TEST(Histogram, IsExactForOneValueAndForSmallOnes) {
  for (const std::uint64_t value : {0ULL, 1ULL, 255ULL, 256ULL, 123'456'789ULL, ~0ULL}) {
    Histogram histogram;
    histogram.record(value);
    for (const double percent : {0.0, 50.0, 99.99, 100.0}) {
      EXPECT_EQ(histogram.at_percentile(percent), value);
    }
  }
  Histogram small;
  for (std::uint64_t value = 0; value < 256; ++value) small.record(value);
  EXPECT_EQ(small.at_percentile(50), 127U);
  EXPECT_EQ(small.at_percentile(99), 253U);
}

TEST(Histogram, HoldsItsErrorAtEveryPowerOfTwoAndItsNeighbours) {
  std::vector<std::uint64_t> all = {0, ~0ULL};
  for (unsigned bits = 0; bits < 64; ++bits) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    for (const std::uint64_t value : {power - 1, power, power + 1, power + power / 3}) {
      all.push_back(value);
      // In the middle, where neither end is known.
      expect_like_naive({0, value, ~0ULL});
    }
  }
  expect_like_naive(all);
}

TEST(Histogram, IsLikeASortedListForRandomValues) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> values(1 + random() % 5000);
    for (std::uint64_t& value : values) value = random() >> (random() % 64);
    expect_like_naive(values);
  }
}

TEST(Histogram, TakesTheNearestRank) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value, 10);
  EXPECT_EQ(histogram.at_percentile(99.9), 100U);
  EXPECT_EQ(histogram.at_percentile(99), 99U);
  EXPECT_EQ(histogram.at_percentile(98.9), 99U);
  EXPECT_EQ(histogram.at_percentile(0.01), 1U);
}

TEST(Histogram, ReckonsRanksAsIfPercentagesWereExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.record(value);
  // Of 100 values 7 % are 7.000000000000001, to a double.
  for (const std::uint64_t rank : {7U, 14U, 28U, 55U, 56U}) {
    EXPECT_EQ(histogram.at_percentile(static_cast<double>(rank)), rank);
  }
}

TEST(Histogram, RecordsManyAtOnceAsOneByOne) {
  Histogram at_once;
  Histogram one_by_one;
  for (const std::uint64_t value : {5'000U, 70'000U, 1'000'000U}) {
    at_once.record(value, 1000);
    for (int i = 0; i < 1000; ++i) one_by_one.record(value);
  }
  at_once.record(99'000'000, 0);
  EXPECT_EQ(at_once.count(), 3000U);
  EXPECT_EQ(at_once.max(), 1'000'000U);
  EXPECT_DOUBLE_EQ(at_once.mean(), one_by_one.mean());
  EXPECT_DOUBLE_EQ(at_once.mean(), 1'075'000.0 / 3);
  for (const double percent : {10.0, 50.0, 90.0}) {
    EXPECT_EQ(at_once.at_percentile(percent), one_by_one.at_percentile(percent));
  }
}

TEST(Histogram, MergesAsIfAllHadBeenRecordedInOne) {
  std::mt19937_64 random(8);
  Histogram all;
  Histogram merged;
  for (int part = 0; part < 4; ++part) {
    Histogram one;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t value = random() >> (20 + random() % 40);
      one.record(value);
      all.record(value);
    }
    merged.merge(one);
  }
  merged.merge(Histogram());
  EXPECT_EQ(merged.count(), all.count());
  EXPECT_EQ(merged.min(), all.min());
  EXPECT_EQ(merged.max(), all.max());
  EXPECT_NEAR(merged.mean(), all.mean(), all.mean() * 1e-9);
  for (const std::uint64_t hundredths : percentiles) {
    const double percent = static_cast<double>(hundredths) / 100;
    EXPECT_EQ(merged.at_percentile(percent), all.at_percentile(percent));
  }
  merged.clear();
  EXPECT_TRUE(merged.empty());
}

TEST(Histogram, TakesAsMuchMemoryAsItSays) {
  EXPECT_LE(sizeof(Histogram), 59U * 1024);
}

}  // namespace
}  // namespace duplex::app::bench

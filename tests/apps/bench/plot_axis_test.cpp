#include "bench/plot_axis.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace duplex::app::bench {
namespace {

void expect_marks(const Marks& found, const Marks& due) {
  ASSERT_EQ(found.size(), due.size());
  for (std::size_t index = 0; index < due.size(); ++index) {
    EXPECT_NEAR(found[index], due[index], 1e-9 * due[index]);
  }
}

TEST(PlotAxis, PutsValuesBetweenItsEnds) {
  const Axis linear{.low = 0, .high = 10, .from = 100, .to = 0};
  EXPECT_DOUBLE_EQ(linear.at(0), 100);
  EXPECT_DOUBLE_EQ(linear.at(2.5), 75);
  EXPECT_DOUBLE_EQ(linear.at(11), 0);
  EXPECT_DOUBLE_EQ(linear.at(-1), 100);
  const Axis logarithmic{.low = 10, .high = 1000, .from = 0, .to = 100, .logarithmic = true};
  EXPECT_DOUBLE_EQ(logarithmic.at(100), 50);
  EXPECT_DOUBLE_EQ(logarithmic.at(0), 0);
  EXPECT_DOUBLE_EQ(logarithmic.at(1e9), 100);
}

TEST(PlotAxis, HasRoundLinearMarks) {
  expect_marks(linear_marks(183'412, 5), {0, 50'000, 100'000, 150'000, 200'000});
  expect_marks(linear_marks(10, 10), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  expect_marks(linear_marks(10.001, 10), {0, 2, 4, 6, 8, 10, 12});
  expect_marks(linear_marks(0.9, 4), {0, 0.25, 0.5, 0.75, 1});
  expect_marks(linear_marks(1e-6, 1), {0, 1e-6});
  expect_marks(linear_marks(0, 5), {0, 1});
}

TEST(PlotAxis, NeverHasMoreStepsThanAskedForNorLessThanTheValue) {
  for (int exponent = -30; exponent < 120; ++exponent) {
    const double high = std::pow(1.27, exponent);
    for (const std::size_t steps : {1U, 3U, 5U, 10U}) {
      for (const Marks& marks : {linear_marks(high, steps), binary_marks(high, steps)}) {
        EXPECT_LE(marks.size(), steps + 1) << high;
        EXPECT_GE(marks.back(), high * (1 - 1e-8));
      }
    }
    const LogarithmicMarks logarithmic = logarithmic_marks(high, high * 37, 9);
    EXPECT_LE(logarithmic.low, high);
    EXPECT_GE(logarithmic.high, high * 37);
    EXPECT_LE(logarithmic.marks.size(), 9U);
  }
}

TEST(PlotAxis, HasPowersOfTwoForSizes) {
  expect_marks(binary_marks(3000, 4), {0, 1024, 2048, 3072});
  expect_marks(binary_marks(4096, 4), {0, 1024, 2048, 3072, 4096});
  expect_marks(binary_marks(0, 4), {0, 1});
}

TEST(PlotAxis, HasMarksOfEqualRatiosForALogarithm) {
  const LogarithmicMarks fine = logarithmic_marks(12'000, 480'000, 8);
  expect_marks(fine.marks, {10'000, 20'000, 50'000, 100'000, 200'000, 500'000});
  EXPECT_DOUBLE_EQ(fine.low, 10'000);
  EXPECT_DOUBLE_EQ(fine.high, 500'000);
  expect_marks(logarithmic_marks(1, 1, 8).marks, {1, 2});
  expect_marks(logarithmic_marks(1000, 1000, 8).marks, {1000, 2000});
  const LogarithmicMarks coarse = logarithmic_marks(900, 3e6, 8);
  expect_marks(coarse.marks, {1000, 1e4, 1e5, 1e6});
  EXPECT_DOUBLE_EQ(coarse.low, 500);
  EXPECT_DOUBLE_EQ(coarse.high, 5e6);
}

}  // namespace
}  // namespace duplex::app::bench

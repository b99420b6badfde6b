#include "bench/pacing.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "bench/in_flight.hpp"

namespace duplex::app::bench {
namespace {

TEST(Pacing, IsDueAtASteadyRate) {
  Pacing pacing(1000, 5'000);
  for (Time i = 0; i < 10; ++i) {
    EXPECT_EQ(pacing.next(), 5'000 + i * 1'000'000);
    pacing.take();
  }
}

TEST(Pacing, KeepsItsRateWhereAnIntervalIsNoWholeNumber) {
  Pacing pacing(3, 0);
  for (int i = 0; i < 3'000'000; ++i) pacing.take();
  EXPECT_EQ(pacing.next(), 1'000'000'000'000'000);
}

TEST(Pacing, TellsWhatWasDueAndNotTaken) {
  using Parts = std::vector<std::pair<Time, std::uint64_t>>;
  Pacing pacing(1000, 0);
  const auto taken_until = [&pacing](Time end, std::uint64_t parts_max) {
    Parts parts;
    pacing.take_until(end, parts_max,
                      [&](Time due, std::uint64_t count) { parts.emplace_back(due, count); });
    return parts;
  };
  pacing.take();
  EXPECT_EQ(taken_until(3'500'000, 10), (Parts{{1'000'000, 1}, {2'000'000, 1}, {3'000'000, 1}}));
  EXPECT_EQ(pacing.next(), 4'000'000u);
  EXPECT_EQ(taken_until(3'999'999, 10), Parts());
  EXPECT_EQ(taken_until(4'000'000, 10), (Parts{{4'000'000, 1}}));
  EXPECT_EQ(taken_until(9'000'000, 2), (Parts{{5'000'000, 3}, {8'000'000, 2}}));
  EXPECT_EQ(taken_until(1'000'000, 2), Parts()) << "all of it was taken";
}

TEST(Pacing, TakesAnyNumberAtOnce) {
  Pacing pacing(1e9, 7);
  std::uint64_t sum = 0;
  pacing.take_until(4'000'000'000'007, 100, [&sum](Time, std::uint64_t count) { sum += count; });
  EXPECT_EQ(sum, 4'000'000'000'001);
  EXPECT_EQ(pacing.next(), 4'000'000'000'008);
}

/// A clock that stands still for the server does not for those who wait.
TEST(Pacing, CountsLatencyFromWhenAMessageWasDue) {
  Pacing pacing(1000, 0);
  InFlight in_flight;
  // Nobody looked for four milliseconds.
  const Time now = 4'000'000;
  while (pacing.next() <= now) {
    in_flight.add(pacing.next(), 1);
    pacing.take();
  }
  std::vector<Time> latencies;
  in_flight.take(100, [&](Time due, std::uint32_t) { latencies.push_back(now - due); });
  EXPECT_EQ(latencies, (std::vector<Time>{4'000'000, 3'000'000, 2'000'000, 1'000'000, 0}));
}

using Runs = std::vector<std::pair<Time, std::uint32_t>>;

Runs taken(InFlight& in_flight, std::uint64_t count) {
  Runs runs;
  in_flight.take(count,
                 [&runs](Time time, std::uint32_t messages) { runs.emplace_back(time, messages); });
  return runs;
}

TEST(InFlight, GivesTheOldestFirstAndThoseThatLeftTogetherAtOnce) {
  InFlight in_flight;
  in_flight.add(10, 3);
  in_flight.add(20, 2);
  in_flight.add(20, 2);
  EXPECT_EQ(in_flight.count(), 7);
  EXPECT_EQ(taken(in_flight, 2), (Runs{{10, 2}}));
  EXPECT_EQ(taken(in_flight, 3), (Runs{{10, 1}, {20, 2}}));
  EXPECT_EQ(taken(in_flight, 5), (Runs{{20, 2}}));
  EXPECT_EQ(in_flight.count(), 0);
}

TEST(InFlight, GrowsWhileItGoesRound) {
  InFlight in_flight;
  Time oldest = 0;
  for (Time time = 0; time < 1000; ++time) {
    in_flight.add(time, 1);
    if (time % 3 == 0) {
      EXPECT_EQ(taken(in_flight, 1), (Runs{{oldest, 1}}));
      ++oldest;
    }
  }
  while (in_flight.count() > 0) EXPECT_EQ(taken(in_flight, 1), (Runs{{oldest++, 1}}));
  EXPECT_EQ(oldest, 1000);
}

TEST(InFlight, ForgetsAll) {
  InFlight in_flight;
  in_flight.add(1, 5);
  in_flight.clear();
  EXPECT_EQ(in_flight.count(), 0);
  in_flight.add(2, 1);
  EXPECT_EQ(taken(in_flight, 9), (Runs{{2, 1}}));
}

}  // namespace
}  // namespace duplex::app::bench

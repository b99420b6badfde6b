#include "bench/opening_queue.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace duplex::app::bench {
namespace {

using Numbers = std::vector<std::uint32_t>;

/// Clocks have run for a while when a thread begins.
constexpr Time start = 1'000 * second;
constexpr Time moment = second / 1000;

void add_many(OpeningQueue& queue, std::uint32_t count) {
  for (std::uint32_t number = 0; number < count; ++number) queue.add(number, 0);
}

/// All that may begin at this time.
Numbers taken(OpeningQueue& queue, Time now) {
  Numbers numbers;
  while (const auto number = queue.take(now)) numbers.push_back(*number);
  return numbers;
}

Numbers from_to(std::uint32_t first, std::uint32_t end) {
  Numbers numbers(end - first);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

TEST(OpeningQueue, OpensInTheOrderInWhichTheyCame) {
  OpeningQueue queue(0);
  for (const std::uint32_t number : {7U, 3U, 5U}) queue.add(number, 0);
  EXPECT_EQ(taken(queue, start), (Numbers{7, 3, 5}));
  queue.ended(3);
  queue.ended(7);
  queue.add(3, 0);
  queue.add(7, 0);
  EXPECT_EQ(taken(queue, start), (Numbers{3, 7}));
}

TEST(OpeningQueue, IsEmptyWhenNobodyWaitsAndNoneIsBeingOpened) {
  OpeningQueue queue(0);
  EXPECT_TRUE(queue.empty());
  queue.add(1, 0);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.take(start), 1U);
  EXPECT_FALSE(queue.empty());
  queue.ended(1);
  EXPECT_TRUE(queue.empty());
}

TEST(OpeningQueue, OpensAtMost128AtOnce) {
  OpeningQueue queue(0);
  add_many(queue, 1000);
  EXPECT_EQ(taken(queue, start), from_to(0, 128));
  queue.ended(127);
  queue.ended(0);
  EXPECT_EQ(taken(queue, start), (Numbers{128, 129}));
  queue.ended(64);
  EXPECT_EQ(taken(queue, start), (Numbers{130}));
}

TEST(OpeningQueue, KeepsItsPace) {
  OpeningQueue queue(100);
  queue.start(start);
  add_many(queue, 1000);
  EXPECT_EQ(taken(queue, start), Numbers{});
  EXPECT_EQ(taken(queue, start + 1), Numbers{0});
  EXPECT_EQ(taken(queue, start + 9 * moment), Numbers{});
  EXPECT_EQ(taken(queue, start + 11 * moment), Numbers{1});
  // Who asks late makes up for it.
  EXPECT_EQ(taken(queue, start + 995 * moment), from_to(2, 100));
}

TEST(OpeningQueue, KeepsAPaceOfLessThanOneInASecond) {
  OpeningQueue queue(0.5);
  queue.start(start);
  add_many(queue, 10);
  EXPECT_EQ(taken(queue, start + 1), Numbers{0});
  EXPECT_EQ(taken(queue, start + 1999 * moment), Numbers{});
  EXPECT_EQ(taken(queue, start + 2001 * moment), Numbers{1});
}

TEST(OpeningQueue, HasNoPaceAnyMoreWhenItIsLifted) {
  OpeningQueue queue(1);
  queue.start(start);
  add_many(queue, 50);
  EXPECT_EQ(taken(queue, start + 1), Numbers{0});
  queue.lift_pace();
  EXPECT_EQ(taken(queue, start + 1), from_to(1, 50));
}

TEST(OpeningQueue, LetsNobodyBeginBeforeTheTime) {
  OpeningQueue queue(0);
  queue.add(1, start + 5);
  EXPECT_EQ(taken(queue, start + 4), Numbers{});
  EXPECT_EQ(taken(queue, start + 5), Numbers{1});
}

TEST(OpeningQueue, LetsNobodyPassWhoWaitsForATime) {
  OpeningQueue queue(0);
  queue.add(1, start + 5);
  queue.add(2, 0);
  EXPECT_EQ(taken(queue, start), Numbers{});
  EXPECT_EQ(taken(queue, start + 5), (Numbers{1, 2}));
}

TEST(OpeningQueue, ForgetsThoseWhoWaitAndKeepsThoseThatAreBeingOpened) {
  OpeningQueue queue(0);
  queue.add(1, 0);
  EXPECT_EQ(queue.take(start), 1U);
  queue.add(2, 0);
  queue.clear_waiting();
  EXPECT_EQ(queue.take(start), std::nullopt);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.overdue(start + 10 * second), 1U);
  queue.ended(1);
  EXPECT_TRUE(queue.empty());
}

TEST(OpeningQueue, GivesThemTenSeconds) {
  OpeningQueue queue(0);
  queue.add(1, 0);
  queue.add(2, 0);
  EXPECT_EQ(taken(queue, start), (Numbers{1, 2}));
  EXPECT_EQ(queue.overdue(start + 10 * second - 1), std::nullopt);
  EXPECT_EQ(queue.overdue(start + 10 * second), 1U);
  queue.ended(1);
  EXPECT_EQ(queue.overdue(start + 10 * second), 2U);
  queue.ended(2);
  EXPECT_EQ(queue.overdue(start + 10 * second), std::nullopt);
}

TEST(OpeningQueue, DoesNotExpireAnAttemptThatHasEnded) {
  OpeningQueue queue(0);
  queue.add(1, 0);
  EXPECT_EQ(queue.take(start), 1U);
  queue.ended(1);
  EXPECT_EQ(queue.overdue(start + 60 * second), std::nullopt);
}

TEST(OpeningQueue, GivesEachAttemptItsOwnTenSeconds) {
  OpeningQueue queue(0);
  queue.add(1, 0);
  EXPECT_EQ(queue.take(start), 1U);
  queue.ended(1);
  queue.add(1, 0);
  EXPECT_EQ(queue.take(start + 4 * second), 1U);
  EXPECT_EQ(queue.overdue(start + 10 * second), std::nullopt);
  EXPECT_EQ(queue.overdue(start + 14 * second), 1U);
}

TEST(OpeningQueue, TellsWhenToAskAgain) {
  OpeningQueue queue(0);
  EXPECT_EQ(queue.due(start), never);
  queue.add(1, start + second);
  queue.add(2, 0);
  EXPECT_EQ(queue.due(start), start + second);
  // Not at once, even if it could begin.
  EXPECT_EQ(queue.due(start + second), start + second + moment);
  EXPECT_EQ(queue.take(start + second), 1U);
  EXPECT_EQ(queue.due(start + second), start + second + moment);
  EXPECT_EQ(queue.take(start + second), 2U);
  EXPECT_EQ(queue.due(start + second), start + 11 * second);
  queue.ended(1);
  queue.ended(2);
  EXPECT_EQ(queue.due(start + second), never);
}

TEST(OpeningQueue, HasNothingToBeginWhereThereIsNoRoom) {
  OpeningQueue queue(0);
  add_many(queue, 129);
  EXPECT_EQ(taken(queue, start).size(), 128U);
  EXPECT_EQ(queue.due(start), start + 10 * second);
  queue.ended(5);
  EXPECT_EQ(queue.due(start), start + moment);
}

}  // namespace
}  // namespace duplex::app::bench

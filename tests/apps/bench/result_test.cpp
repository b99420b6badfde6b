#include "bench/result.hpp"

#include <gtest/gtest.h>

#include "bench/error_kind.hpp"

namespace duplex::app::bench {
namespace {

/// 1000 messages in 10 seconds.
Result with(double load_busy, std::optional<double> server_busy = {},
            std::optional<double> rate = {}) {
  Result result{.seconds = 10, .rate = rate};
  result.total.received = 1000;
  result.load.busy = {0.1, load_busy};
  if (server_busy) result.server = ServerCost{.busy = *server_busy};
  return result;
}

TEST(LimitOf, TellsWhichSideHadNoMoreToGive) {
  EXPECT_EQ(limit_of(with(0.5)), LimitedBy::unknown);
  EXPECT_EQ(limit_of(with(0.95)), LimitedBy::unknown);
  EXPECT_EQ(limit_of(with(0.96)), LimitedBy::load);
  EXPECT_EQ(limit_of(with(0.96, 0.5)), LimitedBy::load);
  EXPECT_EQ(limit_of(with(0.5, 0.96)), LimitedBy::server);
  EXPECT_EQ(limit_of(with(0.99, 0.99)), LimitedBy::server);
  EXPECT_EQ(limit_of(with(0.5, 0.5)), LimitedBy::unknown);
}

TEST(LimitOf, IsTheMachineWhereTheLoadHasToWaitForIt) {
  Result result = with(0.5, 0.5);
  result.load.waiting = 0.1;
  EXPECT_EQ(limit_of(result), LimitedBy::unknown);
  result.load.waiting = 0.11;
  EXPECT_EQ(limit_of(result), LimitedBy::machine);
  result.server->busy = 0.96;
  EXPECT_EQ(limit_of(result), LimitedBy::server);
  result.rate = 100;
  EXPECT_EQ(limit_of(result), LimitedBy::rate);
}

TEST(LimitOf, IsTheRateWhereItWasKept) {
  EXPECT_EQ(limit_of(with(0.5, 0.5, 100)), LimitedBy::rate);
  EXPECT_EQ(limit_of(with(0.99, 0.99, 101)), LimitedBy::rate);
  EXPECT_EQ(limit_of(with(0.5, 0.99, 102)), LimitedBy::server);
  EXPECT_EQ(limit_of(with(0.99, 0.5, 102)), LimitedBy::load);
  EXPECT_EQ(limit_of(with(0.5, 0.5, 102)), LimitedBy::unknown);
}

TEST(LimitOf, ComparesTheRateOfAFanOutWithWhatWasPublished) {
  Result result = with(0.5, {}, 100);
  result.fanout = Fanout{.published = 10, .delivered = 1000};
  EXPECT_EQ(limit_of(result), LimitedBy::unknown);
  // Five subscribers.
  result.fanout = Fanout{.published = 1000, .delivered = 5000};
  result.total.received = 5000;
  EXPECT_EQ(limit_of(result), LimitedBy::rate);
}

TEST(LimitOf, IsNotTheRateWhereAnswersWereLateOrLost) {
  Result result = with(0.5, {}, 100);
  result.fanout = Fanout{.published = 1000, .delivered = 5000};
  result.total.received = 4000;
  result.total.late = 1000;
  EXPECT_EQ(limit_of(result), LimitedBy::unknown);
  result.fanout = Fanout{.published = 1000, .delivered = 4000, .lost = 1000};
  result.total.late = 0;
  EXPECT_EQ(limit_of(result), LimitedBy::unknown);
}

TEST(LimitOf, IsUnknownWhenNothingRan) {
  EXPECT_EQ(limit_of(Result{}), LimitedBy::unknown);
}

TEST(ServerCost, DividesTheGrowthOfMemoryByTheConnections) {
  ServerCost cost{.memory_before_bytes = 1000, .memory_bytes = 3500, .connections = 10};
  EXPECT_EQ(cost.memory_bytes_per_connection(), 250);
  cost.connections = 0;
  EXPECT_EQ(cost.memory_bytes_per_connection(), std::nullopt);
  cost.connections = 1;
  for (const std::uint64_t now : {900U, 1000U}) {
    cost.memory_bytes = now;
    EXPECT_EQ(cost.memory_bytes_per_connection(), std::nullopt);
  }
}

TEST(Result, TellsWhatAMessageCostsTheServer) {
  Result result;
  result.total.received = 1000;
  EXPECT_FALSE(result.message_cost());
  result.server = ServerCost{.user_seconds = 0.5, .system_seconds = 1.5};
  const auto cost = result.message_cost();
  ASSERT_TRUE(cost);
  EXPECT_DOUBLE_EQ(cost->user_ns, 500'000);
  EXPECT_DOUBLE_EQ(cost->system_ns, 1'500'000);
  EXPECT_DOUBLE_EQ(cost->cpu_ns(), 2'000'000);
  result.total.received = 0;
  EXPECT_FALSE(result.message_cost());
}

TEST(Result, IsGoodWhenSomethingWasMeasuredAndNothingWentWrong) {
  EXPECT_FALSE(Result{}.good());
  Result result{.mode = Mode::idle};
  result.total.received = 1;
  EXPECT_FALSE(result.good());
  result.total.connections_opened = 1;
  EXPECT_TRUE(result.good());
  result.mode = Mode::echo;
  EXPECT_TRUE(result.good());
  result.total.errors.add("reset");
  EXPECT_FALSE(result.good());
}

TEST(Result, CountsEchoesThatAreLostAmongTheErrors) {
  Result result = with(0.5);
  EXPECT_TRUE(result.good());
  result.total.errors.add(error_kind::lost, "a message did not come back", 3);
  EXPECT_EQ(result.errors_but_lost(), 3);
  EXPECT_EQ(result.lost(), 0);
  EXPECT_FALSE(result.good());
}

TEST(Result, HasNoRatesWithoutTime) {
  Result result;
  result.total.received = 5;
  result.opening_count = 5;
  EXPECT_EQ(result.messages_per_second(), 0);
  EXPECT_EQ(result.connections_per_second(), 0);
  result.seconds = 2;
  result.opening_seconds = 10;
  EXPECT_EQ(result.messages_per_second(), 2.5);
  EXPECT_EQ(result.connections_per_second(), 0.5);
}

}  // namespace
}  // namespace duplex::app::bench

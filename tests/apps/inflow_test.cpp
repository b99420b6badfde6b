#include "inflow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <thread>

#include <duplex/client/client.hpp>

namespace duplex::app {
namespace {

using testing::ElementsAre;

/// What each `take` brings, until the end.
Task<std::vector<std::vector<int>>> take_all(Inflow<int>& inflow) {
  std::vector<std::vector<int>> portions;
  while (true) {
    std::vector<int> portion = co_await inflow.take();
    if (portion.empty()) co_return portions;
    portions.push_back(std::move(portion));
  }
}

TEST(Inflow, GivesAllThatIsThereAtOnce) {
  const client::Client client;
  Inflow<int> inflow(100);
  for (int value = 0; value < 3; ++value) EXPECT_TRUE(inflow.push(value, 1));
  inflow.end();
  EXPECT_THAT(client.run(take_all(inflow)), ElementsAre(ElementsAre(0, 1, 2)));
}

TEST(Inflow, KeepsTheOrderAndNeverMoreThanMayWait) {
  const client::Client client;
  Inflow<int> inflow(4);
  std::jthread source([&] {
    for (int value = 0; value < 1000; ++value) EXPECT_TRUE(inflow.push(value, 2));
    inflow.end();
  });
  std::vector<int> all;
  for (const std::vector<int>& portion : client.run(take_all(inflow))) {
    EXPECT_LE(portion.size(), 2U);
    all.insert(all.end(), portion.begin(), portion.end());
  }
  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(Inflow, TakesOneThatIsLargerThanAllThatMayWait) {
  Inflow<int> inflow(4);
  EXPECT_TRUE(inflow.push(1, 1000));
}

TEST(Inflow, TellsWhoWaitsThatNobodyTakesAnyMore) {
  Inflow<int> inflow(1);
  EXPECT_TRUE(inflow.push(1, 1));
  std::jthread source([&] { EXPECT_FALSE(inflow.push(2, 1)); });
  inflow.abandon();
  source.join();
  EXPECT_FALSE(inflow.push(3, 1));
}

}  // namespace
}  // namespace duplex::app

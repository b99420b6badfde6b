#include "outflow.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace duplex::app {
namespace {

TEST(Outflow, GivesAllThatIsThereAtOnce) {
  Outflow outflow(100);
  EXPECT_TRUE(outflow.push_now("one "));
  EXPECT_TRUE(outflow.push_now("two"));
  EXPECT_EQ(outflow.take(), "one two");
  EXPECT_EQ(outflow.take_now(), "");
}

TEST(Outflow, GivesTheRestBeforeItEnds) {
  Outflow outflow(100);
  outflow.push_now("rest");
  outflow.end();
  EXPECT_FALSE(outflow.push_now("late"));
  EXPECT_EQ(outflow.take(), "rest");
  EXPECT_EQ(outflow.take(), std::nullopt);
}

TEST(Outflow, TellsThatNobodyTakesAnyMore) {
  Outflow outflow(100);
  outflow.push_now("lost");
  outflow.abandon();
  EXPECT_FALSE(outflow.push_now("more"));
  EXPECT_EQ(outflow.take_now(), "");
}

TEST(Outflow, CallsWhenThereIsSomethingAndWasNothing) {
  int calls = 0;
  Outflow outflow(100, [&] { ++calls; });
  outflow.push_now("a");
  outflow.push_now("b");
  EXPECT_EQ(calls, 1);
  outflow.take_now();
  outflow.push_now("c");
  EXPECT_EQ(calls, 2);
  outflow.end();
  EXPECT_EQ(calls, 3);
}

TEST(Outflow, WaitsForTextOfAnotherThread) {
  Outflow outflow(100);
  std::jthread writer([&] {
    outflow.push_now("text");
    outflow.end();
  });
  EXPECT_EQ(outflow.take(), "text");
  EXPECT_EQ(outflow.take(), std::nullopt);
}

}  // namespace
}  // namespace duplex::app

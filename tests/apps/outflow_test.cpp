#include "outflow.hpp"

#include <gtest/gtest.h>

#include <thread>

#include <duplex/client/client.hpp>

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

Task<bool> push_often(Outflow& outflow, int count) {
  bool wanted = true;
  for (int i = 0; i < count && wanted; ++i) wanted = co_await outflow.push("0123456789");
  outflow.end();
  co_return wanted;
}

TEST(Outflow, MakesACoroutineWaitForItsReader) {
  const client::Client client;
  Outflow outflow(20);
  std::size_t bytes = 0;
  std::jthread reader([&] {
    while (const auto text = outflow.take()) {
      EXPECT_LE(text->size(), 30U);
      bytes += text->size();
    }
  });
  EXPECT_TRUE(client.run(push_often(outflow, 1000)));
  reader.join();
  EXPECT_EQ(bytes, 10'000U);
}

TEST(Outflow, TellsACoroutineThatWaitsThatNobodyTakesAnyMore) {
  const client::Client client;
  Outflow outflow(20);
  std::jthread reader([&] {
    outflow.take();
    outflow.abandon();
  });
  EXPECT_FALSE(client.run(push_often(outflow, 1000)));
}

}  // namespace
}  // namespace duplex::app

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include <duplex/base/task.hpp>

namespace duplex {
namespace {

/// A wait that a test ends by hand.
struct Gate {
  std::coroutine_handle<> waiting;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiting, nullptr).resume(); }
};

Task<int> answer(int& runs) {
  ++runs;
  co_return 42;
}

Task<int> sum(int& runs) {
  const int first = co_await answer(runs);
  co_return first + co_await answer(runs);
}

TEST(Task, StartsWhenItIsTold) {
  int runs = 0;
  Task<int> task = sum(runs);
  EXPECT_TRUE(task);
  EXPECT_FALSE(task.done());
  EXPECT_EQ(runs, 0);
  task.start();
  EXPECT_EQ(runs, 2);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), 84);
}

TEST(Task, ADefaultOneIsNoCoroutine) {
  EXPECT_FALSE(Task<>());
}

Task<std::string> wait_then_speak(Gate& gate) {
  co_await gate;
  co_return "spoken";
}

Task<std::string> outer(Gate& gate) {
  co_return "was " + co_await wait_then_speak(gate);
}

TEST(Task, WaitsThroughAllThatAwaitIt) {
  Gate gate;
  Task<std::string> task = outer(gate);
  task.start();
  EXPECT_FALSE(task.done());
  gate.open();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "was spoken");
}

Task<bool> is_true(bool value) {
  co_return value;
}

Task<> count_if(bool value, int& count) {
  if (!co_await is_true(value)) co_return;
  ++count;
}

Task<int> one() {
  co_return 1;
}

Task<> add_ones(int count, int& sum) {
  for (int i = 0; i < count; ++i) sum += co_await one();
}

TEST(Task, MayAwaitAnyNumberOfTasksThatDoNotWait) {
  int sum = 0;
  Task<> task = add_ones(1'000'000, sum);
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(sum, 1'000'000);
}

TEST(TaskDeathTest, SaysSoWhenTheCompilerCanNotCompileTheFirstWait) {
  const auto run = [] {
    int count = 0;
    Task<> task = count_if(true, count);
    task.start();
    std::_Exit(count == 1 ? 7 : 8);
  };
  if constexpr (misplaces_promises) {
    EXPECT_DEATH(run(), "give its result a name first");
  } else {
    EXPECT_EXIT(run(), testing::ExitedWithCode(7), "");
  }
}

Task<> fail() {
  throw std::runtime_error("failed");
  co_return;
}

Task<int> fail_with_value() {
  throw std::runtime_error("no value");
  co_return 1;
}

Task<std::string> catch_failure() {
  try {
    co_await fail();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing thrown";
}

TEST(Task, ThrowsItsExceptionWhereItIsAwaited) {
  Task<std::string> task = catch_failure();
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "failed");
}

TEST(Task, ThrowsItsExceptionFromResult) {
  Task<> task = fail();
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_THROW(task.result(), std::runtime_error);
  Task<int> valued = fail_with_value();
  valued.start();
  EXPECT_THROW(valued.result(), std::runtime_error);
}

Task<> hold(Gate& gate, std::shared_ptr<int> held) {
  co_await gate;
  ++*held;
}

Task<> hold_nested(Gate& gate, std::shared_ptr<int> held) {
  co_await hold(gate, held);
}

TEST(Task, EndsInTheMiddleWhenDestroyed) {
  Gate gate;
  auto held = std::make_shared<int>(0);
  {
    Task<> task = hold_nested(gate, held);
    task.start();
    EXPECT_GT(held.use_count(), 1);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST(Task, FreesItsArgumentsWhenNeverStarted) {
  Gate gate;
  auto held = std::make_shared<int>(0);
  {
    const Task<> task = hold(gate, held);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, MovesWithoutRunning) {
  Gate gate;
  auto held = std::make_shared<int>(0);
  Task<> first = hold(gate, held);
  first.start();
  Task<> second = std::move(first);
  // NOLINTNEXTLINE(bugprone-use-after-move): what is left behind is the question.
  EXPECT_FALSE(first);
  gate.open();
  EXPECT_TRUE(second.done());
  EXPECT_EQ(*held, 1);
}

TEST(Task, EndsTheOldCoroutineWhenAssigned) {
  Gate gate;
  auto held = std::make_shared<int>(0);
  Task<> first = hold(gate, held);
  Task<> second = fail();
  first = std::move(second);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(first);
}

Task<std::unique_ptr<int>> make_unique_value() {
  co_return std::make_unique<int>(7);
}

Task<int> read_unique_value() {
  co_return *co_await make_unique_value();
}

TEST(Task, YieldsValuesThatOnlyMove) {
  Task<int> task = read_unique_value();
  task.start();
  EXPECT_EQ(task.result(), 7);
}

Task<int> count_down(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await count_down(depth - 1);
}

Task<long> loop(long rounds) {
  int runs = 0;
  long total = 0;
  for (long i = 0; i < rounds; ++i) total += co_await answer(runs);
  co_return total;
}

TEST(Task, RunsNestedAndInLoops) {
  Task<int> deep = count_down(500);
  deep.start();
  EXPECT_EQ(deep.result(), 500);
  Task<long> many = loop(1000);
  many.start();
  EXPECT_EQ(many.result(), 42000);
}

}  // namespace
}  // namespace duplex

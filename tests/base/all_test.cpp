#include <gtest/gtest.h>

#include <coroutine>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <duplex/base/all.hpp>

namespace duplex {
namespace {

/// Waits until it is opened.
struct Gate {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiter = handle; }
  void await_resume() const noexcept {}
  void open() { std::exchange(waiter, nullptr).resume(); }
  std::coroutine_handle<> waiter;
};

Task<> pass(Gate& gate, std::string name, std::vector<std::string>& passed) {
  co_await gate;
  passed.push_back(name);
}

Task<> note(std::string name, std::vector<std::string>& passed) {
  passed.push_back(name);
  co_return;
}

Task<> fail(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

TEST(All, EndsWhenTheLastTaskHas) {
  Gate first;
  Gate second;
  std::vector<std::string> passed;
  Task<> both = all(pass(first, "first", passed), pass(second, "second", passed));
  both.start();
  second.open();
  EXPECT_FALSE(both.done());
  first.open();
  EXPECT_TRUE(both.done());
  EXPECT_EQ(passed, (std::vector<std::string>{"second", "first"}));
}

TEST(All, EndsAtOnceWhenNobodyWaits) {
  std::vector<std::string> passed;
  Task<> both = all(note("first", passed), note("second", passed));
  both.start();
  EXPECT_TRUE(both.done());
  EXPECT_EQ(passed, (std::vector<std::string>{"first", "second"}));
  Task<> none = all(std::vector<Task<>>());
  none.start();
  EXPECT_TRUE(none.done());
}

TEST(All, ThrowsTheFirstExceptionWhenAllHaveEnded) {
  Gate gate;
  std::vector<std::string> passed;
  Task<> group = all(fail("one"), pass(gate, "late", passed), fail("two"));
  group.start();
  EXPECT_FALSE(group.done());
  gate.open();
  ASSERT_TRUE(group.done());
  EXPECT_EQ(passed, std::vector<std::string>{"late"});
  try {
    group.result();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "one");
  }
}

TEST(All, EndsItsTasksWhenItIsDestroyed) {
  Gate gate;
  std::vector<std::string> passed;
  struct Guard {
    std::vector<std::string>& passed;
    ~Guard() { passed.emplace_back("destroyed"); }
  };
  const auto guarded = [&]() -> Task<> {
    const Guard guard{passed};
    co_await gate;
  };
  {
    Task<> group = all(guarded());
    group.start();
    EXPECT_TRUE(passed.empty());
  }
  EXPECT_EQ(passed, std::vector<std::string>{"destroyed"});
}

}  // namespace
}  // namespace duplex

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/event_loop.hpp"
#include <duplex/base/task.hpp>
#include <duplex/net/async.hpp>

namespace duplex::net {
namespace {

using namespace std::chrono_literals;

/// Iterates until `condition` holds; false when that takes far too long.
template <class Condition>
bool until(EventLoop& loop, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.run_once(5);
  }
  return true;
}

/// Starts `task` in the loop's thread, as a handler would be.
template <class T>
void start(EventLoop& loop, Task<T>& task) {
  loop.inbox()->post([&task] { task.start(); });
  loop.run_once(0);
}

// ---------------------------------------------------------------------------- sleep_for

TEST(SleepFor, ResumesWhenTheTimeHasPassed) {
  EventLoop loop;
  const auto sleep = []() -> Task<> { co_await sleep_for(30ms); };
  Task<> task = sleep();
  start(loop, task);
  const std::uint64_t began = loop.now_ms();
  EXPECT_FALSE(task.done());
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_GE(loop.now_ms(), began + 30);
}

TEST(SleepFor, DoesNotWaitForNothing) {
  EventLoop loop;
  const auto sleep = []() -> Task<> {
    co_await sleep_for(0ms);
    co_await sleep_for(-5ms);
  };
  Task<> task = sleep();
  task.start();  // not even in a loop
  EXPECT_TRUE(task.done());
}

TEST(SleepFor, WakesInTheOrderOfTime) {
  EventLoop loop;
  std::vector<int> woken;
  const auto sleep = [&](std::chrono::milliseconds duration, int number) -> Task<> {
    co_await sleep_for(duration);
    woken.push_back(number);
  };
  Task<> late = sleep(40ms, 2);
  Task<> early = sleep(10ms, 1);
  start(loop, late);
  start(loop, early);
  ASSERT_TRUE(until(loop, [&] { return woken.size() == 2; }));
  EXPECT_EQ(woken, (std::vector{1, 2}));
}

TEST(SleepFor, NeverResumesACoroutineThatIsDestroyedMeanwhile) {
  EventLoop loop;
  bool resumed = false;
  bool other_done = false;
  const auto sleep = [](bool& flag) -> Task<> {
    co_await sleep_for(10ms);
    flag = true;
  };
  Task<> other = sleep(other_done);
  {
    Task<> task = sleep(resumed);
    start(loop, task);
  }
  start(loop, other);
  ASSERT_TRUE(until(loop, [&] { return other_done; }));
  EXPECT_FALSE(resumed);
}

TEST(SleepFor, NeedsALoop) {
  const auto sleep = []() -> Task<> { co_await sleep_for(10ms); };
  Task<> task = sleep();
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_THROW(task.result(), std::logic_error);
}

// ---------------------------------------------------------------------------- within

Task<int> seven_after(std::chrono::milliseconds duration, bool& ended) {
  struct Guard {
    bool& ended;
    ~Guard() { ended = true; }
  };
  const Guard guard{ended};
  co_await sleep_for(duration);
  co_return 7;
}

TEST(Within, YieldsTheResultThatComesInTime) {
  EventLoop loop;
  bool ended = false;
  std::optional<int> result;
  const auto wait = [&]() -> Task<> { result = co_await within(10s, seven_after(1ms, ended)); };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_EQ(result, 7);
  EXPECT_EQ(loop.timers().next_due_ms(), std::nullopt) << "the limit is still armed";
}

TEST(Within, EndsWhatIsLate) {
  EventLoop loop;
  bool ended = false;
  std::optional<int> result = 1;
  const auto wait = [&]() -> Task<> { result = co_await within(5ms, seven_after(1h, ended)); };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_EQ(result, std::nullopt);
  EXPECT_TRUE(ended);
}

TEST(Within, TellsWhetherAWaitWithoutResultCameToItsEnd) {
  EventLoop loop;
  std::vector<bool> came;
  const auto wait = [&]() -> Task<> {
    const auto nap = [](std::chrono::milliseconds duration) -> Task<> {
      co_await sleep_for(duration);
    };
    came.push_back(co_await within(10s, nap(1ms)));
    came.push_back(co_await within(1ms, nap(10s)));
  };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_EQ(came, (std::vector<bool>{true, false}));
}

TEST(Within, PassesOnAnException) {
  EventLoop loop;
  const auto fail = []() -> Task<> {
    throw std::runtime_error("boom");
    co_return;
  };
  const auto wait = [&]() -> Task<> { co_await within(10s, fail()); };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_THROW(task.result(), std::runtime_error);
}

// ---------------------------------------------------------------------------- Completion

using Word = Completion<std::unique_ptr<std::string>>;

std::unique_ptr<std::string> word(std::string text) {
  return std::make_unique<std::string>(std::move(text));
}

/// Hands the resolver out, and waits.
Task<std::string> wait_for_word(std::optional<Word::Resolver>& resolver) {
  Word completion;
  resolver.emplace(completion.resolver());
  const auto came = co_await completion;
  co_return *came;
}

TEST(Completion, MayBeResolvedBeforeAnybodyWaits) {
  EventLoop loop;
  const auto wait = []() -> Task<std::string> {
    Word completion;
    completion.resolver().resolve(word("early"));
    co_return *co_await completion;
  };
  Task<std::string> task = wait();
  start(loop, task);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "early");
}

TEST(Completion, ResumesNotInsideOfResolve) {
  EventLoop loop;
  std::optional<Word::Resolver> resolver;
  Task<std::string> task = wait_for_word(resolver);
  start(loop, task);
  ASSERT_TRUE(resolver);
  resolver->resolve(word("late"));
  EXPECT_FALSE(task.done());
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_EQ(task.result(), "late");
}

TEST(Completion, TakesTheFirstResultOnly) {
  EventLoop loop;
  std::optional<Word::Resolver> resolver;
  Task<std::string> task = wait_for_word(resolver);
  start(loop, task);
  const Word::Resolver copy = *resolver;
  resolver->resolve(word("first"));
  copy.resolve(word("second"));
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  copy.resolve(word("third"));
  EXPECT_EQ(task.result(), "first");
}

TEST(Completion, ResumesInItsOwnThreadWhicheverResolves) {
  EventLoop loop;
  for (int round = 0; round < 200; ++round) {
    std::thread::id resumed_in;
    std::thread other;
    // The other thread may come before the wait, during its beginning or after.
    const auto wait = [&]() -> Task<std::string> {
      Word completion;
      other = std::thread([resolver = completion.resolver()] { resolver.resolve(word("x")); });
      if (round % 3 == 0) std::this_thread::yield();
      const auto came = co_await completion;
      resumed_in = std::this_thread::get_id();
      co_return *came;
    };
    Task<std::string> task = wait();
    start(loop, task);
    ASSERT_TRUE(until(loop, [&] { return task.done(); }));
    other.join();
    EXPECT_EQ(task.result(), "x");
    EXPECT_EQ(resumed_in, std::this_thread::get_id());
  }
}

TEST(Completion, TakesTheFirstResultOfManyThreads) {
  EventLoop loop;
  std::optional<Word::Resolver> resolver;
  Task<std::string> task = wait_for_word(resolver);
  start(loop, task);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = *resolver, i] { copy.resolve(word(std::to_string(i))); });
  }
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(task.result().size(), 1u);
}

TEST(Completion, NeverResumesACoroutineThatIsDestroyedMeanwhile) {
  EventLoop loop;
  for (int round = 0; round < 100; ++round) {
    std::optional<Word::Resolver> resolver;
    std::optional<Task<std::string>> task(wait_for_word(resolver));
    start(loop, *task);
    std::thread other([copy = *resolver] { copy.resolve(word("too late")); });
    // Before, during, or between the resolution and the resumption.
    if (round % 2 == 0) other.join();
    task.reset();
    loop.run_once(0);
    if (other.joinable()) other.join();
    loop.run_once(0);
  }
}

TEST(Completion, MayBeResolvedAfterItsLoopHasEnded) {
  std::optional<Word::Resolver> resolver;
  Task<std::string> task = wait_for_word(resolver);
  {
    EventLoop loop;
    start(loop, task);
  }
  resolver->resolve(word("nobody waits"));
  EXPECT_FALSE(task.done());
}

TEST(Completion, NeedsALoopToWait) {
  std::optional<Word::Resolver> resolver;
  Task<std::string> task = wait_for_word(resolver);
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_THROW(task.result(), std::logic_error);
}

// ---------------------------------------------------------------------------- offload

TEST(Offload, GivesTheResultOfWorkInAnotherThread) {
  EventLoop loop;
  std::thread::id worked_in;
  const auto wait = [&]() -> Task<std::string> {
    auto made = co_await offload([&worked_in] {
      worked_in = std::this_thread::get_id();
      return word("made");
    });
    co_return *made;
  };
  Task<std::string> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_EQ(task.result(), "made");
  EXPECT_NE(worked_in, std::this_thread::get_id());
}

TEST(Offload, WaitsForWorkWithoutAResult) {
  EventLoop loop;
  std::atomic<bool> worked = false;
  const auto wait = [&]() -> Task<> { co_await offload([&] { worked = true; }); };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  EXPECT_TRUE(worked);
}

TEST(Offload, TakesOverWorkThatOwnsWhatItUses) {
  EventLoop loop;
  std::string result;
  const auto wait = [&]() -> Task<> {
    auto work = [text = std::string(1'000, 'x')] { return text + "!"; };
    result = co_await offload(work);
  };
  Task<> task = wait();
  start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return task.done(); }));
  task.result();
  EXPECT_EQ(result, std::string(1'000, 'x') + "!");
}

TEST(Offload, ThrowsWhatTheWorkThrew) {
  EventLoop loop;
  const auto wait = []() -> Task<int> {
    co_return co_await offload([]() -> int { throw std::runtime_error("from work"); });
  };
  const auto wait_void = []() -> Task<> {
    co_await offload([] { throw std::runtime_error("from work"); });
  };
  Task<int> task = wait();
  Task<> task_void = wait_void();
  start(loop, task);
  start(loop, task_void);
  ASSERT_TRUE(until(loop, [&] { return task.done() && task_void.done(); }));
  EXPECT_THROW(task.result(), std::runtime_error);
  EXPECT_THROW(task_void.result(), std::runtime_error);
}

TEST(Offload, DoesManyThingsAtATime) {
  EventLoop loop;
  constexpr int count = 100;
  // All wait until some work at once: the pool has more than one thread.
  std::atomic<int> begun = 0;
  int sum = 0;
  const auto wait = [&](int number) -> Task<> {
    sum += co_await offload([&begun, number] {
      ++begun;
      while (begun < 2) std::this_thread::yield();
      return number;
    });
  };
  std::vector<Task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(wait(i));
  for (Task<>& task : tasks) start(loop, task);
  ASSERT_TRUE(until(loop, [&] { return std::ranges::all_of(tasks, &Task<>::done); }));
  EXPECT_EQ(sum, count * (count - 1) / 2);
}

TEST(Offload, RunsToItsEndWhenTheCoroutineIsDestroyed) {
  EventLoop loop;
  const auto worked = std::make_shared<std::atomic<bool>>(false);
  const auto may_go_on = std::make_shared<std::atomic<bool>>(false);
  bool resumed = false;
  {
    const auto wait = [&]() -> Task<> {
      // Named, because GCC 12 destroys a temporary twice whose co_await never ends.
      auto work = [worked, may_go_on] {
        while (!*may_go_on) std::this_thread::yield();
        *worked = true;
      };
      co_await offload(work);
      resumed = true;
    };
    Task<> task = wait();
    start(loop, task);
  }
  *may_go_on = true;
  ASSERT_TRUE(until(loop, [&] { return worked->load(); }));
  for (int i = 0; i < 3; ++i) loop.run_once(1);
  EXPECT_FALSE(resumed);
}

// A server or client with static storage may have been made before the first work was offloaded,
// and so ends behind the threads for it.
struct EndsLate {
  ~EndsLate() {
    detail::run_in_pool([] {});
  }
};

TEST(OffloadDeathTest, DropsWorkAtTheEndOfTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        static const EndsLate late;
        detail::run_in_pool([] {});
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace duplex::net

#include "net/event_loop.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace duplex::net {
namespace {

/// Two connected sockets, of which the test holds one end and the loop watches the other.
struct Pair {
  Descriptor ours;
  Descriptor theirs;

  Pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  void poke() const { ASSERT_EQ(::write(ours.number(), "x", 1), 1); }
};

class Watcher final : public Pollable {
 public:
  explicit Watcher(std::function<void(Readiness)> react) : react_(std::move(react)) {}
  void on_ready(Readiness readiness) noexcept override { react_(readiness); }

 private:
  std::function<void(Readiness)> react_;
};

class Alarm final : public Timer {
 public:
  explicit Alarm(std::function<void()> ring) : ring_(std::move(ring)) {}

 private:
  void on_timer() noexcept override { ring_(); }
  std::function<void()> ring_;
};

class Closing final : public Epilogue {
 public:
  explicit Closing(std::function<void()> close) : close_(std::move(close)) {}
  void on_iteration_end() noexcept override { close_(); }

 private:
  std::function<void()> close_;
};

TEST(EventLoop, TellsWhatADescriptorIsReadyFor) {
  EventLoop loop;
  Pair pair;
  std::vector<Readiness> seen;
  Watcher watcher([&](Readiness readiness) { seen.push_back(readiness); });
  ASSERT_FALSE(loop.watch(pair.theirs.number(), {.readable = true}, watcher));
  loop.run_once(0);
  EXPECT_TRUE(seen.empty());

  pair.poke();
  loop.run_once(1'000);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen[0].readable);
  EXPECT_FALSE(seen[0].writable || seen[0].hung_up);

  ASSERT_FALSE(loop.change(pair.theirs.number(), {.writable = true}, watcher));
  loop.run_once(1'000);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[1].writable);
  EXPECT_FALSE(seen[1].readable || seen[1].hung_up);

  ASSERT_FALSE(loop.change(pair.theirs.number(), {}, watcher));
  loop.run_once(0);
  EXPECT_EQ(seen.size(), 2u);

  pair.ours.reset();
  loop.run_once(1'000);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen[2].hung_up);
  loop.unwatch(pair.theirs.number(), watcher);
  loop.run_once(0);
  EXPECT_EQ(seen.size(), 3u);
}

TEST(EventLoop, ReportsAgainWhatWasNotRead) {
  EventLoop loop;
  Pair pair;
  int seen = 0;
  Watcher watcher([&](Readiness) { ++seen; });
  ASSERT_FALSE(loop.watch(pair.theirs.number(), {.readable = true}, watcher));
  pair.poke();
  for (int i = 1; i <= 3; ++i) {
    loop.run_once(1'000);
    EXPECT_EQ(seen, i);
  }
}

TEST(EventLoop, SaysWhyADescriptorCanNotBeWatched) {
  EventLoop loop;
  Watcher watcher([](Readiness) {});
  EXPECT_EQ(loop.watch(-1, {.readable = true}, watcher), std::errc::bad_file_descriptor);
  Pair pair;
  EXPECT_EQ(loop.change(pair.theirs.number(), {}, watcher), std::errc::no_such_file_or_directory);
}

TEST(EventLoop, DropsCollectedEventsOfWhatIsUnwatched) {
  EventLoop loop;
  std::array<Pair, 8> pairs;
  std::vector<std::unique_ptr<Watcher>> watchers;
  int seen = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    // Whoever comes first closes all, as a fatal message to a room would.
    watchers.push_back(std::make_unique<Watcher>([&](Readiness) {
      ++seen;
      for (std::size_t k = 0; k < pairs.size(); ++k) {
        loop.unwatch(pairs[k].theirs.number(), *watchers[k]);
        pairs[k].theirs.reset();
      }
    }));
    ASSERT_FALSE(loop.watch(pairs[i].theirs.number(), {.readable = true}, *watchers[i]));
    pairs[i].poke();
  }
  loop.run_once(1'000);
  EXPECT_EQ(seen, 1);
  loop.run_once(0);
  EXPECT_EQ(seen, 1);
}

TEST(EventLoop, DispatchesMoreReadyDescriptorsThanOneBatchHolds) {
  EventLoop loop;
  constexpr std::size_t count = 400;
  std::vector<Pair> pairs(count);
  std::vector<std::unique_ptr<Watcher>> watchers;
  std::vector<int> seen(count);
  for (std::size_t i = 0; i < count; ++i) {
    watchers.push_back(std::make_unique<Watcher>([&, i](Readiness) {
      ++seen[i];
      char byte = 0;
      EXPECT_EQ(::read(pairs[i].theirs.number(), &byte, 1), 1);
    }));
    ASSERT_FALSE(loop.watch(pairs[i].theirs.number(), {.readable = true}, *watchers[i]));
    pairs[i].poke();
  }
  for (int i = 0; i < 4; ++i) loop.run_once(0);
  EXPECT_EQ(seen, std::vector<int>(count, 1));
}

TEST(EventLoop, GoesThroughAnIterationInTheDocumentedOrder) {
  EventLoop loop;
  Pair pair;
  std::vector<std::string> order;
  Closing first([&] { order.emplace_back("first epilogue"); });
  Closing second([&] { order.emplace_back("second epilogue"); });
  loop.add(first);
  loop.add(second);
  Alarm alarm([&] { order.emplace_back("timer"); });
  Watcher watcher([&](Readiness) {
    order.emplace_back("ready");
    loop.inbox()->post([&] { order.emplace_back("posted"); });
    loop.arm(alarm, 0);
  });
  ASSERT_FALSE(loop.watch(pair.theirs.number(), {.readable = true}, watcher));
  pair.poke();
  loop.run_once(1'000);
  EXPECT_EQ(order, (std::vector<std::string>{"ready", "timer", "posted", "first epilogue",
                                             "second epilogue"}));
}

TEST(EventLoop, SleepsUntilTheNextTimer) {
  EventLoop loop;
  const std::uint64_t start = loop.now_ms();
  Alarm alarm([&] { loop.stop(); });
  loop.arm(alarm, 20);
  loop.run();
  EXPECT_GE(loop.now_ms(), start + 20);
}

TEST(EventLoop, DoesNotSleepOnWorkThatAnEpilogueLeft) {
  EventLoop loop;
  int posted = 0;
  int fired = 0;
  Alarm alarm([&] { ++fired; });
  Closing closing([&] {
    loop.inbox()->post([&] { ++posted; });
    loop.arm(alarm, 0);
  });
  loop.add(closing);
  loop.run_once(0);
  // It would not come back within the time of a test.
  loop.run_once(1'000'000'000);
  EXPECT_EQ(posted, 1);
  EXPECT_EQ(fired, 1);
}

TEST(EventLoop, StopsFromAnotherThreadWhileItSleeps) {
  EventLoop loop;
  std::jthread stopper;
  loop.inbox()->post([&] { stopper = std::jthread([&] { loop.stop(); }); });
  loop.run();
}

TEST(EventLoop, HonoursAStopThatComesBeforeTheRun) {
  EventLoop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.inbox()->post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran) << "a stop ends one run only";
}

EventLoop* signalled_loop = nullptr;

TEST(EventLoop, StopsFromASignalHandler) {
  EventLoop loop;
  signalled_loop = &loop;
  struct sigaction action{};
  action.sa_handler = [](int) { signalled_loop->stop(); };
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  loop.inbox()->post([] { ::raise(SIGUSR1); });
  loop.run();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(EventLoop, IsCurrentWhileItRuns) {
  EXPECT_EQ(EventLoop::current(), nullptr);
  EventLoop loop;
  EventLoop other;
  loop.inbox()->post([&] {
    EXPECT_EQ(EventLoop::current(), &loop);
    other.inbox()->post([&] { EXPECT_EQ(EventLoop::current(), &other); });
    other.run_once(0);
    EXPECT_EQ(EventLoop::current(), &loop);
    std::jthread([] { EXPECT_EQ(EventLoop::current(), nullptr); });
  });
  loop.run_once(0);
  EXPECT_EQ(EventLoop::current(), nullptr);
}

/// Says when it goes.
class Guest final : public Resident {
 public:
  Guest(std::string name, std::vector<std::string>& gone) : name_(std::move(name)), gone_(gone) {}
  ~Guest() override { gone_.push_back(name_); }

 private:
  std::string name_;
  std::vector<std::string>& gone_;
};

TEST(EventLoop, HousesResidentsUntilItEndsOrTheyAreEvicted) {
  std::vector<std::string> gone;
  {
    EventLoop loop;
    auto second = std::make_unique<Guest>("second", gone);
    const Resident& evicted = *second;
    loop.house(std::make_unique<Guest>("first", gone));
    loop.house(std::move(second));
    loop.house(std::make_unique<Guest>("third", gone));
    loop.evict(evicted);
    EXPECT_EQ(gone, std::vector<std::string>{"second"});
  }
  EXPECT_EQ(gone, (std::vector<std::string>{"second", "third", "first"}));
}

class Counter final : public Epilogue {
 public:
  void on_iteration_end() noexcept override { ++calls; }
  int calls = 0;
};

TEST(EventLoop, CallsNoEpilogueThatWasRemoved) {
  EventLoop loop;
  Counter stays;
  Counter leaves;
  loop.add(leaves);
  loop.add(stays);
  loop.run_once(0);
  loop.remove(leaves);
  loop.run_once(0);
  EXPECT_EQ(leaves.calls, 1);
  EXPECT_EQ(stays.calls, 2);
}

TEST(EventLoop, OffersBuffersOfTheAskedSize) {
  EventLoop loop(4096);
  EXPECT_EQ(loop.read_buffer().size(), 4096u);
  EXPECT_TRUE(loop.cork().empty());
}

}  // namespace
}  // namespace duplex::net

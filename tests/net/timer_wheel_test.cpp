#include "net/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace duplex::net {
namespace {

class Alarm final : public Timer {
 public:
  explicit Alarm(std::function<void()> ring) : ring_(std::move(ring)) {}

 private:
  void on_timer() noexcept override { ring_(); }

  std::function<void()> ring_;
};

TEST(TimerWheel, FiresAtTheFirstAdvanceToTheTimeOrLater) {
  for (const std::uint64_t delay : {1ull, 2ull, 63ull, 64ull, 65ull, 4095ull, 4096ull, 4097ull,
                                    60'000ull, 16'777'216ull, 3'000'000'000ull, 1ull << 50}) {
    for (const std::uint64_t start : {0ull, 1ull, 63ull, 100ull, 4095ull, (1ull << 36) - 1}) {
      TimerWheel wheel(start);
      int fired = 0;
      Alarm alarm([&] { ++fired; });
      wheel.arm(alarm, start + delay);
      wheel.advance(start + delay - 1);
      EXPECT_EQ(fired, 0) << start << " + " << delay;
      EXPECT_TRUE(alarm.armed());
      wheel.advance(start + delay);
      EXPECT_EQ(fired, 1) << start << " + " << delay;
      EXPECT_FALSE(alarm.armed());
      EXPECT_EQ(wheel.next_due_ms(), std::nullopt);
    }
  }
}

TEST(TimerWheel, FiresWhatWasPassedOverByAJump) {
  TimerWheel wheel(5);
  std::vector<int> order;
  Alarm late([&] { order.push_back(3); });
  Alarm early([&] { order.push_back(1); });
  Alarm middle([&] { order.push_back(2); });
  wheel.arm(late, 1'000'000);
  wheel.arm(early, 6);
  wheel.arm(middle, 7'000);
  wheel.advance(std::uint64_t{1} << 40);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(TimerWheel, FiresOneMillisecondInOrderOfArmingAlthoughArmedFromDifferentDistances) {
  TimerWheel wheel(0);
  std::vector<int> order;
  Alarm first([&] { order.push_back(1); });
  Alarm second([&] { order.push_back(2); });
  Alarm third([&] { order.push_back(3); });
  wheel.arm(first, 10'000);
  wheel.advance(9'000);
  wheel.arm(second, 10'000);
  wheel.advance(9'990);
  wheel.arm(third, 10'000);
  wheel.advance(10'000);
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(TimerWheel, FiresAtTheNextAdvanceWhatIsOverdueWhenArmed) {
  TimerWheel wheel(100);
  int fired = 0;
  Alarm past([&] { ++fired; });
  Alarm now([&] { ++fired; });
  wheel.arm(past, 3);
  wheel.arm(now, 100);
  EXPECT_EQ(wheel.next_due_ms(), 100);
  wheel.advance(100);
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, DisarmsAndMoves) {
  TimerWheel wheel(0);
  int fired = 0;
  Alarm disarmed([&] { fired += 1; });
  Alarm moved([&] { fired += 10; });
  wheel.arm(disarmed, 50);
  wheel.arm(moved, 50);
  disarmed.disarm();
  disarmed.disarm();
  wheel.arm(moved, 500);
  EXPECT_EQ(moved.due_ms(), 500);
  wheel.advance(499);
  EXPECT_EQ(fired, 0);
  wheel.advance(500);
  EXPECT_EQ(fired, 10);
}

TEST(TimerWheel, LeavesNoTraceOfADestroyedTimer) {
  TimerWheel wheel(0);
  {
    Alarm alarm([] { FAIL(); });
    wheel.arm(alarm, 70);
  }
  EXPECT_EQ(wheel.next_due_ms(), std::nullopt);
  wheel.advance(1'000);
}

TEST(TimerWheel, DisarmsAllWhenDestroyed) {
  Alarm near([] {});
  Alarm far([] {});
  Alarm overdue([] {});
  {
    TimerWheel wheel(10);
    wheel.arm(near, 11);
    wheel.arm(far, 1'000'000);
    wheel.arm(overdue, 1);
  }
  EXPECT_FALSE(near.armed() || far.armed() || overdue.armed());
}

TEST(TimerWheel, LetsATimerArmItselfAnew) {
  TimerWheel wheel(0);
  int fired = 0;
  std::optional<Alarm> alarm;
  alarm.emplace([&] {
    ++fired;
    wheel.arm(*alarm, alarm->due_ms() + 10);
  });
  wheel.arm(*alarm, 10);
  for (std::uint64_t now = 1; now <= 100; ++now) wheel.advance(now);
  EXPECT_EQ(fired, 10);
}

TEST(TimerWheel, KeepsWhatIsArmedWithoutDelayInACallbackForTheNextAdvance) {
  TimerWheel wheel(0);
  int fired = 0;
  std::optional<Alarm> alarm;
  alarm.emplace([&] {
    ++fired;
    wheel.arm(*alarm, 500);
  });
  wheel.arm(*alarm, 10);
  wheel.advance(500);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.next_due_ms(), 500);
  wheel.advance(500);
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, LetsACallbackDestroyItselfAndDisarmOthersOfTheSameMillisecond) {
  TimerWheel wheel(0);
  int fired = 0;
  std::unique_ptr<Alarm> self;
  std::unique_ptr<Alarm> destroyed = std::make_unique<Alarm>([] { FAIL(); });
  Alarm disarmed([] { FAIL(); });
  Alarm last([&] { ++fired; });
  self = std::make_unique<Alarm>([&] {
    ++fired;
    destroyed.reset();
    disarmed.disarm();
    // The function object goes with the timer: nothing after this line may touch it.
    self.reset();
  });
  for (Timer* timer : {static_cast<Timer*>(self.get()), static_cast<Timer*>(destroyed.get()),
                       static_cast<Timer*>(&disarmed), static_cast<Timer*>(&last)}) {
    wheel.arm(*timer, 20);
  }
  wheel.advance(30);
  EXPECT_EQ(fired, 2);
}

TEST(TimerWheel, TakesTimeThatRunsBackwardsForStandingStill) {
  TimerWheel wheel(1'000);
  int fired = 0;
  Alarm alarm([&] { ++fired; });
  wheel.arm(alarm, 1'010);
  wheel.advance(5);
  wheel.advance(1'009);
  EXPECT_EQ(fired, 0);
  wheel.advance(1'010);
  EXPECT_EQ(fired, 1);
}

/// What the wheel promises, in the plainest form.
class NaiveTimers {
 public:
  void arm(std::size_t id, std::uint64_t due_ms, std::uint64_t now_ms) {
    disarm(id);
    // What is overdue comes first, in order of arming.
    armed_.push_back({due_ms <= now_ms ? 0 : due_ms, ++sequence_, id});
  }
  void disarm(std::size_t id) {
    std::erase_if(armed_, [&](const Entry& entry) { return entry.id == id; });
  }
  std::vector<std::size_t> advance(std::uint64_t now_ms) {
    std::ranges::sort(armed_, {},
                      [](const Entry& entry) { return std::pair(entry.due_ms, entry.sequence); });
    std::vector<std::size_t> fired;
    std::erase_if(armed_, [&](const Entry& entry) {
      if (entry.due_ms > now_ms) return false;
      fired.push_back(entry.id);
      return true;
    });
    return fired;
  }
  std::optional<std::uint64_t> next_due_ms() const {
    if (armed_.empty()) return std::nullopt;
    return std::ranges::min(armed_, {}, &Entry::due_ms).due_ms;
  }

 private:
  struct Entry {
    std::uint64_t due_ms;
    std::uint64_t sequence;
    std::size_t id;
  };
  std::vector<Entry> armed_;
  std::uint64_t sequence_ = 0;
};

TEST(TimerWheel, FiresAsItsNaiveTwin) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    std::uint64_t now = random() % 100'000;
    TimerWheel wheel(now);
    NaiveTimers twin;
    std::vector<std::size_t> fired;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (std::size_t id = 0; id < 50; ++id) {
      alarms.push_back(std::make_unique<Alarm>([&fired, id] { fired.push_back(id); }));
    }
    // A span of up to 2^span milliseconds, so that all levels take part.
    const auto random_span = [&] { return random() % (std::uint64_t{1} << (random() % 30)); };
    for (int step = 0; step < 2'000; ++step) {
      const std::size_t id = random() % alarms.size();
      switch (random() % 4) {
        case 0:
        case 1: {
          const std::uint64_t due = now + random_span() - (random() % 8 == 0 ? now / 2 : 0);
          wheel.arm(*alarms[id], due);
          twin.arm(id, due, now);
          break;
        }
        case 2:
          alarms[id]->disarm();
          twin.disarm(id);
          break;
        default: {
          const std::optional<std::uint64_t> wheel_due = wheel.next_due_ms();
          const std::optional<std::uint64_t> twin_due = twin.next_due_ms();
          ASSERT_EQ(wheel_due.has_value(), twin_due.has_value());
          if (wheel_due) {
            ASSERT_LE(*wheel_due, std::max(*twin_due, now));
          }
          // As a loop would: to the next turn; or anywhere.
          now = random() % 2 == 0 && wheel_due ? *wheel_due : now + random_span();
          fired.clear();
          wheel.advance(now);
          ASSERT_EQ(fired, twin.advance(now)) << "seed " << seed << " step " << step;
        }
      }
    }
  }
}

}  // namespace
}  // namespace duplex::net

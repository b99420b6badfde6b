#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>

#include "net/timer_wheel.hpp"

namespace duplex::net {
namespace {

class Silent final : public Timer {
  void on_timer() noexcept override {}
};

/// What each message of each connection costs: its idle time starts anew.
void rearm_one_of(benchmark::State& state) {
  TimerWheel wheel(0);
  std::deque<Silent> timers(static_cast<std::size_t>(state.range(0)));
  std::uint64_t now = 0;
  std::size_t next = 0;
  for (Silent& timer : timers) wheel.arm(timer, 60'000);
  for (auto _ : state) {
    // Some steps apart, as busy connections are in memory.
    next = (next + 7919) % timers.size();
    wheel.arm(timers[next], now + 60'000);
    if ((++now & 1023) == 0) wheel.advance(now / 1024);
  }
}
BENCHMARK(rearm_one_of)->Arg(100)->Arg(10'000)->Arg(100'000);

/// All of a timer's life: armed, moved down through the levels, fired.
void arm_and_fire(benchmark::State& state) {
  TimerWheel wheel(0);
  std::deque<Silent> timers(10'000);
  const auto delay = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t now = 0;
  for (auto _ : state) {
    for (Silent& timer : timers) wheel.arm(timer, now + delay);
    now += delay;
    wheel.advance(now);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
}
BENCHMARK(arm_and_fire)->Arg(10)->Arg(10'000)->Arg(60'000);

/// What each iteration of a loop pays to learn how long it may sleep.
void ask_when_next(benchmark::State& state) {
  TimerWheel wheel(0);
  Silent timer;
  wheel.arm(timer, 60'000);
  for (auto _ : state) {
    wheel.advance(1);
    benchmark::DoNotOptimize(wheel.next_due_ms());
  }
}
BENCHMARK(ask_when_next);

}  // namespace
}  // namespace duplex::net

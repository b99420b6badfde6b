#include <benchmark/benchmark.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>
#include <vector>

#include "net/event_loop.hpp"

namespace duplex::net {
namespace {

/// One piece of work posted by the loop's own thread and run: no system call but the wait's.
void post_to_own_loop(benchmark::State& state) {
  EventLoop loop;
  int ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1'000; ++i) loop.inbox()->post([&ran] { ++ran; });
    loop.run_once(0);
  }
  benchmark::DoNotOptimize(ran);
  state.SetItemsProcessed(state.iterations() * 1'000);
}
BENCHMARK(post_to_own_loop);

/// There and back between two loops that both sleep: two wakes.
void post_round_trip(benchmark::State& state) {
  EventLoop here;
  EventLoop there;
  const std::jthread thread([&] { there.run(); });
  bool back = false;
  for (auto _ : state) {
    back = false;
    there.inbox()->post([&] { here.inbox()->post([&] { back = true; }); });
    while (!back) here.run_once(1'000);
  }
  there.stop();
}
BENCHMARK(post_round_trip)->UseRealTime();

/// An iteration with nothing to do: the loop's own cost above epoll_wait.
void empty_iteration(benchmark::State& state) {
  EventLoop loop;
  for (auto _ : state) loop.run_once(0);
}
BENCHMARK(empty_iteration);

/// An iteration that finds all of its descriptors ready.
void ready_descriptors(benchmark::State& state) {
  class Counter final : public Pollable {
   public:
    void on_ready(Readiness) noexcept override { ++count; }
    std::int64_t count = 0;
  };
  EventLoop loop;
  Counter counter;
  std::vector<Descriptor> ends;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      state.SkipWithError("no descriptors left");
      return;
    }
    for (const int end : pair) ends.emplace_back(end);
    loop.watch(pair[0], {.writable = true}, counter);
  }
  for (auto _ : state) loop.run_once(0);
  state.SetItemsProcessed(counter.count);
}
BENCHMARK(ready_descriptors)->Arg(1)->Arg(200);

}  // namespace
}  // namespace duplex::net

#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "connection/outbox.hpp"

namespace duplex::connection {
namespace {

/// A broadcast's share in each subscriber: a reference in, a span out, consumed. The system call
/// is not measured.
void broadcast(benchmark::State& state) {
  const SharedBytes message = SharedBytes::copy_of(as_bytes(std::string(512, 'x')));
  std::vector<Outbox> outboxes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (Outbox& outbox : outboxes) outbox.append(message);
    for (Outbox& outbox : outboxes) {
      std::array<iovec, 4> spans;
      benchmark::DoNotOptimize(outbox.next_spans(spans));
      outbox.consume(message.size());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(broadcast)->Arg(1'000)->Arg(10'000);

/// A slow subscriber that is always some messages behind.
void backlog(benchmark::State& state) {
  const SharedBytes message = SharedBytes::copy_of(as_bytes(std::string(512, 'x')));
  Outbox outbox;
  for (std::int64_t i = 0; i < state.range(0); ++i) outbox.append(message);
  for (auto _ : state) {
    outbox.append(message);
    outbox.consume(message.size());
  }
}
BENCHMARK(backlog)->Arg(1)->Arg(1'000);

void small_replies(benchmark::State& state) {
  const std::string reply(64, 'x');
  Outbox outbox;
  for (auto _ : state) {
    for (int i = 0; i < 10; ++i) outbox.append(as_bytes(reply));
    outbox.consume(10 * reply.size());
  }
  state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(small_replies);

}  // namespace
}  // namespace duplex::connection

#include <benchmark/benchmark.h>

#include <string>

#include "bench/json.hpp"
#include <duplex/websocket/prepared_message.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

/// What a publication costs once.
void prepare(benchmark::State& state) {
  const std::string text = json(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state) benchmark::DoNotOptimize(PreparedMessage::text(text).frame().bytes().data());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(prepare)->Arg(64)->Arg(4096)->ArgName("bytes");

/// What it costs for each subscriber, before its outbox: a reference to the plain frame, or to the
/// compressed one.
template <bool compressed>
void share(benchmark::State& state) {
  const auto message = PreparedMessage::text(json(4096, 1));
  const SessionOptions options{};
  DeflateWorkspace workspace;
  Session session(options);
  if (compressed) {
    session.enable_deflate({.server_no_context_takeover = true, .client_no_context_takeover = true},
                           workspace);
  }
  for (auto _ : state) {
    auto frame = session.shared_frame(message);
    benchmark::DoNotOptimize(frame);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(share<false>)->Name("share");
BENCHMARK(share<true>)->Name("share_compressed");

}  // namespace
}  // namespace duplex::websocket

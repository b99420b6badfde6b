#pragma once

#include "bench/result.hpp"

namespace duplex::app::bench {

/// Of a mode, with all that it can have, and a round number of everything.
inline Result example_result(Mode mode) {
  Result result{.mode = mode,
                .url = "ws://127.0.0.1:8080/echo",
                .started = "2026-11-26T01:00:00Z",
                .options = {{"connections", std::int64_t{50}},
                            {"size", std::int64_t{20}, " B"},
                            {"compress", false},
                            {"text", true},
                            {"warmup", 0.5, " s"},
                            {"subprotocol", std::string()}},
                .seconds = 2,
                .opening_count = 50,
                .opening_seconds = 0.01};
  Tally& total = result.total;
  total.connections_opened = 50;
  total.handshake.record(250'000, 50);
  if (mode != Mode::idle) {
    total.sent = total.received = 100'000;
    total.bytes_sent = total.bytes_received = 2'000'000;
    total.latency.record(10'000, 50'000);
    total.latency.record(20'000, 49'000);
    total.latency.record(1'500'000, 1'000);
  }
  if (mode == Mode::request) total.statuses = {{200, 99'999}, {503, 1}};
  if (mode == Mode::fanout) {
    result.fanout = Fanout{.published = 2000, .delivered = 100'000, .lost = 0};
  }
  for (int i = 0; i < 20; ++i) {
    Slice slice{.from_s = i * 0.1, .seconds = 0.1, .connections = 50};
    if (mode != Mode::idle) {
      slice.messages = 5000;
      slice.bytes = 100'000;
      slice.p50_ns = 10'000;
      slice.p99_ns = 20'000;
      slice.max_ns = 1'500'000;
    }
    result.timeline.push_back(slice);
  }
  result.load = {.cpu_seconds = 1.2, .busy = {0.6}};
  result.server = ServerCost{.pid = 4242,
                             .user_seconds = 0.5,
                             .system_seconds = 1.5,
                             .busy = 0.99,
                             .memory_before_bytes = 1'000'000,
                             .memory_bytes = 1'012'500,
                             .connections = 50};
  result.limited_by = LimitedBy::server;
  return result;
}

}  // namespace duplex::app::bench

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "in_flight.hpp"

namespace duplex::app::bench {

inline Time steady_now() noexcept {
  return static_cast<Time>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::steady_clock::now().time_since_epoch())
                               .count());
}

inline constexpr Time never = UINT64_MAX;
inline constexpr Time second = 1'000'000'000;

/// When all threads do what: set by the one who leads, followed by those who load.
struct Schedule {
  Schedule(Time warmup_time, Time duration_time) : warmup(warmup_time), duration(duration_time) {}

  /// The line over time has a point for each.
  static constexpr Time slice = second / 10;
  /// How long answers are waited for that were due by the end.
  static constexpr Time patience = 2 * second;

  const Time warmup;
  const Time duration;
  /// Threads that have tried to open all their connections, and threads that are done.
  std::atomic<std::size_t> ready = 0;
  std::atomic<std::size_t> done = 0;
  /// Connections that were open when the last thread was ready.
  std::atomic<std::size_t> opened = 0;
  /// When the last of them had tried.
  std::atomic<Time> opening_ended = 0;
  /// When the load begins.
  std::atomic<Time> begin = never;
  /// When it ends; earlier when the user has enough.
  std::atomic<Time> end = never;

  /// From when on it counts.
  Time counts_from() const noexcept { return begin.load(std::memory_order_acquire) + warmup; }
};

}  // namespace duplex::app::bench

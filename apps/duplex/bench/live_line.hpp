#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "result.hpp"
#include "timeline.hpp"

namespace duplex::app::bench {

/// How far a run is.
struct RunState {
  Now now = {};
  /// How many connections are to be open.
  std::uint64_t connections = 0;
  /// Until the end, once something is measured; until then connections are opened, and what runs
  /// warms up.
  std::optional<std::chrono::milliseconds> left = {};
};

/// What happens in a run, as a line that is written over itself:
///
///   183,412 messages/s, p50 45.6 µs, p99 120 µs, 2 errors, 8 s left
///
/// Time is an argument.
class LiveLine {
 public:
  using Time = Timeline::Time;

  /// Not more often than anybody can read.
  static constexpr std::chrono::milliseconds interval{200};

  explicit LiveLine(Mode mode) noexcept : mode_(mode) {}

  /// What to write now; nullopt when it is not time yet.
  std::optional<std::string> update(const RunState& state, Time time);

  /// What takes the line off the screen; empty when there is none.
  std::string clear();

 private:
  Mode mode_;
  std::optional<Time> shown_;
};

}  // namespace duplex::app::bench

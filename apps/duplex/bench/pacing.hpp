#pragma once

#include <algorithm>
#include <cstdint>

#include "in_flight.hpp"

namespace duplex::app::bench {

/// When each of many things is due that are to happen at a steady rate, whatever becomes of those
/// before: an open loop. What is late stays due at its time, and its latency counts from there, so
/// that a server that stands still is seen to (Gil Tene: no "coordinated omission").
class Pacing {
 public:
  /// `per_second` > 0.
  Pacing(double per_second, Time begin) noexcept : interval_ns_(1e9 / per_second), begin_(begin) {}

  /// When the next one is due.
  Time next() const noexcept { return time_of(count_); }
  void take() noexcept { ++count_; }
  /// Takes all that are due by `end`, and calls `each(due, count)` for them, in no more than
  /// `parts_max` parts: with the time of the first in a part, and how many these are.
  template <class Each>
  void take_until(Time end, std::uint64_t parts_max, Each each) {
    const std::uint64_t due = due_by(end);
    std::uint64_t left = due - std::min(due, count_);
    const std::uint64_t part = std::max<std::uint64_t>((left + parts_max - 1) / parts_max, 1);
    while (left > 0) {
      const std::uint64_t count = std::min(part, left);
      each(next(), count);
      count_ += count;
      left -= count;
    }
  }

 private:
  Time time_of(std::uint64_t number) const noexcept {
    return begin_ + static_cast<Time>(static_cast<double>(number) * interval_ns_);
  }
  /// How many are due by then, of all.
  std::uint64_t due_by(Time end) const noexcept {
    if (end < begin_) return 0;
    auto count = static_cast<std::uint64_t>(static_cast<double>(end - begin_) / interval_ns_);
    while (count > 0 && time_of(count - 1) > end) --count;
    while (time_of(count) <= end) ++count;
    return count;
  }

  double interval_ns_;
  Time begin_;
  std::uint64_t count_ = 0;
};

}  // namespace duplex::app::bench

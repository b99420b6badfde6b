#pragma once

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
  Time next() const noexcept {
    return begin_ + static_cast<Time>(static_cast<double>(count_) * interval_ns_);
  }
  void take() noexcept { ++count_; }
  /// Takes all that are due by `end`, and tells how many.
  std::uint64_t take_until(Time end) noexcept {
    const std::uint64_t before = count_;
    while (next() <= end) take();
    return count_ - before;
  }

 private:
  double interval_ns_;
  Time begin_;
  std::uint64_t count_ = 0;
};

}  // namespace duplex::app::bench

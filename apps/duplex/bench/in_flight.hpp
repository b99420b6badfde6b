#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace duplex::app::bench {

/// Nanoseconds of the steady clock.
using Time = std::uint64_t;

/// When the messages that are under way on a connection were sent, in their order. Those that left
/// together are one entry.
class InFlight {
 public:
  std::uint64_t count() const noexcept { return count_; }

  void add(Time time, std::uint32_t messages) {
    count_ += messages;
    if (runs_ > 0 && run(runs_ - 1).time == time) {
      run(runs_ - 1).messages += messages;
      return;
    }
    if (runs_ == capacity_) grow();
    run(runs_++) = {time, messages};
  }

  /// Takes the oldest `messages`, at most `count()`, and calls `each(time, messages)` for those
  /// that were sent together.
  template <class Each>
  void take(std::uint64_t messages, Each each) {
    messages = std::min(messages, count_);
    count_ -= messages;
    while (messages > 0) {
      Run& oldest = run(0);
      const auto taken =
          static_cast<std::uint32_t>(std::min<std::uint64_t>(messages, oldest.messages));
      each(oldest.time, taken);
      oldest.messages -= taken;
      messages -= taken;
      if (oldest.messages > 0) return;
      first_ = (first_ + 1) & (capacity_ - 1);
      --runs_;
    }
  }

  void clear() noexcept {
    count_ = 0;
    runs_ = 0;
  }

 private:
  struct Run {
    Time time = 0;
    std::uint32_t messages = 0;
  };

  Run& run(std::uint32_t number) noexcept { return ring_[(first_ + number) & (capacity_ - 1)]; }

  void grow() {
    const std::uint32_t capacity = capacity_ == 0 ? 1 : capacity_ * 2;
    auto ring = std::make_unique<Run[]>(capacity);
    for (std::uint32_t i = 0; i < runs_; ++i) ring[i] = run(i);
    ring_ = std::move(ring);
    capacity_ = capacity;
    first_ = 0;
  }

  std::unique_ptr<Run[]> ring_;
  std::uint64_t count_ = 0;
  /// Of the ring; the capacity is a power of two.
  std::uint32_t capacity_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t runs_ = 0;
};

}  // namespace duplex::app::bench

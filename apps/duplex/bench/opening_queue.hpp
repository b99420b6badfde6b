#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "schedule.hpp"

namespace duplex::app::bench {

/// Which connections of a thread are opened next, and which have taken too long: who waits, at
/// which pace they begin, how many are being opened at once, and until when. It knows connections
/// by their numbers only; what it takes to open one is not its matter.
class OpeningQueue {
 public:
  /// What servers let wait in their listening socket is a few hundred, often 128.
  static constexpr std::size_t at_once_max = 128;
  static constexpr Time opening_time_max = 10 * second;

  /// At most `pace` connections begin in a second; 0: as many as there is room for.
  explicit OpeningQueue(double pace) noexcept : pace_(pace) {}

  /// The pace counts from here on.
  void start(Time now) noexcept { started_ = now; }
  /// There is no pace any more.
  void lift_pace() noexcept { pace_ = 0; }

  /// Behind those that wait already, not to begin before `not_before`. It holds up those behind it.
  void add(std::uint32_t number, Time not_before) { waiting_.push_back({number, not_before}); }
  /// Nobody waits any more. Those that are being opened go on.
  void clear_waiting() noexcept { waiting_.clear(); }
  /// Whether nobody waits and none is being opened.
  bool empty() const noexcept { return waiting_.empty() && opening_.empty(); }

  /// The next one that may begin now, if any. It is being opened from here on, until `ended`.
  std::optional<std::uint32_t> take(Time now);
  /// One that was taken is open, or has failed.
  void ended(std::uint32_t number);
  /// The first of those that are being opened, if it has taken too long.
  std::optional<std::uint32_t> overdue(Time now) const noexcept;

  /// When to ask again: at the first deadline, or when the next one may begin, but of these not
  /// before a millisecond has passed, since it may be the pace that holds them up. `never`: only
  /// `add` or `ended` change anything.
  Time due(Time now) const noexcept;

 private:
  struct Waiting {
    std::uint32_t number;
    Time not_before;
  };
  struct Opening {
    std::uint32_t number;
    Time deadline;
  };

  std::deque<Waiting> waiting_;
  /// In the order in which they began, and so in that of their deadlines.
  std::vector<Opening> opening_;
  double pace_;
  Time started_ = 0;
  std::uint64_t begun_ = 0;
};

}  // namespace duplex::app::bench

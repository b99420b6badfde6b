#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace duplex::net {

/// A place in one of the wheel's circular lists.
struct TimerLink {
  TimerLink* next = nullptr;
  TimerLink* previous = nullptr;
};

/// Something that happens once, later. Owned by its user, who embeds or derives from it; the wheel
/// only links it. Destroying an armed timer disarms it.
class Timer : private TimerLink {
 public:
  Timer() noexcept = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const noexcept { return next != nullptr; }

  /// It will not fire; nothing happens when it is not armed.
  void disarm() noexcept {
    if (next == nullptr) return;
    next->previous = previous;
    previous->next = next;
    next = previous = nullptr;
  }

  /// When an armed timer fires, as it was given to `TimerWheel::arm`.
  std::uint64_t due_ms() const noexcept { return due_ms_; }

 protected:
  virtual ~Timer() { disarm(); }

  /// Called by the wheel when the time has come; the timer is disarmed by then and may be armed
  /// anew, or destroyed. May arm, disarm and destroy other timers as well.
  virtual void on_timer() noexcept = 0;

 private:
  friend class TimerWheel;
  std::uint64_t due_ms_ = 0;
};

static_assert(sizeof(Timer) == 32, "every connection holds one");

/// Hierarchical timer wheel with a resolution of one millisecond: arming and disarming cost a few
/// instructions, however many timers there are. Has no clock: time is an argument, in milliseconds
/// of any monotonic clock. For one thread.
///
/// Level L has 64 slots, one for each value of the six bits of time from bit 6 L on. A timer waits
/// at the level of the highest bits in which its time differs from now, so that what is near lies
/// low; when time reaches a slot above level 0, its timers move down. Eleven levels hold any time
/// of 64 bits: no delay is too long.
class TimerWheel {
 public:
  explicit TimerWheel(std::uint64_t now_ms) noexcept;
  /// Disarms what is still armed.
  ~TimerWheel();

  /// Arms `timer` to fire at the first `advance` to `due_ms` or later; one that is armed already
  /// is moved. What an `on_timer` arms waits for a later `advance` than the one that called it.
  void arm(Timer& timer, std::uint64_t due_ms) noexcept;

  /// Moves time on and fires what is due, in order of time to the millisecond, and within one
  /// millisecond in order of arming. What was past due already when it was armed comes first.
  /// Not to be called from `on_timer`. Time never runs backwards: an earlier `now_ms` is the last.
  void advance(std::uint64_t now_ms) noexcept {
    horizon_ms_ = now_ms > horizon_ms_ ? now_ms : horizon_ms_;
    if (overdue_.next != &overdue_ || next_turn().time_ms <= horizon_ms_) run_due();
    now_ms_ = horizon_ms_;
  }

  /// The time of the next `advance` that is worth while; nullopt without timers. May be early (a
  /// wheel level turns), never late.
  std::optional<std::uint64_t> next_due_ms() const noexcept {
    if (overdue_.next != &overdue_) return horizon_ms_;
    const Turn& turn = next_turn();
    if (!turn.exists()) return std::nullopt;
    return turn.time_ms;
  }

  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

 private:
  static constexpr unsigned bits_per_level = 6;
  static constexpr std::size_t slots_per_level = std::size_t{1} << bits_per_level;
  static constexpr std::size_t level_count = 11;

  struct Level {
    std::array<TimerLink, slots_per_level> slots;
    // A bit a slot. May be set for an empty slot, because timers leave without telling.
    std::uint64_t occupied = 0;
  };
  static constexpr std::uint64_t never_ms = UINT64_MAX;
  struct Turn {
    std::uint64_t time_ms = 0;
    std::size_t level = level_count;
    std::size_t slot = 0;
    TimerLink* list = nullptr;  // of the slot
    /// Not without timers; then its time is `never_ms`.
    bool exists() const noexcept { return list != nullptr; }
    /// Whether it was found, and its slot still has timers.
    bool holds() const noexcept {
      return list != nullptr ? list->next != list : time_ms == never_ms;
    }
  };

  /// The next slot that time reaches and that has timers.
  const Turn& next_turn() const noexcept {
    if (!next_turn_.holds()) next_turn_ = find_next_turn();
    return next_turn_;
  }
  Turn find_next_turn() const noexcept;
  void run_due() noexcept;
  void place(Timer& timer) noexcept;
  void fire(TimerLink& list) noexcept;

  // Mutable for `find_next_turn`, which clears bits of slots that it finds empty.
  mutable std::array<Level, level_count> levels_;
  // What was found last; stands until something is armed, or its slot has become empty. A loop asks
  // twice in each iteration.
  mutable Turn next_turn_;
  TimerLink overdue_;
  // Time as far as it has been dealt with, and as far as the running `advance` will go.
  std::uint64_t now_ms_;
  std::uint64_t horizon_ms_;
};

}  // namespace duplex::net

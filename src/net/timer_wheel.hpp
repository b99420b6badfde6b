#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace duplex::net {

/// Something that happens once, later. Owned by its user, who embeds or derives from it; the wheel
/// only links it. Destroying an armed timer disarms it.
class Timer {
 public:
  Timer() noexcept = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const noexcept { return next_ != nullptr; }
  void disarm() noexcept;

 protected:
  ~Timer() { disarm(); }

  /// Called by the wheel when the time has come; the timer is disarmed by then and may be armed
  /// anew, or destroyed.
  virtual void on_timer() noexcept = 0;

 private:
  friend class TimerWheel;
  Timer* next_ = nullptr;
  Timer* previous_ = nullptr;
  std::uint64_t due_ms_ = 0;
};

/// Hierarchical timer wheel with a resolution of one millisecond: arming and disarming cost a few
/// instructions, however many timers there are. Has no clock: time is an argument, in milliseconds
/// of any monotonic clock.
class TimerWheel {
 public:
  explicit TimerWheel(std::uint64_t now_ms) noexcept;

  /// Arms `timer` to fire at the first `advance` to `due_ms` or later; one that is armed already
  /// is moved.
  void arm(Timer& timer, std::uint64_t due_ms) noexcept;

  /// Moves time on and fires what is due, in order of time to the millisecond.
  void advance(std::uint64_t now_ms) noexcept;

  /// How long the owner may sleep before the next `advance` is worth while; nullopt without
  /// timers. May be early (a wheel level turns), never late.
  std::optional<std::uint64_t> next_due_ms() const noexcept;
};

}  // namespace duplex::net

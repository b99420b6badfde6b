#include "net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace duplex::net {
namespace {

void make_empty(TimerLink& list) noexcept {
  list.next = list.previous = &list;
}

bool is_empty(const TimerLink& list) noexcept {
  return list.next == &list;
}

void push_back(TimerLink& list, TimerLink& link) noexcept {
  link.next = &list;
  link.previous = list.previous;
  list.previous->next = &link;
  list.previous = &link;
}

/// Moves all of `from` into `to`, whose own content is not looked at.
void take_all(TimerLink& to, TimerLink& from) noexcept {
  if (is_empty(from)) return make_empty(to);
  to = from;
  to.next->previous = &to;
  to.previous->next = &to;
  make_empty(from);
}

}  // namespace

TimerWheel::TimerWheel(std::uint64_t now_ms) noexcept : now_ms_(now_ms), horizon_ms_(now_ms) {
  for (Level& level : levels_) std::ranges::for_each(level.slots, make_empty);
  make_empty(overdue_);
}

TimerWheel::~TimerWheel() {
  const auto disarm_all = [](TimerLink& list) {
    while (!is_empty(list)) static_cast<Timer*>(list.next)->disarm();
  };
  for (Level& level : levels_) std::ranges::for_each(level.slots, disarm_all);
  disarm_all(overdue_);
}

void TimerWheel::arm(Timer& timer, std::uint64_t due_ms) noexcept {
  timer.disarm();
  timer.due_ms_ = due_ms;
  if (due_ms <= horizon_ms_) {
    push_back(overdue_, timer);
  } else {
    place(timer);
  }
}

void TimerWheel::run_due() noexcept {
  TimerLink list;
  take_all(list, overdue_);
  fire(list);

  for (Turn turn = next_turn(); turn.exists() && turn.time_ms <= horizon_ms_; turn = next_turn()) {
    now_ms_ = turn.time_ms;
    Level& level = levels_[turn.level];
    level.occupied &= ~(std::uint64_t{1} << turn.slot);
    take_all(list, level.slots[turn.slot]);
    if (turn.level == 0) {
      fire(list);
      continue;
    }
    // In order, so that timers of one millisecond stay in the order in which they were armed.
    while (!is_empty(list)) {
      auto& timer = static_cast<Timer&>(*list.next);
      timer.disarm();
      place(timer);
    }
  }
}

TimerWheel::Turn TimerWheel::find_next_turn() const noexcept {
  // All that waits at one level comes before all that waits at the levels above.
  for (std::size_t index = 0; index < level_count; ++index) {
    Level& level = levels_[index];
    while (level.occupied != 0) {
      const auto slot = static_cast<std::size_t>(std::countr_zero(level.occupied));
      if (!is_empty(level.slots[slot])) {
        const std::size_t shift = index * bits_per_level;
        const std::uint64_t digits = (now_ms_ >> shift) & ~std::uint64_t{slots_per_level - 1};
        return {(digits | slot) << shift, index, slot, &level.slots[slot]};
      }
      level.occupied &= level.occupied - 1;
    }
  }
  return {.time_ms = never_ms};
}

void TimerWheel::place(Timer& timer) noexcept {
  const std::uint64_t difference = timer.due_ms_ ^ now_ms_;
  const auto highest_bit = static_cast<std::size_t>(std::bit_width(difference | 1)) - 1;
  const std::size_t index = highest_bit / bits_per_level;
  const std::size_t slot = (timer.due_ms_ >> (index * bits_per_level)) & (slots_per_level - 1);
  levels_[index].occupied |= std::uint64_t{1} << slot;
  push_back(levels_[index].slots[slot], timer);
  next_turn_ = {};
}

void TimerWheel::fire(TimerLink& list) noexcept {
  // One at a time from the front: an `on_timer` may take any other out of the list.
  while (!is_empty(list)) {
    auto& timer = static_cast<Timer&>(*list.next);
    timer.disarm();
    timer.on_timer();
  }
}

}  // namespace duplex::net

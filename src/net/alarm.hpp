#pragma once

#include "net/timer_wheel.hpp"

namespace duplex::net {

/// A timer that calls a member function of its owner, for who needs several.
template <class Owner>
class Alarm final : public Timer {
 public:
  using Action = void (Owner::*)() noexcept;

  /// `owner` is borrowed. `action` may destroy the owner, and this alarm with it.
  Alarm(Owner& owner, Action action) noexcept : owner_(owner), action_(action) {}

 private:
  void on_timer() noexcept override { (owner_.*action_)(); }

  Owner& owner_;
  Action action_;
};

}  // namespace duplex::net

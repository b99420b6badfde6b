#pragma once

#include <signal.h>

#include <functional>
#include <map>

#include "net/descriptor.hpp"
#include "net/event_loop.hpp"

namespace duplex::net {

/// Signals as events of a loop, where anything may be called, unlike in handlers of the system's.
///
/// Blocks them in the thread that adds them and in those that this one makes from then on, also as
/// long as nobody runs the loop. Threads that were there before, and other watches of the same
/// process, may take a signal away.
class SignalWatch final : private Pollable {
 public:
  /// `loop` is borrowed and must outlive it.
  explicit SignalWatch(EventLoop& loop) noexcept;
  /// Gives back what it has blocked, to the thread that destroys it; what has come and was not told
  /// is dropped.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Calls `handler`, which does not throw, in the loop's thread when `signal` has come; several at
  /// once may count as one. Replaces the handler before. Only until the loop runs. Throws
  /// std::invalid_argument for what is no signal or can't be blocked, and std::system_error.
  void add(int signal, std::function<void()> handler);

 private:
  void on_ready(Readiness readiness) noexcept override;

  EventLoop& loop_;
  sigset_t watched_;
  sigset_t blocked_here_;
  Descriptor descriptor_;
  std::map<int, std::function<void()>> handlers_;
};

/// From now on `signal` ends the program again, should it come to this thread.
void let_end_program(int signal) noexcept;

}  // namespace duplex::net

#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <map>

#include "net/descriptor.hpp"
#include "net/event_loop.hpp"

namespace duplex::net {

/// Signals as events of a loop, where anything may be called, unlike in handlers of the system's.
///
/// Those are there all the same, and do next to nothing: they say that a signal has come, in
/// whichever thread. Nothing is blocked, and programs that are started meanwhile begin as ever. Of
/// all watches of the process one is told of a signal.
class SignalWatch final : private Pollable {
 public:
  /// What the next signal does.
  enum class Next : std::uint8_t {
    same,          ///< As this one.
    ends_program,  ///< It ends the program at once, as do all that were added so.
  };

  /// `loop` is borrowed and must outlive it.
  explicit SignalWatch(EventLoop& loop) noexcept : loop_(loop) {}
  /// Not while the loop runs.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Calls `handler`, which does not throw, in the loop's thread when `signal` has come; several at
  /// once may count as one. Replaces what was said of it before. Only until the loop runs. Throws
  /// std::invalid_argument for what is no signal or can't be waited for, std::logic_error when
  /// another watch is told of it, and std::system_error.
  void add(int signal, std::function<void()> handler, Next next = Next::same);

  /// From now on signals do what they did before they were added.
  void end() noexcept;

 private:
  struct Watched {
    std::function<void()> handler;
    struct sigaction before{};
  };

  void on_ready(Readiness readiness) noexcept override;
  void open();

  EventLoop& loop_;
  Descriptor wake_;
  std::map<int, Watched> watched_;
};

}  // namespace duplex::net

#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "net/descriptor.hpp"
#include "net/event_loop.hpp"

namespace duplex::net {

/// Signals as events of loops, where anything may be called, unlike in handlers of the system's.
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

  /// Of several loops, the first that comes to it takes an event. They are borrowed and must
  /// outlive it.
  explicit SignalWatch(std::vector<EventLoop*> loops) noexcept : loops_(std::move(loops)) {}
  /// Not while a loop runs.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// Calls `handler`, which does not throw, in a loop's thread when `signal` has come; several at
  /// once may count as one. Replaces what was said of it before. Only until a loop runs. Throws
  /// std::invalid_argument for what is no signal or can't be waited for, std::logic_error when
  /// another watch is told of it, and std::system_error.
  void add(int signal, std::function<void()> handler, Next next = Next::same);

  /// Whether this watch is told of `signal`; and whether any is.
  bool has(int signal) const noexcept { return watched_.contains(signal); }
  static bool is_taken(int signal) noexcept;
  /// What `add` throws where another is.
  [[noreturn]] static void refuse_taken(int signal);

  /// From now on the signal does what it did before it was added, if it was; and so do all.
  void remove(int signal) noexcept;
  void end() noexcept;

  /// While it lives its thread takes the signals of a watch, though it may have begun with all of
  /// them blocked, as programs do whose parents blocked them.
  class Unblocked {
   public:
    explicit Unblocked(const SignalWatch& watch) noexcept;
    ~Unblocked();
    Unblocked(const Unblocked&) = delete;
    Unblocked& operator=(const Unblocked&) = delete;

   private:
    sigset_t before_;
  };

 private:
  struct Watched {
    std::function<void()> handler;
    struct sigaction before{};
  };

  void on_ready(Readiness readiness) noexcept override;
  void open();
  static void restore(int signal, const Watched& watched) noexcept;
  static void wait_for_handlers() noexcept;

  std::vector<EventLoop*> loops_;
  Descriptor wake_;
  std::map<int, Watched> watched_;
};

}  // namespace duplex::net

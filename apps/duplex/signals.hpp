#pragma once

#include <csignal>
#include <cstdint>

namespace duplex::app {

/// What an operator asks for by a signal.
enum class Wish : std::uint8_t { stop, reload };

/// Signals as events that the main thread waits for: SIGINT and SIGTERM ask to stop, and SIGHUP,
/// for those who have something to reload, to do so. For all others it ends the program, as ever.
///
/// To be made before any other thread, which inherits that the signals are blocked. Ignores SIGPIPE
/// too: that a peer is gone is told by the calls that write.
class Signals {
 public:
  explicit Signals(bool can_reload);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// Waits for one of them. After `stop`, the next one ends the program at once.
  ///
  /// SIGHUP has an older meaning: that the terminal was closed. When the program had one, and has
  /// it no more, that is what it means, and the wish is `stop`.
  Wish wait();

 private:
  sigset_t signals_;
  bool had_terminal_;
};

}  // namespace duplex::app

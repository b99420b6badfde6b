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

  /// Waits for one of them. After `stop`, the next SIGINT or SIGTERM ends the program at once.
  ///
  /// SIGHUP has an older meaning: that the terminal was closed. When the program had one, and has
  /// it no more, that is what it means, and the wish is `stop`; unless it was told to ignore that,
  /// as by nohup(1), and asks to reload whatever becomes of the terminal.
  Wish wait();

 private:
  sigset_t signals_;
  bool stops_at_hangup_;
};

}  // namespace duplex::app

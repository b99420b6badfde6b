#pragma once

#include <csignal>

namespace duplex::app {

/// SIGINT and SIGTERM, as an event that the main thread waits for.
///
/// To be made before any other thread, which inherits that the signals are blocked. Ignores SIGPIPE
/// too: that a peer is gone is told by the calls that write.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits for one of them. After that, the next one ends the program at once.
  void wait();

 private:
  sigset_t signals_;
};

}  // namespace duplex::app

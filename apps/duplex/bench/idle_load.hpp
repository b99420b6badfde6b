#pragma once

#include <vector>

#include "incoming_frames.hpp"
#include "load_thread.hpp"

namespace duplex::app::bench {

/// Reads what comes on WebSockets on which nothing is expected: pings are answered, and messages
/// passed over.
class Listener {
 public:
  explicit Listener(LoadThread& thread) : thread_(thread) {}

  /// A new connection.
  void begin(const Connection& connection) {
    at(connection) = IncomingFrames(thread_.setup().messages.kind().compressed);
  }
  void take(Connection& connection, Bytes input);

 private:
  IncomingFrames& at(const Connection& connection) {
    if (frames_.size() <= connection.number) frames_.resize(connection.number + 1);
    return frames_[connection.number];
  }

  LoadThread& thread_;
  std::vector<IncomingFrames> frames_;
};

/// Holds connections, and does nothing with them.
class IdleLoad final : public Work {
 public:
  explicit IdleLoad(LoadThread& thread) : listener_(thread) {}

  void begin(Time now) override { (void)now; }
  void opened(Connection& connection, Time now) override {
    (void)now;
    listener_.begin(connection);
  }
  void received(Connection& connection, Bytes input, Time now) override {
    (void)now;
    // What HTTP servers may say to a client that asks nothing, such as 408, is of no interest.
    if (connection.endpoint->opening) listener_.take(connection, input);
  }
  void closed(Connection& connection) override { (void)connection; }

 private:
  Listener listener_;
};

}  // namespace duplex::app::bench

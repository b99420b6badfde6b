#pragma once

#include <memory>

#include "net/event_loop.hpp"
#include "net/listener.hpp"
#include "net/timer_wheel.hpp"

namespace duplex::server {

struct Entrance;
class Worker;

/// Takes the connections of one listener into one worker.
class Acceptor final : private net::Pollable, private net::Timer {
 public:
  /// Watches `listener` until it is destroyed; `exclusive` when other workers watch it too.
  /// `entrance` is what its connections are told of it, and outlives them.
  Acceptor(Worker& worker, std::shared_ptr<const net::Listener> listener, const Entrance& entrance,
           bool exclusive);
  ~Acceptor() override;
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Takes all connections that wait: closing the listener would reset them.
  void take_all() noexcept;

 private:
  void on_ready(net::Readiness readiness) noexcept override;
  void on_timer() noexcept override;
  void pause() noexcept;

  Worker& worker_;
  std::shared_ptr<const net::Listener> listener_;
  const Entrance& entrance_;
  net::SpareDescriptor spare_;
  bool exclusive_;
};

}  // namespace duplex::server

#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/descriptor.hpp"
#include "net/socket_address.hpp"

namespace duplex::net {

/// How to listen.
struct ListenOptions {
  /// Connections that wait to be accepted; the system cuts it to net.core.somaxconn, whose default
  /// is this.
  int backlog = 4096;
  /// Several listeners on one address, one a worker, among which the system spreads connections
  /// (SO_REUSEPORT), of one program or of several of the same user. Not for Unix sockets, where it
  /// spreads nothing: there, let the workers share one listener and watch it with
  /// `Interest::exclusive`.
  bool reuse_port = false;
};

/// A listening socket: non-blocking, closed on exec. What it accepts has TCP_NODELAY.
///
/// Movable; may be shared by several loops, each accepting from `descriptor()`. Nobody may watch it
/// any more when it is destroyed. A Unix socket's file is removed with it.
class Listener {
 public:
  /// The error is a sentence that says what is wrong and what to do. A file left behind by a Unix
  /// listener that is gone is replaced; one on which somebody listens is not, nor is another kind
  /// of file.
  static std::expected<Listener, std::string> open(const SocketAddress& address,
                                                   ListenOptions options = {});

  /// What `count` workers need to listen on one address: a listener for each, with one port, among
  /// which the system spreads connections; or a single one, which they share (a Unix socket, where
  /// `reuse_port` spreads nothing). With `reuse_port` the group joins what others have opened so on
  /// the same port; without, it fails when anybody listens there already.
  static std::expected<std::vector<Listener>, std::string> open_group(const SocketAddress& address,
                                                                      std::size_t count,
                                                                      ListenOptions options = {});

  int descriptor() const noexcept { return socket_.number(); }
  /// Where it listens in fact: with the port that the system chose when 0 was asked for.
  const SocketAddress& address() const noexcept { return address_; }

  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener() { remove_file(); }

 private:
  Listener(Descriptor socket, SocketAddress address) noexcept
      : socket_(std::move(socket)), address_(address) {}
  void remove_file() noexcept;

  Descriptor socket_;
  SocketAddress address_;
};

/// A connection that was accepted: non-blocking, closed on exec.
struct Accepted {
  Descriptor socket;
  SocketAddress peer;
};

/// Takes the next waiting connection. Errors that concern only one connection are skipped. What
/// remains: operation_would_block when none waits; too_many_files_open (also _in_system) when there
/// is no descriptor left, see `SpareDescriptor`; and what is wrong with the listener or the memory.
std::expected<Accepted, std::error_code> accept_next(int listener) noexcept;

/// A descriptor in reserve, one a worker, for the time when there are none left.
///
/// A connection that can't be accepted stays in the queue and its listener stays ready, so that a
/// level-triggered loop would spin, and the client would wait for nothing. Giving the reserve up
/// for a moment lets the connection be accepted and closed, which tells the client.
class SpareDescriptor {
 public:
  SpareDescriptor() noexcept;

  /// After `accept_next` ran out of descriptors: accepts what waits, one by one, and closes it.
  /// False when that was impossible, because another thread took the descriptor: stop accepting for
  /// a while (`EventLoop::change` to no interest, and a timer). Return to the loop in either case:
  /// the system reports a lack of descriptors before it looks whether any connection waits.
  bool refuse_waiting(int listener) noexcept;

 private:
  Descriptor spare_;
};

}  // namespace duplex::net

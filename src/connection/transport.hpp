#pragma once

#include <span>
#include <string>

#include "connection/outbox.hpp"
#include "net/descriptor.hpp"
#include "net/socket.hpp"
#include "net/socket_address.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::connection {

/// How a pipe's bytes reach the peer and come from it: today straight through the socket. The one
/// place that knows; a cipher stands here, as an `if`, when the connection is encrypted.
class Transport {
 public:
  explicit Transport(net::Descriptor socket) noexcept : socket_(std::move(socket)) {}

  /// The socket, to be watched; -1 when closed.
  int descriptor() const noexcept { return socket_.number(); }

  net::Transferred receive(Bytes buffer) noexcept { return net::receive(descriptor(), buffer); }
  net::Transferred send(std::span<const iovec> spans) noexcept {
    return net::send(descriptor(), spans);
  }
  /// Sends what `outbox` holds, as `Outbox::flush` says.
  std::expected<bool, std::error_code> send(Outbox& outbox) noexcept {
    return outbox.flush(descriptor());
  }
  /// Reads and throws away; see `net::discard`.
  net::Transferred discard(std::size_t bytes_max) noexcept {
    return net::discard(descriptor(), bytes_max);
  }
  /// Says that nothing more will be sent.
  void end_sending() noexcept { net::shutdown_write(descriptor()); }
  void close() noexcept { socket_.reset(); }

  /// The other end's address, for people; empty when closed.
  std::string peer() const {
    return socket_ ? net::SocketAddress::of_peer(descriptor()).to_string() : std::string();
  }

 private:
  net::Descriptor socket_;
};

}  // namespace duplex::connection

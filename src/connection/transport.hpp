#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "connection/encryption.hpp"
#include "connection/outbox.hpp"
#include "net/descriptor.hpp"
#include "net/socket.hpp"
#include "net/socket_address.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::connection {

/// How a pipe's bytes reach the peer and come from it: straight through the socket, or through TLS
/// before it. The one place that knows.
class Transport {
 public:
  /// `encryption` is null for a connection in clear.
  Transport(net::Descriptor socket, std::unique_ptr<Encryption> encryption) noexcept
      : encryption_(std::move(encryption)), socket_(std::move(socket)) {}

  /// The socket, to be watched; -1 when closed.
  int descriptor() const noexcept { return socket_.number(); }
  /// Null in clear.
  Encryption* encryption() noexcept { return encryption_.get(); }
  const Encryption* encryption() const noexcept { return encryption_.get(); }
  /// Whether it is encrypted and that is not agreed on yet, so that nothing can be sent.
  bool shaking_hands() const noexcept {
    return encryption_ && !encryption_->stream().established();
  }

  /// As `net::receive`, and as `Encryption::receive`.
  net::Transferred receive(Bytes buffer) noexcept {
    if (encryption_) return encryption_->receive(descriptor(), buffer);
    return net::receive(descriptor(), buffer);
  }
  /// Whether the peer's end is known already, behind what was received last.
  bool input_ended() const noexcept { return encryption_ && encryption_->input_ended(); }

  /// As `net::send`; also when all counts as sent, something may wait: `unsent_bytes`.
  net::Transferred send(std::span<const iovec> spans) noexcept {
    if (encryption_) return encryption_->send(descriptor(), spans);
    return net::send(descriptor(), spans);
  }
  net::Transferred send(ConstBytes bytes) noexcept {
    if (encryption_) {
      const iovec span{const_cast<std::byte*>(bytes.data()), bytes.size()};
      return encryption_->send(descriptor(), {&span, 1});
    }
    return net::send(descriptor(), bytes);
  }
  /// Sends what `outbox` holds, and before it what waits here, as `Outbox::flush` says.
  std::expected<bool, std::error_code> send(Outbox& outbox) noexcept {
    if (encryption_) return encryption_->send(descriptor(), outbox);
    return outbox.flush(descriptor());
  }
  /// What counts as sent and has not been taken by the system.
  std::size_t unsent_bytes() const noexcept {
    return encryption_ ? encryption_->unsent_bytes() : 0;
  }

  /// Reads and throws away; see `net::discard`.
  net::Transferred discard(std::size_t bytes_max) noexcept {
    return net::discard(descriptor(), bytes_max);
  }
  /// Says that nothing more will be sent. False when that waits for the socket: call again.
  std::expected<bool, std::error_code> end_sending() noexcept {
    if (encryption_) {
      const auto ended = encryption_->end(descriptor());
      if (!ended || !*ended) return ended;
    }
    net::shutdown_write(descriptor());
    return true;
  }
  void close() noexcept {
    if (encryption_) encryption_->close();
    socket_.reset();
  }

  /// The other end's address, for people; empty when closed.
  std::string peer() const {
    return socket_ ? net::SocketAddress::of_peer(descriptor()).to_string() : std::string();
  }

 private:
  std::unique_ptr<Encryption> encryption_;
  net::Descriptor socket_;
};

}  // namespace duplex::connection

#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include "connection/outbox.hpp"
#include "net/socket.hpp"
#include "tls/stream.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::connection {

/// A TLS stream on its socket: what a `Transport` has when its connection is encrypted.
///
/// Seals no more at a time than a socket is likely to take, so that what waits for a slow peer
/// stays plaintext, shared with others. Only what was sealed and not taken is kept here.
class Encryption {
 public:
  /// `workspace` is the stream's, borrowed.
  Encryption(std::unique_ptr<tls::Stream> stream, tls::Workspace& workspace) noexcept
      : stream_(std::move(stream)), workspace_(workspace) {}

  const tls::Stream& stream() const noexcept { return *stream_; }

  /// Says what has to be said first: a client begins the handshake. False when that waits for the
  /// socket. When TLS has failed, `failure` tells.
  std::expected<bool, std::error_code> begin(int socket);

  /// Receives what is there and opens it into `buffer`, which is larger than
  /// `tls::Stream::opened_extra`. Sends what the protocol itself has to say, and answers
  /// `would_block` when that was all. `closed` is the peer's close_notify. When TLS has failed the
  /// answer is `failed` without an error, and `failure` tells.
  net::Transferred receive(int socket, Bytes buffer);
  /// Whether the peer has said that no more will come, perhaps right behind what was received last.
  bool input_ended() const noexcept { return input_ended_; }

  /// As `net::send`, for plaintext. What counts as sent is sealed, and may wait here.
  net::Transferred send(int socket, std::span<const iovec> spans);
  /// As `Outbox::flush`.
  std::expected<bool, std::error_code> send(int socket, Outbox& outbox);
  /// Says that no more will be sent (close_notify). False when it waits for the socket: call again.
  std::expected<bool, std::error_code> end(int socket);

  /// What is sealed and waits for the socket.
  std::size_t unsent_bytes() const noexcept { return unsent_.size(); }

  /// Ends the encryption by a failure of the caller's own finding, such as a lack of patience.
  void fail(tls::Failure failure);
  /// Why TLS has failed; nullptr when it has not. From then on what is sent is dropped. Only a
  /// client that has spoken HTTP in clear is told so in clear: what is sent to others may be a
  /// secret that an attacker, who has but to change one bit of a record, is after.
  const tls::Failure* failure() const noexcept { return failure_.get(); }

  /// Forgets keys, and what is not sent, when the connection has ended; see `Stream::close`.
  void close() noexcept {
    stream_->close();
    unsent_.release();
  }

 private:
  class Cursor;

  bool clear() const noexcept { return failure_ && failure_->kind == tls::TlsError::clear_http; }
  std::expected<bool, std::error_code> send_unsent(int socket);
  std::expected<bool, std::error_code> send_sealed(int socket);
  bool seal(ConstBytes plaintext);
  std::size_t seal_some(Cursor& cursor);
  std::expected<std::size_t, std::error_code> seal_next(const Outbox& outbox);

  std::unique_ptr<tls::Stream> stream_;
  tls::Workspace& workspace_;
  ByteQueue unsent_;
  std::unique_ptr<const tls::Failure> failure_;
  bool input_ended_ = false;
  bool end_sealed_ = false;
};

}  // namespace duplex::connection

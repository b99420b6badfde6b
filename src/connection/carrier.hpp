#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/base/shared_bytes.hpp>

namespace duplex::tls {
class Stream;
}

namespace duplex::connection {

class Hub;

/// The seam below a WebSocket: something that carries bytes both ways, in order. Today a TCP or
/// Unix connection after its 101; a stream of HTTP/2 fits as well (RFC 8441).
///
/// Reading is the carrier's business: it presents input to whoever drives the WebSocket. What is
/// here is what the WebSocket itself may ask of it. One thread, its hub's.
class Carrier {
 public:
  virtual Hub& hub() noexcept = 0;

  /// Where to append bytes to send; may hold others already. Call `output_written` behind it.
  virtual ByteQueue& output() noexcept = 0;
  virtual void output_written() noexcept = 0;

  /// Sends a reference behind all that was written before.
  virtual void send(SharedBytes bytes) noexcept = 0;
  /// Sends `bytes` behind all that was written before, straight from the caller's memory as far as
  /// the peer takes them at once; only the rest is copied. Worth it for large ones. Where they are
  /// in the loop's read buffer, a few bytes in front of them are others for the time of the call.
  virtual void send_large(ConstBytes bytes) noexcept = 0;

  /// What was written and has not been taken by the system.
  virtual std::size_t buffered_bytes() const noexcept = 0;

  /// Whether the peer's input is being worked on right now, so that what is sent is an answer.
  bool answering() const noexcept { return answering_; }

  /// Stops and resumes presenting input, on behalf of the user.
  virtual void set_paused(bool paused) noexcept = 0;
  /// Presents what input there is to its driver once more, soon: something that the driver was
  /// waiting for has changed.
  virtual void input_wanted() noexcept = 0;

  /// Asks for `on_time` no later than `due_ms`, a time of the loop's clock.
  virtual void wake_by(std::uint64_t due_ms) noexcept = 0;

  /// Ends the connection when all that was written is sent.
  virtual void finish() noexcept = 0;
  /// Ends the connection now; what is buffered is lost.
  virtual void abort() noexcept = 0;

  /// The other end's address, for people.
  virtual std::string peer() const = 0;
  /// What encrypts it, for as long as the carrier lives; nullptr in clear.
  virtual const tls::Stream* tls() const noexcept = 0;

  /// A name for other threads, valid together; see `Hub::find`.
  virtual std::uint32_t index() const noexcept = 0;

  /// Keep what the carrier carries in memory, closed or not, while somebody holds a handle to it.
  void retain() noexcept { ++handles_; }
  void release() noexcept {
    if (--handles_ == 0 && tells_release_) on_released();
  }
  std::uint32_t handles() const noexcept { return handles_; }

 protected:
  ~Carrier() = default;

  void set_answering(bool answering) noexcept { answering_ = answering; }
  /// From now on: on a server handles come and go with each message, and that means nothing.
  void tell_release() noexcept { tells_release_ = true; }
  /// The last handle has gone, after `tell_release`.
  virtual void on_released() noexcept = 0;

 private:
  std::uint32_t handles_ = 0;
  bool answering_ : 1 = false;
  bool tells_release_ : 1 = false;
};

}  // namespace duplex::connection

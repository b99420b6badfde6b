#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include "net/descriptor.hpp"
#include "net/socket_address.hpp"
#include "net/system_call.hpp"
#include <duplex/base/bytes.hpp>

/// Calls on a non-blocking, connected stream socket (TCP or Unix). None of them blocks, raises
/// SIGPIPE or throws; interrupted calls are made again.
namespace duplex::net {

/// How a transfer ended.
enum class Transfer : std::uint8_t {
  ok,           ///< `bytes` were moved; there may be more.
  would_block,  ///< Nothing was moved: wait until the socket is ready.
  closed,       ///< Nothing more comes: the peer shut its direction down, or the file has ended.
  failed,       ///< The connection is of no more use; `error` says why.
};

/// What a transfer did.
struct Transferred {
  std::size_t bytes = 0;
  Transfer state = Transfer::ok;
  std::error_code error = {};
};

/// What `receive` and `send` do when their first call of the system has moved nothing.
Transferred received_nothing(int socket, Bytes buffer, ssize_t result) noexcept;
Transferred sent_nothing(int socket, ConstBytes bytes, int flags) noexcept;

/// Reads what is there, up to the size of `buffer`, which may not be empty. Fewer bytes than asked
/// for mean that there are no more at the moment (or an end follows, which the next call tells).
inline Transferred receive(int socket, Bytes buffer) noexcept {
  const ssize_t result = call_recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (result > 0) return {.bytes = static_cast<std::size_t>(result)};
  return received_nothing(socket, buffer, result);
}

/// Sends a prefix of `spans`, as one gathered write; at most 1024 (IOV_MAX) are looked at. Fewer
/// bytes than given mean that the socket takes no more at the moment. `more_follows` keeps a last
/// packet that is not full back, for what the caller sends next (MSG_MORE).
Transferred send(int socket, std::span<const iovec> spans, bool more_follows = false) noexcept;
inline Transferred send(int socket, ConstBytes bytes, bool more_follows = false) noexcept {
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more_follows ? MSG_MORE : 0);
  const ssize_t result = call_send(socket, bytes.data(), bytes.size(), flags);
  if (result >= 0) return {.bytes = static_cast<std::size_t>(result)};
  return sent_nothing(socket, bytes, flags);
}

/// Keeps SIGPIPE from this thread as long as it lives, in the thread that made it: sendfile has no
/// flag to say so. `send_file` makes one for each call in threads that have none; those that run a
/// loop have one for all. A signal that was raised meanwhile is taken back, one that was pending
/// before is left. Programs that are started meanwhile inherit the mask.
class PipeSignalBlock {
 public:
  PipeSignalBlock() noexcept;
  ~PipeSignalBlock();
  PipeSignalBlock(const PipeSignalBlock&) = delete;
  PipeSignalBlock& operator=(const PipeSignalBlock&) = delete;

 private:
  bool pending_before_;
  bool blocked_before_;
  bool here_before_;
};

/// Sends a part of `file` without copying it through the program, up to `count` bytes from
/// `offset` on. `closed` when the file ends at or before `offset`.
Transferred send_file(int socket, int file, std::uint64_t offset, std::size_t count) noexcept;

/// Reads a part of `file` from `offset` on, as much as `buffer` takes, for a sender that has to see
/// it. `closed` when the file ends at or before `offset`.
Transferred read_file(int file, std::uint64_t offset, Bytes buffer) noexcept;

/// Reads and throws away what is there, at most `bytes_max`. Who answers a request without having
/// read all of it, and closes, would else have the system reset the connection and with it the
/// answer on its way: shut writing down, discard until `closed` or a deadline, then close.
Transferred discard(int socket, std::size_t bytes_max) noexcept;

/// Whether nothing has come that was not read yet, neither bytes nor an end nor an error.
bool is_quiet(int socket) noexcept;

/// Ends the sending direction after all that was sent; receiving goes on.
void shutdown_write(int socket) noexcept;

/// Makes closing `socket` reset the connection instead of delivering what is unsent.
void reset_on_close(int socket) noexcept;

/// Sends small pieces at once (TCP_NODELAY). Sockets that a `Listener` accepts have it already.
void set_no_delay(int socket) noexcept;

}  // namespace duplex::net

#include "net/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <optional>

namespace duplex::net {
namespace {

// On the stack, for what can't go straight from the system to the system.
constexpr std::size_t scratch_bytes = 16384;

/// Makes `call` until it is not interrupted.
template <class Call>
ssize_t uninterrupted(Call call) noexcept {
  while (true) {
    const ssize_t result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// What a call that moves bytes has returned. `at_zero`: what it means that nothing was moved.
Transferred outcome(ssize_t result, Transfer at_zero) noexcept {
  if (result > 0) return {static_cast<std::size_t>(result), Transfer::ok, {}};
  if (result == 0) return {0, at_zero, {}};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {0, Transfer::would_block, {}};
  return {0, Transfer::failed, {errno, std::system_category()}};
}

/// Whether this thread has a `PipeSignalBlock`.
thread_local bool pipe_signal_blocked = false;

sigset_t pipe_signal() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

/// For files that the system can't send by itself.
Transferred copy_file(int socket, int file, std::uint64_t offset, std::size_t count) noexcept {
  std::array<std::byte, scratch_bytes> buffer;
  const ssize_t read = uninterrupted([&] {
    return ::pread(file, buffer.data(), std::min(count, buffer.size()), static_cast<off_t>(offset));
  });
  if (read <= 0) return outcome(read, Transfer::closed);
  return send(socket, ConstBytes(buffer.data(), static_cast<std::size_t>(read)));
}

}  // namespace

Transferred received_nothing(int socket, Bytes buffer, ssize_t result) noexcept {
  if (result < 0 && errno == EINTR) return receive(socket, buffer);
  return outcome(result, Transfer::closed);
}

Transferred sent_nothing(int socket, ConstBytes bytes, int flags) noexcept {
  if (errno == EINTR) return send(socket, bytes, (flags & MSG_MORE) != 0);
  return outcome(-1, Transfer::ok);
}

Transferred send(int socket, std::span<const iovec> spans, bool more_follows) noexcept {
  // The system need not look at an array of one.
  if (spans.size() == 1) {
    const auto* begin = static_cast<const std::byte*>(spans[0].iov_base);
    return send(socket, ConstBytes(begin, spans[0].iov_len), more_follows);
  }
  const int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more_follows ? MSG_MORE : 0);
  msghdr message{};
  // sendmsg doesn't change the array; its type only fails to say so.
  message.msg_iov = const_cast<iovec*>(spans.data());
  message.msg_iovlen = std::min<std::size_t>(spans.size(), IOV_MAX);
  return outcome(uninterrupted([&] { return ::sendmsg(socket, &message, flags); }), Transfer::ok);
}

PipeSignalBlock::PipeSignalBlock() noexcept : here_before_(pipe_signal_blocked) {
  sigset_t pending;
  sigpending(&pending);
  pending_before_ = sigismember(&pending, SIGPIPE) == 1;
  const sigset_t pipe = pipe_signal();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  blocked_before_ = sigismember(&before, SIGPIPE) == 1;
  pipe_signal_blocked = true;
}

PipeSignalBlock::~PipeSignalBlock() {
  const sigset_t pipe = pipe_signal();
  if (!pending_before_) {
    const timespec at_once{};
    uninterrupted([&] { return sigtimedwait(&pipe, nullptr, &at_once); });
  }
  if (!blocked_before_) pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
  pipe_signal_blocked = here_before_;
}

Transferred send_file(int socket, int file, std::uint64_t offset, std::size_t count) noexcept {
  if (count == 0) return {};
  // The connection may break after a part: the part is told, the signal raised nevertheless.
  std::optional<PipeSignalBlock> block;
  if (!pipe_signal_blocked) block.emplace();
  auto position = static_cast<off_t>(offset);
  const ssize_t result = uninterrupted([&] { return ::sendfile(socket, file, &position, count); });
  if (result < 0 && (errno == EINVAL || errno == ENOSYS)) {
    return copy_file(socket, file, offset, count);
  }
  return outcome(result, Transfer::closed);
}

Transferred read_file(int file, std::uint64_t offset, Bytes buffer) noexcept {
  const auto position = static_cast<off_t>(offset);
  return outcome(
      uninterrupted([&] { return ::pread(file, buffer.data(), buffer.size(), position); }),
      Transfer::closed);
}

Transferred discard(int socket, std::size_t bytes_max) noexcept {
  std::array<std::byte, scratch_bytes> scratch;
  std::size_t discarded = 0;
  while (discarded < bytes_max) {
    const std::size_t wanted = std::min(scratch.size(), bytes_max - discarded);
    Transferred received = receive(socket, Bytes(scratch.data(), wanted));
    discarded += received.bytes;
    if (received.state == Transfer::ok) continue;
    received.bytes = discarded;
    return received;
  }
  return {discarded, Transfer::ok, {}};
}

bool is_quiet(int socket) noexcept {
  char byte = 0;
  const ssize_t result =
      uninterrupted([&] { return ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT); });
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void shutdown_write(int socket) noexcept {
  ::shutdown(socket, SHUT_WR);
}

void reset_on_close(int socket) noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void set_no_delay(int socket) noexcept {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace duplex::net

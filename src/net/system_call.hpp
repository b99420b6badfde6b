#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

/// The three calls that every message makes, without the C library's preparations: it makes each of
/// them a point where the thread can be cancelled, which takes two atomic exchanges, and nobody
/// cancels our threads. Otherwise as the functions of these names, with errno. The sanitizers know
/// the C library's functions only: which memory they touch, and what they order between threads.
namespace duplex::net {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

inline ssize_t call_recv(int socket, void* buffer, std::size_t size, int flags) noexcept {
  if constexpr (sanitized) return ::recv(socket, buffer, size, flags);
  return ::syscall(SYS_recvfrom, socket, buffer, size, flags, nullptr, nullptr);
}

inline ssize_t call_send(int socket, const void* data, std::size_t size, int flags) noexcept {
  if constexpr (sanitized) return ::send(socket, data, size, flags);
  return ::syscall(SYS_sendto, socket, data, size, flags, nullptr, 0);
}

inline int call_epoll_wait(int epoll, epoll_event* events, int count, int timeout_ms) noexcept {
  if constexpr (sanitized) return ::epoll_wait(epoll, events, count, timeout_ms);
  // Behind the signal mask, of which there is none, its size.
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, epoll, events, count, timeout_ms, nullptr, std::size_t{0}));
}

}  // namespace duplex::net

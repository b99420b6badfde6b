#include "socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "stopped.hpp"

namespace duplex::app::check {
namespace {

std::string message_of(int error) {
  return std::generic_category().message(error);
}

/// Each write is to be a segment of its own.
void send_at_once(int descriptor) {
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// 0, or the error.
int finish_connecting(int descriptor, Wire::Time until, int stop_descriptor) {
  std::array<pollfd, 2> descriptors{{{descriptor, POLLOUT, 0}, {stop_descriptor, POLLIN, 0}}};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - Wire::Clock::now()).count();
  const int ready = ::poll(descriptors.data(), descriptors.size(),
                           static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
  if (descriptors[1].revents != 0) throw Stopped();
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = other.release();
  }
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Socket dial(const std::vector<HostAddress>& addresses, Wire::Time until, int stop_descriptor) {
  int error = EADDRNOTAVAIL;
  for (const HostAddress& address : addresses) {
    Socket socket(
        ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = errno;
    if (!socket) continue;
    error = 0;
    if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address.storage),
                  address.size) != 0) {
      error = errno == EINPROGRESS ? finish_connecting(socket.descriptor(), until, stop_descriptor)
                                   : errno;
    }
    if (error != 0) continue;
    send_at_once(socket.descriptor());
    return socket;
  }
  throw std::runtime_error("can't connect: " + message_of(error));
}

Socket listen_at(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.empty() ? nullptr : address.c_str(), std::to_string(port).c_str(),
                    &hints, &found) != 0) {
    throw std::runtime_error(fmt::format("{} is no address to listen at", address));
  }
  Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  constexpr int backlog = 128;
  const bool listens = ::bind(socket.descriptor(), found->ai_addr, found->ai_addrlen) == 0 &&
                       ::listen(socket.descriptor(), backlog) == 0;
  const int error = errno;
  ::freeaddrinfo(found);
  if (!listens) {
    const bool ipv6 = address.find(':') != std::string::npos;
    throw std::runtime_error(fmt::format("can't listen at {}{}{}:{}: {}", ipv6 ? "[" : "", address,
                                         ipv6 ? "]" : "", port, message_of(error)));
  }
  return socket;
}

std::uint16_t port_of(const Socket& listener) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(listener.descriptor(), reinterpret_cast<sockaddr*>(&storage), &size);
  // The port is at the same place in both families.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return ntohs(address.sin_port);
}

Socket accept_from(const Socket& listener) {
  Socket socket(::accept4(listener.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket) send_at_once(socket.descriptor());
  return socket;
}

}  // namespace duplex::app::check

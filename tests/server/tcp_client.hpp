#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "net/descriptor.hpp"

namespace duplex::server {

/// A connection to a server on this machine, whose reads block, but not for ever.
inline net::Descriptor connect_to(std::uint16_t port) {
  net::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    throw std::system_error(errno, std::system_category(), "connect");
  }
  return socket;
}

/// A client that blocks, but not for ever.
class TcpClient {
 public:
  explicit TcpClient(std::uint16_t port) : socket_(connect_to(port)) {}

  void send(std::string_view bytes) const {
    if (::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
      throw std::runtime_error("nothing more can be sent");
    }
  }
  /// Reads until `part` has come; false when the connection ended, or it takes too long.
  bool receive_until(std::string_view part) {
    while (text.find(part) == std::string::npos) {
      if (!receive()) return false;
    }
    return true;
  }
  /// How long it waits for anything to come.
  void set_patience(std::chrono::milliseconds patience) const {
    const auto us = std::chrono::microseconds(patience).count();
    const timeval time{.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
    ::setsockopt(socket_.number(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  }
  void receive_all() {
    while (receive()) {
    }
  }
  void go() { socket_.reset(); }

  std::string text;
  /// Whether the server has ended it.
  bool at_end = false;

 private:
  bool receive() {
    std::array<char, 16 * 1024> buffer{};
    const auto size = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (size == 0) at_end = true;
    if (size <= 0) return false;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  net::Descriptor socket_;
};

}  // namespace duplex::server

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "host_address.hpp"
#include "wire.hpp"

/// Sockets of TCP that don't block. What does not work is thrown as std::runtime_error, with a
/// sentence.
namespace duplex::app::check {

/// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  int descriptor() const noexcept { return descriptor_; }
  int release() noexcept { return std::exchange(descriptor_, -1); }
  explicit operator bool() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

/// To the first of the addresses that answers. Throws Stopped, too.
Socket dial(const std::vector<HostAddress>& addresses, Wire::Time until, int stop_descriptor);

/// Listens at a numeric address.
Socket listen_at(const std::string& address, std::uint16_t port);
std::uint16_t port_of(const Socket& listener);
/// The next connection; none when there is none now.
Socket accept_from(const Socket& listener);

}  // namespace duplex::app::check

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// For the tools that have sockets of their own, `check` and `bench`.
namespace duplex::app {

/// Where a socket is, or connects to.
struct HostAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// All addresses of `host`, by the system's resolver, which waits as long as it likes. Throws
/// std::runtime_error, with a sentence, when there are none.
std::vector<HostAddress> resolve_host(const std::string& host, std::uint16_t port);

/// Of a Unix socket; empty when `path` is longer than the system takes.
std::optional<HostAddress> unix_address(const std::string& path) noexcept;

}  // namespace duplex::app

#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace duplex::app::bench {

/// Where a socket is, or connects to.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_loopback_v4() const noexcept;
};

/// All addresses of `host`. Throws std::runtime_error when there are none.
std::vector<Address> resolve_host(const std::string& host, std::uint16_t port);

/// Which of them answers; the first when none does, so that the load finds out why. Waits at most
/// ten seconds for each. With one, asks nobody.
Address first_that_answers(const std::vector<Address>& addresses);

/// How many connections leave from one source address: Linux has 28,232 ports for that, and some
/// still wait for the end of connections before.
inline constexpr std::size_t connections_of_source = 20'000;

/// From where the connection numbered `number` of a load connects to `target`. Addresses of
/// 127.0.0.0/8 are all this machine's: from the second `connections_of_source` on, each has one of
/// its own, 127.0.0.2 and up. Size 0: the system chooses, as for all other targets.
Address source_of(const Address& target, std::size_t number) noexcept;

}  // namespace duplex::app::bench

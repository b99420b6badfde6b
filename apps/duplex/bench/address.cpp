#include "address.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace duplex::app::bench {
namespace {

constexpr std::uint32_t loopback_net = 127;
constexpr int answer_ms_max = 10'000;

bool answers(const Address& address) {
  const int descriptor =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  int error = 0;
  if (::connect(descriptor, address.get(), address.size) != 0) {
    error = errno;
    pollfd waited{descriptor, POLLOUT, 0};
    if (error == EINPROGRESS && ::poll(&waited, 1, answer_ms_max) == 1) {
      socklen_t size = sizeof error;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  ::close(descriptor);
  return error == 0;
}

}  // namespace

bool Address::is_loopback_v4() const noexcept {
  if (storage.ss_family != AF_INET) return false;
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return ntohl(address.sin_addr.s_addr) >> 24U == loopback_net;
}

std::vector<Address> resolve_host(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    throw std::runtime_error(fmt::format("can't find {}: {}", host, ::gai_strerror(error)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

Address first_that_answers(const std::vector<Address>& addresses) {
  if (addresses.size() > 1) {
    for (const Address& address : addresses) {
      if (answers(address)) return address;
    }
  }
  return addresses.front();
}

Address source_of(const Address& target, std::size_t number) noexcept {
  const std::size_t source = number / connections_of_source;
  if (source == 0 || !target.is_loopback_v4()) return {};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr =
      htonl((loopback_net << 24U) + 1 + static_cast<std::uint32_t>(source % 65'000));
  Address result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  return result;
}

}  // namespace duplex::app::bench

#include "address.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace duplex::app::bench {
namespace {

constexpr std::uint32_t loopback_net = 127;
using std::chrono::milliseconds;

constexpr milliseconds answer_time_max(10'000);

bool answers(const HostAddress& address, milliseconds time) {
  const int descriptor =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  int error = 0;
  if (::connect(descriptor, address.get(), address.size) != 0) {
    error = errno;
    pollfd waited{descriptor, POLLOUT, 0};
    if (error == EINPROGRESS && ::poll(&waited, 1, static_cast<int>(time.count())) == 1) {
      socklen_t size = sizeof error;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    }
  }
  ::close(descriptor);
  return error == 0;
}

bool is_loopback_v4(const HostAddress& target) noexcept {
  if (target.storage.ss_family != AF_INET) return false;
  sockaddr_in address{};
  std::memcpy(&address, &target.storage, sizeof address);
  return ntohl(address.sin_addr.s_addr) >> 24U == loopback_net;
}

}  // namespace

HostAddress first_that_answers(const std::vector<HostAddress>& addresses) {
  if (addresses.size() > 1) {
    for (const HostAddress& address : addresses) {
      if (answers(address, answer_time_max)) return address;
    }
  }
  return addresses.front();
}

void wait_for_answer(const std::vector<HostAddress>& addresses, milliseconds time) {
  using Clock = std::chrono::steady_clock;
  constexpr milliseconds pause(50);
  const auto end = Clock::now() + time;
  const auto answers_in_time = [end](const HostAddress& address) {
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    return left.count() > 0 && answers(address, std::min(left, answer_time_max));
  };
  while (std::ranges::none_of(addresses, answers_in_time) && Clock::now() < end) {
    std::this_thread::sleep_for(pause);
  }
}

HostAddress source_of(const HostAddress& target, std::size_t number) noexcept {
  const std::size_t source = number / connections_of_source;
  if (source == 0 || !is_loopback_v4(target)) return {};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr =
      htonl((loopback_net << 24U) + 1 + static_cast<std::uint32_t>(source % 65'000));
  HostAddress result;
  std::memcpy(&result.storage, &address, sizeof address);
  result.size = sizeof address;
  return result;
}

}  // namespace duplex::app::bench

#include "client/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace duplex::client {

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  // inet_pton wants a terminated string.
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  std::ranges::copy(text, terminated.begin());

  IpAddress address;
  if (::inet_pton(AF_INET, terminated.data(), address.bytes_.data()) == 1) {
    address.size_ = 4;
  } else if (::inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) == 1) {
    address.size_ = 16;
  } else {
    return std::nullopt;
  }
  return address;
}

std::array<std::uint8_t, 16> IpAddress::mapped() const noexcept {
  if (!is_ipv4()) return bytes_;
  std::array<std::uint8_t, 16> result{};
  result[10] = result[11] = 0xff;
  std::copy_n(bytes_.begin(), 4, result.begin() + 12);
  return result;
}

}  // namespace duplex::client

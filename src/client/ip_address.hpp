#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace duplex::client {

/// An IPv4 or IPv6 address, as it stands on the wire.
class IpAddress {
 public:
  /// Reads four decimal numbers without leading zeros, or an IPv6 address (RFC 4291 section 2.2)
  /// without brackets or a zone. nullopt for anything else: names, ports, older forms of IPv4.
  static std::optional<IpAddress> parse(std::string_view text) noexcept;

  bool is_ipv4() const noexcept { return size_ == 4; }
  /// Four or sixteen bytes, in network order; a view of this object.
  std::span<const std::uint8_t> bytes() const noexcept { return {bytes_.data(), size_}; }
  /// IPv4 as IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), so that there is one kind.
  std::array<std::uint8_t, 16> mapped() const noexcept;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace duplex::client

#include "net/destination_order.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

#include "net/descriptor.hpp"

namespace duplex::net {
namespace {

/// An IPv6 address, or an IPv4 one mapped into IPv6, as RFC 6724 treats them alike.
using Octets = std::array<std::uint8_t, 16>;

Octets octets_of(const SocketAddress& address) noexcept {
  Octets octets{};
  const auto* raw = reinterpret_cast<const std::byte*>(address.raw());
  if (address.family() == AF_INET6) {
    std::memcpy(octets.data(), raw + offsetof(sockaddr_in6, sin6_addr), 16);
  } else {
    octets[10] = octets[11] = 0xff;
    std::memcpy(octets.data() + 12, raw + offsetof(sockaddr_in, sin_addr), 4);
  }
  return octets;
}

unsigned common_prefix_bits(const Octets& left, const Octets& right) noexcept {
  unsigned bits = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto difference = static_cast<std::uint8_t>(left[i] ^ right[i]);
    bits += static_cast<unsigned>(std::countl_zero(difference));
    if (difference != 0) break;
  }
  return bits;
}

struct Policy {
  Octets prefix;
  unsigned prefix_bits;
  int precedence;
  int label;
};

/// RFC 6724 section 2.1, the longest prefixes first.
constexpr std::array<Policy, 9> policies = {{
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, 50, 0},  // loopback
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 35, 4},         // IPv4
    {{}, 96, 1, 3},                                                  // IPv4-compatible
    {{0x20, 0x01}, 32, 5, 5},                                        // Teredo
    {{0x20, 0x02}, 16, 30, 2},                                       // 6to4
    {{0x3f, 0xfe}, 16, 1, 12},                                       // 6bone
    {{0xfe, 0xc0}, 10, 1, 11},                                       // site-local
    {{0xfc}, 7, 3, 13},                                              // unique local
    {{}, 0, 40, 1},                                                  // all else
}};

const Policy& policy_of(const Octets& address) noexcept {
  return *std::ranges::find_if(policies, [&](const Policy& policy) {
    return common_prefix_bits(policy.prefix, address) >= policy.prefix_bits;
  });
}

/// RFC 6724 section 3.1 and 3.2: how far an address reaches, in the numbers of multicast scopes.
int scope_of(const Octets& address) noexcept {
  constexpr int link_local = 0x2;
  constexpr int site_local = 0x5;
  constexpr int global = 0xe;
  if (policy_of(address).label == 4) {
    const bool near = address[12] == 127 || (address[12] == 169 && address[13] == 254);
    return near ? link_local : global;
  }
  if (address[0] == 0xff) return address[1] & 0xf;
  if (policy_of(address).label == 0) return link_local;
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0x80) return link_local;
  if (address[0] == 0xfe && (address[1] & 0xc0) == 0xc0) return site_local;
  return global;
}

/// The rules in order; the smaller is preferred.
using Rank = std::tuple<bool, bool, bool, int, int, int>;

Rank rank_of(const SocketAddress& address, const FindSource& find_source) {
  const Octets destination = octets_of(address);
  const Policy& policy = policy_of(destination);
  const int scope = scope_of(destination);
  const std::optional<SocketAddress> source_address = find_source(address);
  if (!source_address) return {true, true, true, -policy.precedence, scope, 0};

  const Octets source = octets_of(*source_address);
  int prefix_bits = 0;
  if (address.family() == AF_INET6) {
    // Not beyond the source's own prefix, which is 64 bits long wherever hosts choose addresses.
    prefix_bits = static_cast<int>(std::min(common_prefix_bits(source, destination), 64u));
  }
  return {false,                                    // 1: avoid unusable destinations
          scope_of(source) != scope,                // 2: prefer matching scope
          policy_of(source).label != policy.label,  // 5: prefer matching label
          -policy.precedence,                       // 6: prefer higher precedence
          scope,                                    // 8: prefer smaller scope
          -prefix_bits};                            // 9: use longest matching prefix
}

}  // namespace

std::optional<SocketAddress> source_towards(const SocketAddress& destination) noexcept {
  const Descriptor probe(::socket(destination.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return std::nullopt;
  // Port 0 is no place to connect to for some systems; any other will do, as nothing is sent.
  const SocketAddress somewhere = destination.with_port(1);
  if (::connect(probe.number(), somewhere.raw(), somewhere.raw_length()) != 0) return std::nullopt;
  return SocketAddress::of_local(probe.number());
}

void order_destinations(std::vector<SocketAddress>& destinations, const FindSource& find_source) {
  if (destinations.size() < 2) return;
  // With its place, which decides where the rules do not, as a stable sort would: that one takes
  // memory by a function of the library which is deprecated, and which Clang warns of.
  std::vector<std::pair<Rank, std::size_t>> ranked;
  ranked.reserve(destinations.size());
  for (std::size_t place = 0; place < destinations.size(); ++place) {
    ranked.emplace_back(rank_of(destinations[place], find_source), place);
  }
  // Between the families the precedence decides at the latest: the last rule is within IPv6 alone.
  std::ranges::sort(ranked);
  std::vector<SocketAddress> ordered;
  ordered.reserve(destinations.size());
  for (const auto& [rank, place] : ranked) ordered.push_back(destinations[place]);
  destinations = std::move(ordered);
}

}  // namespace duplex::net

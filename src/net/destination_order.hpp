#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "net/socket_address.hpp"

namespace duplex::net {

/// The address that this machine would send from to `destination`; nullopt when it has no way
/// there. Asks the system's routing table; nothing is sent.
std::optional<SocketAddress> source_towards(const SocketAddress& destination) noexcept;

/// How `order_destinations` learns of source addresses.
using FindSource = std::function<std::optional<SocketAddress>(const SocketAddress&)>;

/// Sorts IPv4 and IPv6 addresses of one host by the rules of RFC 6724 section 6, best first. What
/// the rules don't tell apart stays in the name server's order. Rules 3, 4 and 7 (deprecated, home
/// and tunnelled addresses) are left out, since programs can't tell; rule 9 (longest prefix) is for
/// IPv6 only, because with IPv4's small networks it says nothing and defeats rotating answers.
///
/// One system call or four for each address: the caller limits how many there are.
void order_destinations(std::vector<SocketAddress>& destinations,
                        const FindSource& find_source = source_towards);

}  // namespace duplex::net

#pragma once

#include <string>
#include <string_view>

namespace duplex::client {

/// Who owns which names, after the public suffix list (https://publicsuffix.org) that is compiled
/// into libpsl, or the system's, whichever is newer; read at the first call. Names are in lower
/// case and in ASCII, as in a URL; one dot behind them does not count. Any thread.

/// Whether anybody may register names below `domain`, as below `com`, `co.uk` or `github.io`. Also
/// any single label that the list doesn't have, such as `localhost`.
bool is_public_suffix(std::string_view domain);

/// What belongs to one owner together with `host`: `example.co.uk` for `a.b.example.co.uk`. For a
/// public suffix and for an address, `host` itself.
std::string registrable_domain(std::string_view host);

/// Whether `host` is an address and not a name: IPv6, without brackets, or whatever ends in a
/// number, which no name of the net does (RFC 3696 section 2) and resolvers might take for IPv4.
bool is_address(std::string_view host) noexcept;

}  // namespace duplex::client

#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "net/destination_order.hpp"
#include "net/event_loop.hpp"
#include "net/socket_address.hpp"
#include <duplex/net/resolve_error.hpp>

struct ares_channeldata;

namespace duplex::net {

struct ResolverOptions {
  /// Name servers with their ports, asked in this order; empty: the system's (/etc/resolv.conf).
  std::vector<SocketAddress> servers = {};
  /// Domains in which a name without (enough) dots is looked up; nullopt: the system's.
  std::optional<std::vector<std::string>> search_domains = {};
  /// How long a server may take at the first try; longer at each further one. c-ares's default of
  /// today, less than the 5 s of older ones and of glibc: a lost packet should not be felt so long.
  std::uint64_t try_ms_max = 2'000;
  /// How often each server is asked.
  std::uint32_t tries_max = 3;
  /// For the whole of a lookup, with every server, try and search domain. As browsers and curl, the
  /// double of the time in which users give up.
  std::uint64_t lookup_ms_max = 10'000;
  /// How long IPv4 addresses are held back for IPv6 ones to come (RFC 8305 section 3).
  std::uint64_t resolution_delay_ms = 50;
  /// So many IPv4 and so many IPv6 addresses are taken from an answer, which may hold thousands.
  std::size_t family_addresses_max = 16;
  /// So many search domains are tried, as glibc did for decades.
  std::size_t search_domains_max = 6;
};

/// Addresses that a name stands for, or a part of them.
struct Resolution {
  /// Ordered by preference (RFC 6724), each once. Together with what came before never empty.
  std::vector<SocketAddress> addresses;
  /// Whether this is all: else one more call brings the rest, if there is any.
  bool complete = true;
};

/// Turns host names into addresses by c-ares, without blocking. One for each loop.
///
/// The hosts file goes first (/etc/hosts, or the file that the environment variable CARES_HOSTS
/// names): a name that is there is not asked for elsewhere, in either family. Then A and AAAA
/// records are asked for at once, and apart from each other, so that a family whose answer is slow
/// or lost doesn't hold up the other (RFC 8305 section 3). Each lookup reads the system's
/// configuration anew, so that a laptop that changes networks needs no restart, and uses sockets of
/// its own: their ports are what an attacker would have to guess. That takes some 0.1 ms.
///
/// It keeps no answers: connections are kept, which saves more. It asks neither mDNS nor NSS.
class Resolver {
  class State;

 public:
  /// `loop` is borrowed.
  explicit Resolver(EventLoop& loop, ResolverOptions options = {});
  ~Resolver();

  /// Called in the loop's thread: once, or twice when the first is not complete; an error only
  /// once, and alone. Never from within `resolve`. May destroy its lookup. May not throw.
  using OnResolved = std::move_only_function<void(std::expected<Resolution, std::error_code>)>;

  /// A lookup that is going on. Destroying it cancels it: nothing is called any more. To be
  /// destroyed before the loop, in its thread; may outlive the resolver.
  class Lookup {
   public:
    Lookup() noexcept;
    Lookup(Lookup&& other) noexcept;
    Lookup& operator=(Lookup&& other) noexcept;
    ~Lookup();

   private:
    friend Resolver;
    explicit Lookup(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
  };

  /// Looks `host` up: a name, or an address as in `addresses_without_lookup`. The addresses have
  /// `port`.
  [[nodiscard]] Lookup resolve(std::string_view host, std::uint16_t port, OnResolved on_resolved);

  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

 private:
  struct FreeChannel {
    void operator()(ares_channeldata* channel) const noexcept;
  };

  std::vector<SocketAddress> in_hosts_file(const std::string& name, std::uint16_t port);

  EventLoop& loop_;
  ResolverOptions options_;
  // Reads the hosts file and opens no socket. None when c-ares can't be set up: lookups say why.
  std::unique_ptr<ares_channeldata, FreeChannel> files_;
};

/// What `host` stands for when no lookup is needed: a numeric address (IPv6 with or without
/// brackets), or the loopback addresses for "localhost" and all below it, which never leave the
/// machine whatever its files say (RFC 6761 section 6.3). Empty for all else.
std::vector<SocketAddress> addresses_without_lookup(std::string_view host, std::uint16_t port);

}  // namespace duplex::net

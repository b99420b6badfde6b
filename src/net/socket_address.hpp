#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::net {

/// Where a socket is: an IPv4 or IPv6 address with a port, or the path of a Unix socket. A value.
class SocketAddress {
 public:
  /// Nowhere: what an unnamed Unix peer has.
  SocketAddress() noexcept;

  /// Reads "127.0.0.1:8080", "[::1]:8080", ":8080" (every address of this machine, IPv4 and IPv6),
  /// "localhost:8080" (127.0.0.1) or "unix:/path". Asks no name server. The error is a sentence
  /// that says what to write instead.
  static std::expected<SocketAddress, std::string> parse(std::string_view text);

  /// Every address of this machine, IPv4 and IPv6 by one socket.
  static SocketAddress every(std::uint16_t port) noexcept;

  /// The address that `socket` is bound to: tells the port when 0 was asked for.
  static SocketAddress of_local(int socket) noexcept;
  /// The address of what `socket` is connected to.
  static SocketAddress of_peer(int socket) noexcept;
  /// A copy of what the system filled in.
  static SocketAddress copy_of(const sockaddr_storage& storage, socklen_t length) noexcept;

  /// AF_INET, AF_INET6, AF_UNIX, or AF_UNSPEC for nowhere.
  int family() const noexcept { return storage_.ss_family; }
  bool is_unix() const noexcept { return family() == AF_UNIX; }
  /// Whether IPv4 is meant too although the family is IPv6, as by `every`.
  bool dual_stack() const noexcept { return dual_stack_; }

  /// 0 for a Unix socket.
  std::uint16_t port() const noexcept;
  /// The same address with another port; a Unix address as it is.
  SocketAddress with_port(std::uint16_t port) const noexcept;
  /// The path of a Unix socket; empty for others and for an unnamed one.
  std::string_view path() const noexcept;

  /// Without the port: "127.0.0.1", "::1", "unix:/path", for logs. An IPv4 address that came
  /// through an IPv6 socket is written as IPv4.
  std::string host() const;
  /// The form that `parse` reads.
  std::string to_string() const;

  /// What connections of one host have in common, for counting them: the whole IPv4 address, or
  /// the first 64 bits of an IPv6 one, because a host is given that many at least. nullopt for a
  /// Unix socket. The two kinds don't meet: the prefixes that could are reserved (RFC 4291 2.4).
  std::optional<std::uint64_t> host_key() const noexcept;

  /// For system calls; as long as this object.
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t raw_length() const noexcept { return length_; }

  /// The same family, address, port and path.
  bool operator==(const SocketAddress& other) const noexcept;

 private:
  sockaddr_storage storage_;
  socklen_t length_;
  bool dual_stack_ = false;
};

}  // namespace duplex::net

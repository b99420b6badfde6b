#include "net/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include <duplex/base/ascii.hpp>

namespace duplex::net {
namespace {

/// The system's address structures are read and written as copies: they lie in storage of another
/// type, and a copy costs nothing.
template <class Address>
Address read_as(const sockaddr_storage& storage) noexcept {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

template <class Address>
SocketAddress written(const Address& address, std::size_t length = sizeof(Address)) noexcept {
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return SocketAddress::copy_of(storage, static_cast<socklen_t>(length));
}

template <class Ask>
SocketAddress asked(int socket, Ask ask) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (ask(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return SocketAddress::copy_of(storage, length);
}

std::unexpected<std::string> refused(std::string_view text, std::string_view why) {
  std::string message = "\"";
  message.append(text).append("\" is not an address to use: ").append(why);
  return std::unexpected(std::move(message));
}

std::expected<SocketAddress, std::string> parse_unix(std::string_view text) {
  const std::string_view path = text.substr(std::string_view("unix:").size());
  sockaddr_un address{};
  if (path.empty()) return refused(text, "write the path of a socket, such as unix:/run/app.sock");
  if (path.size() >= sizeof address.sun_path) {
    return refused(text, "the path of a Unix socket has at most 107 bytes; choose a shorter one");
  }
  if (path.contains('\0')) return refused(text, "a path can't hold a zero byte");
  address.sun_family = AF_UNIX;
  std::ranges::copy(path, address.sun_path);
  return written(address, offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

std::optional<SocketAddress> parse_ipv4(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  return written(address);
}

std::optional<SocketAddress> parse_ipv6(std::string host, std::uint16_t port) {
  sockaddr_in6 address{};
  // A link-local address names its interface (RFC 4007 section 11).
  if (const std::size_t percent = host.find('%'); percent != std::string::npos) {
    address.sin6_scope_id = ::if_nametoindex(host.c_str() + percent + 1);
    if (address.sin6_scope_id == 0) return std::nullopt;
    host.resize(percent);
  }
  if (::inet_pton(AF_INET6, host.c_str(), &address.sin6_addr) != 1) return std::nullopt;
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  return written(address);
}

/// The address as IPv4, when it is one: by family or mapped into IPv6 (RFC 4291 section 2.5.5.2).
std::optional<in_addr> as_ipv4(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) return read_as<sockaddr_in>(storage).sin_addr;
  if (storage.ss_family != AF_INET6) return std::nullopt;
  const in6_addr address = read_as<sockaddr_in6>(storage).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&address)) return std::nullopt;
  in_addr mapped;
  std::memcpy(&mapped, address.s6_addr + 12, sizeof mapped);
  return mapped;
}

}  // namespace

SocketAddress::SocketAddress() noexcept : storage_{}, length_(sizeof(sa_family_t)) {}

std::expected<SocketAddress, std::string> SocketAddress::parse(std::string_view text) {
  if (text.starts_with("unix:")) return parse_unix(text);

  constexpr std::string_view forms =
      "write ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080, or :8080 for every address of this "
      "machine";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refused(text, forms);
  const std::optional<std::uint64_t> number = parse_decimal(text.substr(colon + 1));
  if (!number || *number > UINT16_MAX) {
    return refused(text, "a port is a number from 0 (any free one) to 65535, after a colon");
  }
  const auto port = static_cast<std::uint16_t>(*number);
  const std::string_view host = text.substr(0, colon);
  if (host.empty()) return every(port);
  if (equals_ignoring_case(host, "localhost")) return *parse_ipv4("127.0.0.1", port);

  std::optional<SocketAddress> address;
  if (host.starts_with('[') && host.ends_with(']')) {
    address = parse_ipv6(std::string(host.substr(1, host.size() - 2)), port);
  } else if (host.contains(':')) {
    return refused(text, "an IPv6 address stands in brackets, such as [::1]:8080");
  } else {
    address = parse_ipv4(std::string(host), port);
  }
  if (!address) return refused(text, std::string("names are not looked up; ").append(forms));
  return *address;
}

SocketAddress SocketAddress::every(std::uint16_t port) noexcept {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_any;
  address.sin6_port = htons(port);
  SocketAddress result = written(address);
  result.dual_stack_ = true;
  return result;
}

SocketAddress SocketAddress::of_local(int socket) noexcept {
  return asked(socket, ::getsockname);
}

SocketAddress SocketAddress::of_peer(int socket) noexcept {
  return asked(socket, ::getpeername);
}

SocketAddress SocketAddress::copy_of(const sockaddr_storage& storage, socklen_t length) noexcept {
  SocketAddress result;
  result.length_ = std::min<socklen_t>(length, sizeof storage);
  std::memcpy(&result.storage_, &storage, result.length_);
  return result;
}

std::uint16_t SocketAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(read_as<sockaddr_in>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(read_as<sockaddr_in6>(storage_).sin6_port);
  return 0;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const noexcept {
  SocketAddress result = *this;
  const std::uint16_t in_network_order = htons(port);
  static_assert(offsetof(sockaddr_in, sin_port) == offsetof(sockaddr_in6, sin6_port));
  if (family() == AF_INET || family() == AF_INET6) {
    std::memcpy(reinterpret_cast<std::byte*>(&result.storage_) + offsetof(sockaddr_in, sin_port),
                &in_network_order, sizeof in_network_order);
  }
  return result;
}

std::string_view SocketAddress::path() const noexcept {
  constexpr std::size_t start = offsetof(sockaddr_un, sun_path);
  if (!is_unix() || length_ <= start) return {};
  const char* first = reinterpret_cast<const char*>(&storage_) + start;
  return {first, ::strnlen(first, length_ - start)};
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN + IF_NAMESIZE + 1> text{};
  if (is_unix()) return std::string("unix:").append(path());
  if (const std::optional<in_addr> ipv4 = as_ipv4(storage_)) {
    ::inet_ntop(AF_INET, &*ipv4, text.data(), text.size());
  } else if (family() == AF_INET6) {
    const auto address = read_as<sockaddr_in6>(storage_);
    ::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
    if (address.sin6_scope_id != 0) {
      std::array<char, IF_NAMESIZE> name{};
      if (::if_indextoname(address.sin6_scope_id, name.data()) != nullptr) {
        return std::string(text.data()).append("%").append(name.data());
      }
    }
  }
  return text.data();
}

std::string SocketAddress::to_string() const {
  if (family() != AF_INET && family() != AF_INET6) return host();
  std::string text;
  if (!dual_stack_) {
    const bool in_brackets = !as_ipv4(storage_);
    if (in_brackets) text += '[';
    text += host();
    if (in_brackets) text += ']';
  }
  return text.append(1, ':').append(std::to_string(port()));
}

std::optional<std::uint64_t> SocketAddress::host_key() const noexcept {
  if (const std::optional<in_addr> ipv4 = as_ipv4(storage_)) return ntohl(ipv4->s_addr);
  if (family() != AF_INET6) return std::nullopt;
  const in6_addr address = read_as<sockaddr_in6>(storage_).sin6_addr;
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < sizeof key; ++i) key = key << 8 | address.s6_addr[i];
  return key;
}

bool SocketAddress::operator==(const SocketAddress& other) const noexcept {
  if (family() != other.family() || dual_stack_ != other.dual_stack_) return false;
  if (port() != other.port() || path() != other.path()) return false;
  if (family() == AF_INET) {
    return read_as<sockaddr_in>(storage_).sin_addr.s_addr ==
           read_as<sockaddr_in>(other.storage_).sin_addr.s_addr;
  }
  if (family() != AF_INET6) return true;
  const auto left = read_as<sockaddr_in6>(storage_);
  const auto right = read_as<sockaddr_in6>(other.storage_);
  return left.sin6_scope_id == right.sin6_scope_id &&
         std::memcmp(&left.sin6_addr, &right.sin6_addr, sizeof left.sin6_addr) == 0;
}

}  // namespace duplex::net

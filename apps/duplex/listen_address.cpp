#include "listen_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <optional>

#include <duplex/base/ascii.hpp>

namespace duplex::app {
namespace {

using server::ListenOptions;

// The path stands in this structure with a zero behind it (unix(7)).
constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

bool is_numeric(int family, const std::string& address) {
  in6_addr storage;
  // Behind % stands the interface of a link-local address (RFC 4007 section 11).
  return ::inet_pton(family, address.substr(0, address.find('%')).c_str(), &storage) == 1;
}

bool is_ipv6(const ListenOptions& options) {
  return options.address.find(':') != std::string::npos;
}

std::expected<ListenOptions, std::string> parse_unix(std::string_view path) {
  if (path.empty()) return std::unexpected("a path follows unix:, such as unix:/tmp/duplex.sock");
  if (path.size() > unix_path_bytes_max) {
    return std::unexpected(fmt::format(
        "the path \"{}\" has more than {} bytes; choose a shorter one", path, unix_path_bytes_max));
  }
  ListenOptions options;
  options.unix_path = path;
  return options;
}

/// The numeric address that `host` names; nullopt when it names none.
std::optional<std::string> parse_host(std::string_view host) {
  if (host.empty() || host == "*") return "";
  if (equals_ignoring_case(host, "localhost")) return "127.0.0.1";
  std::string address(host);
  if (host.front() == '[' && host.back() == ']') {
    address = host.substr(1, host.size() - 2);
    if (is_numeric(AF_INET6, address)) return address;
    return std::nullopt;
  }
  if (is_numeric(AF_INET, address) && !address.contains('%')) return address;
  return std::nullopt;
}

}  // namespace

std::expected<ListenOptions, std::string> parse_listen_address(std::string_view text) {
  constexpr std::string_view unix_prefix = "unix:";
  if (text.starts_with(unix_prefix)) return parse_unix(text.substr(unix_prefix.size()));

  const auto refuse = [text](std::string_view why) {
    return std::unexpected(fmt::format("\"{}\" is not an address to listen on: {}", text, why));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse(
        "write ADDRESS:PORT, such as 127.0.0.1:8080, or :8080 for all addresses of this machine");
  }
  const std::string_view host = text.substr(0, colon);
  if (host.find(':') != std::string_view::npos && host.front() != '[') {
    return refuse("an IPv6 address stands in brackets, such as [::1]:8080");
  }
  const std::optional<std::uint64_t> port = parse_decimal(text.substr(colon + 1));
  if (!port || *port > UINT16_MAX) {
    return refuse("behind the colon stands a port from 1 to 65535, or 0 for any free one");
  }
  std::optional<std::string> address = parse_host(host);
  if (!address) {
    return refuse(
        "names are not looked up; write a numeric address, such as 127.0.0.1:8080 or [::1]:8080");
  }
  ListenOptions options;
  options.address = std::move(*address);
  options.port = static_cast<std::uint16_t>(*port);
  return options;
}

std::string where(const ListenOptions& options, std::uint16_t port) {
  if (!options.unix_path.empty()) return "unix:" + options.unix_path;
  const std::string_view scheme = options.tls.enabled() ? "https" : "http";
  if (options.address.empty() || options.address == "0.0.0.0") {
    return fmt::format("{}://127.0.0.1:{}/ and on all other addresses of this machine", scheme,
                       port);
  }
  if (options.address == "::") {
    return fmt::format("{}://[::1]:{}/ and on all other addresses of this machine", scheme, port);
  }
  return is_ipv6(options) ? fmt::format("{}://[{}]:{}/", scheme, options.address, port)
                          : fmt::format("{}://{}:{}/", scheme, options.address, port);
}

std::string listen_elsewhere(const ListenOptions& options) {
  const std::string_view option = options.tls.enabled() ? "--tls-listen" : "--listen";
  if (!options.unix_path.empty()) return fmt::format("{} unix:/tmp/duplex.sock", option);
  // Ports below are for the privileged.
  const bool next_is_free_to_all = options.port >= 1024 && options.port < UINT16_MAX;
  return fmt::format("{} 127.0.0.1:{}", option, next_is_free_to_all ? options.port + 1 : 8080);
}

}  // namespace duplex::app

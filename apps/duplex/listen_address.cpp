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
  return ::inet_pton(family, address.c_str(), &storage) == 1;
}

bool is_ipv6(const ListenOptions& options) {
  return options.address.find(':') != std::string::npos;
}

bool is_all_addresses(const ListenOptions& options) {
  return options.address == "::" || options.address == "0.0.0.0";
}

std::string with_port(const ListenOptions& options, std::uint16_t port) {
  return is_ipv6(options) ? fmt::format("[{}]:{}", options.address, port)
                          : fmt::format("{}:{}", options.address, port);
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
  if (host.empty() || host == "*") return "::";
  if (equals_ignoring_case(host, "localhost")) return "127.0.0.1";
  std::string address(host);
  if (host.front() == '[' && host.back() == ']') {
    address = host.substr(1, host.size() - 2);
    if (is_numeric(AF_INET6, address)) return address;
    return std::nullopt;
  }
  if (is_numeric(AF_INET, address)) return address;
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

std::string to_string(const ListenOptions& options) {
  if (!options.unix_path.empty()) return "unix:" + options.unix_path;
  return with_port(options, options.port);
}

std::string where(const ListenOptions& options, std::uint16_t port) {
  if (!options.unix_path.empty()) return "unix:" + options.unix_path;
  if (is_all_addresses(options)) {
    return fmt::format("http://127.0.0.1:{}/ and on all other addresses of this machine", port);
  }
  return fmt::format("http://{}/", with_port(options, port));
}

std::string explain_listen_failure(const ListenOptions& options, std::error_code error,
                                   std::string_view otherwise) {
  const std::string place = to_string(options);
  const bool is_unix = !options.unix_path.empty();
  if (error == std::errc::address_in_use && is_unix) {
    return fmt::format("{} is in use: stop the program that listens there, or choose another path",
                       place);
  }
  if (error == std::errc::address_in_use) {
    const auto next =
        static_cast<std::uint16_t>(options.port == UINT16_MAX ? 8080 : options.port + 1);
    return fmt::format(
        "{} is in use: stop the other program or choose another port with --listen {}", place,
        with_port(options, next));
  }
  if (error == std::errc::permission_denied && is_unix) {
    return fmt::format("{}: you may not create a socket there; choose another folder", place);
  }
  if (error == std::errc::permission_denied) {
    return fmt::format(
        "you may not listen on {}: choose a port from 1024 on with --listen {}, or grant the "
        "program CAP_NET_BIND_SERVICE",
        place, with_port(options, 8080));
  }
  if (error == std::errc::address_not_available) {
    return fmt::format(
        "{} is not an address of this machine: see them by `ip address`, or write --listen :{} "
        "for all",
        options.address, options.port);
  }
  if (error == std::errc::no_such_file_or_directory && is_unix) {
    return fmt::format("{}: its folder does not exist; create it or choose another path", place);
  }
  return fmt::format("can't listen on {}: {}", place, otherwise);
}

}  // namespace duplex::app

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <duplex/server/options.hpp>

/// Where the program listens, as people write and read it.
namespace duplex::app {

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `:8080` or `*:8080` (all addresses of this machine, for
/// which the address is empty), `localhost:8080` (127.0.0.1) and `unix:PATH`. The error is a
/// sentence that says what to write.
std::expected<server::ListenOptions, std::string> parse_listen_address(std::string_view text);

/// What to open in a browser, and where else it serves: `http://127.0.0.1:8080/`, https when it is
/// encrypted. `port` is the actual one.
std::string where(const server::ListenOptions& options, std::uint16_t port);

/// What to write when `options` can't be listened on: `--listen 127.0.0.1:8081`.
std::string listen_elsewhere(const server::ListenOptions& options);

}  // namespace duplex::app

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>

#include <duplex/server/options.hpp>

/// Where the program listens, as people write and read it.
namespace duplex::app {

/// Reads `127.0.0.1:8080`, `[::1]:8080`, `:8080` or `*:8080` (all addresses of this machine),
/// `localhost:8080` (127.0.0.1) and `unix:PATH`. The error is a sentence that says what to write.
std::expected<server::ListenOptions, std::string> parse_listen_address(std::string_view text);

/// The form that `parse_listen_address` reads.
std::string to_string(const server::ListenOptions& options);

/// What to open in a browser, and where else it serves: `http://127.0.0.1:8080/`. `port` is the
/// actual one.
std::string where(const server::ListenOptions& options, std::uint16_t port);

/// A sentence on why `options` can't be listened on, and what to do about it. `otherwise` is said
/// when `error` is none of the usual ones.
std::string explain_listen_failure(const server::ListenOptions& options, std::error_code error,
                                   std::string_view otherwise);

}  // namespace duplex::app

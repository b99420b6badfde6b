#pragma once

#include <duplex/client/error.hpp>
#include <duplex/websocket/close_code.hpp>

/// Exit statuses of the subcommands that talk to servers, beyond those of subcommand.hpp: scripts
/// can tell what went wrong.
namespace duplex::app {

inline constexpr int exit_no_connection = 3;  ///< name, connection or proxy
inline constexpr int exit_tls_refused = 4;  ///< no encryption, or not the server that it should be
inline constexpr int exit_protocol = 5;     ///< refused, a broken rule, or an end without a goodbye
inline constexpr int exit_timed_out = 6;
inline constexpr int exit_http_error = 7;  ///< a status from 400 on, where that was asked for

/// For a call that has failed.
int exit_status_of(const client::Error& error) noexcept;

/// For a WebSocket that the server has ended, or that was lost. Only normal (1000), going away
/// (1001) and a close frame without a code are fine.
int exit_status_of(websocket::CloseCode code) noexcept;

/// The lines of the help that explain them.
inline constexpr auto exit_status_help =
    R"(Exit status: 0 fine, 1 failure, 2 wrong usage, 3 no connection (name, address, proxy),
4 TLS refused, 5 protocol failure (upgrade refused, a broken rule, an end without a
goodbye or with an error's code), 6 out of time)";

}  // namespace duplex::app

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <duplex/server/server.hpp>

namespace duplex::app {

/// Ports at which the page is served too, so that it can lead there.
struct PagePorts {
  std::optional<std::uint16_t> clear;
  std::optional<std::uint16_t> encrypted;
};

struct PageOptions {
  /// Serve the page at `/` too.
  bool at_root = false;
  /// Origins besides the server's own whose pages may connect to the page's WebSockets, as
  /// `WebSocketOptions::origins`.
  std::vector<std::string> origins = {};
  /// Of the wire's WebSocket, which takes no more than 64 KiB in any case.
  std::uint64_t message_bytes_max = 1024 * 1024;
  /// Of the page's WebSockets, as `WebSocketOptions::deflate`.
  std::optional<websocket::DeflateOptions> deflate = {};
  /// May be filled until the server runs; none for no others.
  std::shared_ptr<const PagePorts> ports = {};
};

/// Serves the page that shows HTTP and WebSocket side by side, at `/_duplex/`, with all that it
/// talks to below that path: single exchanges, a WebSocket whose frames are told to a second one,
/// news to poll for and to be told, and a chat.
///
/// `server` is borrowed: it outlives its own run, as it does. Before the server runs. Throws
/// std::invalid_argument when one of the paths is taken.
void add_page(server::Server& server, const PageOptions& options);

}  // namespace duplex::app

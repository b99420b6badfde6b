#pragma once

#include <string_view>

#include <duplex/server/server.hpp>
#include <duplex/server/websocket_endpoint.hpp>

namespace duplex::app {

/// Live channels at `/live/{channel}`: what anybody publishes there, everybody there receives.
///
/// - A WebSocket receives, and publishes what it sends; its own messages come back to it, so that
///   all of a channel's subscribers see the same sequence of one publisher.
/// - `POST` publishes its body, as text when it is UTF-8, and answers 204.
/// - `GET` that accepts `text/event-stream` receives as server-sent events; any other gets 426.
///
/// Pages of other origins than `options.origins` are refused with 403, however they come;
/// `options.message_bytes_max` holds for a POST too. A channel exists while it is used.
void add_live_channels(server::Server& server, const server::WebSocketOptions& options);

/// Whether a channel may be named so: 1 to 128 ASCII letters, digits, and `-._~:@`.
bool is_channel_name(std::string_view name) noexcept;

}  // namespace duplex::app

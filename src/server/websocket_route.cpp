#include "server/websocket_route.hpp"

#include <stdexcept>
#include <utility>

#include "connection/endpoint_call.hpp"
#include <duplex/http/fields.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::server {

namespace {

void check(const WebSocketEndpoint& endpoint) {
  if (endpoint.session && (endpoint.on_open || endpoint.on_message || endpoint.on_chunk ||
                           endpoint.on_drain || endpoint.on_pong || endpoint.on_close)) {
    throw std::invalid_argument("a WebSocket endpoint has either a session or callbacks, not both");
  }
  if (endpoint.on_message && endpoint.on_chunk) {
    throw std::invalid_argument(
        "a WebSocket endpoint takes messages whole (on_message) or in pieces (on_chunk), not both");
  }
  if (endpoint.options.deliver_chunks && !endpoint.session && !endpoint.on_chunk) {
    throw std::invalid_argument(
        "messages in pieces (deliver_chunks) are for a session; for callbacks, set on_chunk");
  }
  if (endpoint.options.deflate) websocket::check_deflate_options(*endpoint.options.deflate);
  for (const std::string& origin : endpoint.options.origins) {
    if (!websocket::is_origin_pattern(origin)) {
      throw std::invalid_argument("\"" + origin +
                                  "\" is no origin: write https://example.com, "
                                  "https://*.example.com, or * for all");
    }
  }
  for (const std::string& subprotocol : endpoint.options.subprotocols) {
    if (!http::is_token(subprotocol)) {
      throw std::invalid_argument("\"" + subprotocol + "\" is no name of a subprotocol");
    }
  }
}

}  // namespace

WebSocketRoute::WebSocketRoute(WebSocketEndpoint endpoint) : endpoint_(std::move(endpoint)) {
  check(endpoint_);
  const WebSocketOptions& options = endpoint_.options;
  static_cast<LinkOptions&>(*this) = {
      .session = {.role = websocket::Role::server,
                  .message_bytes_max = options.message_bytes_max,
                  .deliver_chunks = endpoint_.on_chunk || options.deliver_chunks,
                  .report_frames = static_cast<bool>(endpoint_.on_frame),
                  .deflate = options.deflate.value_or(websocket::DeflateOptions())},
      .outbox_bytes_max = options.outbox_bytes_max,
      .slow_consumer = options.slow_consumer,
      .backlog_bytes = options.backlog_bytes,
      .heartbeat_ms = options.heartbeat_ms,
      .heartbeat_answer_ms_max = options.heartbeat_answer_ms_max,
      .close_ms_max = options.close_ms_max,
      .observer = endpoint_.on_frame ? this : nullptr,
  };
}

void WebSocketRoute::frame_sent(connection::WebSocketLink& link,
                                const websocket::FrameHeader& header) noexcept {
  connection::call_endpoint(link, endpoint_.on_frame,
                            connection::FrameInfo{.incoming = false, .header = header});
}

}  // namespace duplex::server

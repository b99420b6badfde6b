#pragma once

#include "connection/websocket_link.hpp"
#include <duplex/server/websocket_endpoint.hpp>

namespace duplex::server {

/// A WebSocket endpoint as it was registered, with what all its links share.
class WebSocketRoute final : private connection::FrameObserver {
 public:
  explicit WebSocketRoute(WebSocketEndpoint endpoint);
  WebSocketRoute(const WebSocketRoute&) = delete;
  WebSocketRoute& operator=(const WebSocketRoute&) = delete;

  const WebSocketEndpoint& endpoint() const noexcept { return endpoint_; }
  const connection::LinkOptions& link_options() const noexcept { return link_options_; }

 private:
  void frame_sent(connection::WebSocketLink& link,
                  const websocket::FrameHeader& header) noexcept override;

  WebSocketEndpoint endpoint_;
  connection::LinkOptions link_options_;
};

}  // namespace duplex::server

#pragma once

#include "connection/websocket_link.hpp"
#include <duplex/server/websocket_endpoint.hpp>

namespace duplex::server {

/// A WebSocket endpoint as it was registered. It is also the options that all its links share, so
/// that a link leads to its route: idle connections need no pointer of their own for that.
class WebSocketRoute final : public connection::LinkOptions, private connection::FrameObserver {
 public:
  explicit WebSocketRoute(WebSocketEndpoint endpoint);
  WebSocketRoute(const WebSocketRoute&) = delete;
  WebSocketRoute& operator=(const WebSocketRoute&) = delete;

  /// Of a link that was made with a route as its options.
  static const WebSocketRoute& of(const connection::WebSocketLink& link) noexcept {
    return static_cast<const WebSocketRoute&>(link.options());
  }

  const WebSocketEndpoint& endpoint() const noexcept { return endpoint_; }

 private:
  void frame_sent(connection::WebSocketLink& link,
                  const websocket::FrameHeader& header) noexcept override;

  WebSocketEndpoint endpoint_;
};

}  // namespace duplex::server

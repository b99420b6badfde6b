#pragma once

#include <exception>
#include <string_view>

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

/// Logs that a user's code failed with `what`, and closes the socket with 1011.
void fail_internally(connection::WebSocketLink& link, std::string_view what) noexcept;

/// Calls user code for `link`; an exception becomes `fail_internally`.
template <class Call>
void call_guarded(connection::WebSocketLink& link, Call call) noexcept {
  try {
    call();
  } catch (const std::exception& exception) {
    fail_internally(link, exception.what());
  } catch (...) {
    fail_internally(link, "an exception that is no std::exception");
  }
}

}  // namespace duplex::server

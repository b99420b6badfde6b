#include "connection/endpoint_call.hpp"

#include <string>

#include "connection/hub.hpp"

namespace duplex::connection {

void fail_internally(WebSocketLink& link, std::string_view what) noexcept {
  link.carrier().hub().log(LogLevel::error, "a WebSocket endpoint failed: " + std::string(what));
  link.close(websocket::CloseCode::internal_error, "internal error");
}

}  // namespace duplex::connection

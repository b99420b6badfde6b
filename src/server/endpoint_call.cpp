#include "server/endpoint_call.hpp"

#include <string>

#include "server/worker.hpp"

namespace duplex::server {

void fail_internally(connection::WebSocketLink& link, std::string_view what) noexcept {
  const auto& worker = static_cast<const Worker&>(link.carrier().hub());
  worker.log(LogLevel::error, "a WebSocket endpoint failed: " + std::string(what));
  link.close(websocket::CloseCode::internal_error, "internal error");
}

}  // namespace duplex::server

#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "connection/websocket_link.hpp"

namespace duplex::server {

/// Logs what went wrong in an endpoint, and closes its socket with 1011.
void fail_internally(connection::WebSocketLink& link, std::string_view what) noexcept;

/// Calls one of an endpoint's callbacks, if there is one. An exception ends the socket alone.
template <class Callback, class... Arguments>
void call_endpoint(connection::WebSocketLink& link, const Callback& callback,
                   Arguments&&... arguments) noexcept {
  if (!callback) return;
  connection::WebSocket socket = link.handle();
  try {
    callback(socket, std::forward<Arguments>(arguments)...);
  } catch (const std::exception& exception) {
    fail_internally(link, exception.what());
  } catch (...) {
    fail_internally(link, "an exception that is no std::exception");
  }
}

}  // namespace duplex::server

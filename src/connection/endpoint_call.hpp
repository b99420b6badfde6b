#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "connection/websocket_link.hpp"

namespace duplex::connection {

/// Logs what went wrong in code that a WebSocket has called, and closes the socket with 1011.
void fail_internally(WebSocketLink& link, std::string_view what) noexcept;

/// Calls one of an endpoint's callbacks, if there is one. An exception ends the socket alone.
template <class Callback, class... Arguments>
void call_endpoint(WebSocketLink& link, Callback& callback, Arguments&&... arguments) noexcept {
  if (!callback) return;
  WebSocket socket = link.handle();
  try {
    callback(socket, std::forward<Arguments>(arguments)...);
  } catch (const std::exception& exception) {
    fail_internally(link, exception.what());
  } catch (...) {
    fail_internally(link, "an exception that is no std::exception");
  }
}

}  // namespace duplex::connection

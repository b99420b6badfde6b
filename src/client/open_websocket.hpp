#pragma once

#include <memory>

#include "client/flow.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/result.hpp>
#include <duplex/client/websocket_request.hpp>
#include <duplex/connection/websocket.hpp>

namespace duplex::client {

/// Opens a WebSocket (RFC 6455 section 4.1), for callbacks or, without them, for coroutines.
Task<Result<connection::WebSocket>> open_websocket(Flow& flow, WebSocketRequest request,
                                                   std::shared_ptr<WebSocketHandlers> handlers);

}  // namespace duplex::client

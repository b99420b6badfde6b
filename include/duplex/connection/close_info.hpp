#pragma once

#include <string_view>

#include <duplex/websocket/close_code.hpp>

namespace duplex::connection {

/// How a WebSocket ended.
struct CloseInfo {
  /// The peer's code; `no_status` when its close frame had none, `abnormal` when the connection
  /// ended without one; our own when the peer broke a rule or a limit.
  websocket::CloseCode code = websocket::CloseCode::abnormal;
  /// The peer's reason, or a sentence on what went wrong. A view: in a callback it holds during the
  /// call, else as long as the handle that told it.
  std::string_view reason = {};
};

}  // namespace duplex::connection

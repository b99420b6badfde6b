#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "connection/websocket_link.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/client/websocket_request.hpp>

namespace duplex::client {

class Connection;

/// Drives a client's connection that speaks WebSocket: for callbacks, if there are any, else for
/// the coroutines that hold handles of it. When the last of those handles has gone, it is closed.
class WebSocketConnection final : private connection::FrameObserver {
 public:
  /// `handlers` is null for coroutines.
  WebSocketConnection(Connection& connection, const WebSocketRequest& request,
                      std::shared_ptr<WebSocketHandlers> handlers);
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;

  connection::WebSocketLink& link() noexcept { return link_; }
  /// Calls `on_open`.
  void open();

  void on_input(Bytes& input);
  void on_input_end();
  void on_room();
  std::uint64_t on_time(std::uint64_t now_ms);
  void on_closed();
  void on_abandoned();
  /// The connection can't be trusted any more.
  void note_failure(std::string_view sentence);
  void discard() noexcept;

 private:
  bool by_coroutine() const noexcept { return handlers_ == nullptr; }
  void handle(const websocket::Session::Message& message);
  void handle(const websocket::Session::Chunk& chunk);
  void handle(const websocket::Session::Pong& pong);
  void handle(const websocket::Session::FrameSeen& frame);
  void frame_sent(connection::WebSocketLink& link,
                  const websocket::FrameHeader& header) noexcept override;
  void report(const connection::FrameInfo& frame) noexcept;
  void tell_end();

  Connection& connection_;
  std::shared_ptr<WebSocketHandlers> handlers_;
  std::function<void(const connection::FrameInfo&)> on_frame_;
  connection::LinkOptions options_;
  connection::WebSocketLink link_;
  bool end_told_ = false;
  std::uint64_t hang_up_due_ms_ = 0;  // for the server to end the connection, once all is said
};

}  // namespace duplex::client

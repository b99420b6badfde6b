#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/close_code.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::net {
class Inbox;
}

namespace duplex::connection {

class Hub;

/// Names a WebSocket for other threads. May be copied, kept and used anywhere, also after the
/// connection, or the server, has ended: then nothing happens.
///
/// Every call may be made from any thread and never blocks. The calls of one thread act in their
/// order. The outbox limit and its policy apply when the message reaches the connection.
class Sender {
 public:
  Sender() noexcept = default;

  /// Sends a text message, which must be valid UTF-8; compressed where that was agreed on and it is
  /// long enough: a `PreparedMessage` can say otherwise. False when the connection's thread has
  /// ended; that the connection itself has ended is not known here.
  bool send(std::string_view text) const;
  bool send(ConstBytes binary) const;
  bool send(websocket::PreparedMessage message) const;
  bool close(websocket::CloseCode code = websocket::CloseCode::normal,
             std::string_view reason = {}) const;

 private:
  friend class WebSocketLink;
  Sender(std::shared_ptr<net::Inbox> inbox, Hub& hub, std::uint32_t index,
         std::uint32_t generation) noexcept
      : inbox_(std::move(inbox)), hub_(&hub), index_(index), generation_(generation) {}

  std::shared_ptr<net::Inbox> inbox_;
  Hub* hub_ = nullptr;  // used in its own thread only, and only if it is still there
  std::uint32_t index_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace duplex::connection

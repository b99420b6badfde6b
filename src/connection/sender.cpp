#include <string>
#include <utility>

#include "connection/hub.hpp"
#include "connection/pipe.hpp"
#include "connection/websocket_link.hpp"
#include "net/event_loop.hpp"
#include "net/inbox.hpp"
#include <duplex/connection/sender.hpp>

namespace duplex::connection {

using websocket::PreparedMessage;

namespace {

/// The socket of that name; nullptr when it has ended, or its hub has, which a loop may outlive. In
/// the hub's thread.
WebSocketLink* find(Hub* hub, std::uint32_t index, std::uint32_t generation) noexcept {
  if (!net::EventLoop::current()->has(hub)) return nullptr;
  Pipe* pipe = hub->find(index, generation);
  return pipe != nullptr ? pipe->websocket() : nullptr;
}

}  // namespace

bool Sender::send(std::string_view text) const {
  return send(PreparedMessage::text(text));
}

bool Sender::send(ConstBytes binary) const {
  return send(PreparedMessage::binary(binary));
}

bool Sender::send(PreparedMessage message) const {
  if (!inbox_) return false;
  return inbox_->post(
      [hub = hub_, index = index_, generation = generation_, message = std::move(message)] {
        if (WebSocketLink* link = find(hub, index, generation)) link->send(message);
      });
}

bool Sender::close(websocket::CloseCode code, std::string_view reason) const {
  if (!inbox_) return false;
  return inbox_->post(
      [hub = hub_, index = index_, generation = generation_, code, reason = std::string(reason)] {
        if (WebSocketLink* link = find(hub, index, generation)) link->close(code, reason);
      });
}

}  // namespace duplex::connection

#include <stdexcept>
#include <string>

#include <duplex/base/ascii.hpp>
#include <duplex/server/websocket_endpoint.hpp>

namespace duplex::server {

Upgrade Upgrade::refuse(Response response) {
  Upgrade upgrade;
  upgrade.refusal_ = std::move(response);
  return upgrade;
}

Upgrade&& Upgrade::with_subprotocol(std::string_view subprotocol) && {
  subprotocol_ = subprotocol;
  return std::move(*this);
}

Upgrade&& Upgrade::with_field(std::string_view name, std::string_view value) && {
  // What the handshake says itself can't be said twice.
  if (equals_ignoring_case(name, "Upgrade") || equals_ignoring_case(name, "Connection") ||
      equals_ignoring_case(name.substr(0, 14), "Sec-WebSocket-")) {
    throw std::invalid_argument("the field " + std::string(name) + " is set by the handshake");
  }
  fields_.add(name, value);
  return std::move(*this);
}

}  // namespace duplex::server

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
  fields_.add(name, value);
  return std::move(*this);
}

}  // namespace duplex::server

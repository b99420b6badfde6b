#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/incoming_request.hpp"
#include "server/websocket_route.hpp"
#include <duplex/connection/state.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/server/websocket_endpoint.hpp>
#include <duplex/websocket/deflate_parameters.hpp>

namespace duplex::server {

/// The server's way into what users decide about upgrades.
class UpgradeAccess {
 public:
  static std::optional<Response>& refusal(Upgrade& upgrade) noexcept { return upgrade.refusal_; }
  static const std::string& subprotocol(const Upgrade& upgrade) noexcept {
    return upgrade.subprotocol_;
  }
  static http::Fields& fields(Upgrade& upgrade) noexcept { return upgrade.fields_; }
  static connection::State& state(Upgrade& upgrade) noexcept { return upgrade.state_; }

  static const UpgradeHandler::Function* function(const UpgradeHandler& handler) noexcept {
    return std::get_if<UpgradeHandler::Function>(&handler.callable_);
  }
  static const UpgradeHandler::Coroutine* coroutine(const UpgradeHandler& handler) noexcept {
    return std::get_if<UpgradeHandler::Coroutine>(&handler.callable_);
  }
};

/// An upgrade that has been answered with 101: what the new driver begins with.
struct AcceptedUpgrade {
  const WebSocketRoute* route;
  std::unique_ptr<IncomingRequest> request;
  connection::State state;
  std::string subprotocol;
  std::optional<websocket::DeflateParameters> deflate;
  /// The 101 as it was sent; only when the endpoint wants to see it.
  std::string response_head;
};

}  // namespace duplex::server

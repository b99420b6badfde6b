#pragma once

#include <string_view>

#include "connection/hub.hpp"

namespace duplex::connection {

/// A hub without topics.
class PlainHub final : public Hub {
 public:
  explicit PlainHub(net::EventLoop& loop, const PipeLimits& limits = {}) : Hub(loop, limits) {}
  ~PlainHub() override {
    loop().inbox()->close();
    close_all();
  }

  bool subscribe(WebSocketLink& /*link*/, std::string_view /*topic*/) override { return false; }
  bool unsubscribe(WebSocketLink& /*link*/, std::string_view /*topic*/) override { return false; }
  PublishStatus publish(std::string_view /*topic*/, const websocket::PreparedMessage& /*message*/,
                        WebSocketLink& /*publisher*/, bool /*to_itself*/) override {
    return PublishStatus::accepted;
  }
  void log(LogLevel /*level*/, std::string_view /*sentence*/) const noexcept override {}
};

}  // namespace duplex::connection

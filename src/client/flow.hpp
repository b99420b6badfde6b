#pragma once

#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <duplex/client/error.hpp>

namespace duplex::client {

class Engine;

/// A call as it goes on: in which thread's engine, how far it is, and who is talked to. What ends a
/// call from outside reads from it where that was.
class Flow {
 public:
  explicit Flow(Engine& engine) noexcept : engine_(engine) {}
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  Engine& engine() const noexcept { return engine_; }

  void at(Step step) noexcept { step_ = step; }
  void at(Step step, std::string_view peer) {
    step_ = step;
    peer_ = peer;
  }
  const std::string& peer() const noexcept { return peer_; }

  /// What has gone wrong here and now.
  Error error(std::error_code code, std::string reason) const {
    return {.step = step_, .code = code, .peer = peer_, .reason = std::move(reason)};
  }
  Error error(std::error_code code) const { return error(code, code.message()); }

 private:
  Engine& engine_;
  Step step_ = Step::request;
  std::string peer_;
};

}  // namespace duplex::client

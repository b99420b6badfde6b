#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "http_head.hpp"
#include "result.hpp"
#include "tls_stream.hpp"
#include <duplex/http/url.hpp>

namespace duplex::app::check {

/// How a server is checked.
struct ServerCheck {
  http::Url url;
  /// What users add to each request; a field of the same name replaces ours.
  std::vector<HttpHead::Field> fields = {};
  /// For wss.
  std::optional<TlsContext> tls = {};
  std::size_t jobs = 16;
  std::chrono::milliseconds time_limit = std::chrono::seconds(10);
  /// Becomes readable when all is to end.
  int stop_descriptor = -1;
  /// Called after each case, one at a time, in any thread.
  std::function<void(const Result&)> on_result = [](const Result&) {};
};

/// Runs the cases side by side, each on a connection of its own. Those that were not run to their
/// end when it was stopped are missing. Throws std::runtime_error, with a sentence, when there is
/// no WebSocket at all to check.
std::vector<Result> check_server(const std::vector<const Case*>& cases, const ServerCheck& check);

}  // namespace duplex::app::check

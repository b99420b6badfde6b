#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
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
  /// For so long it is tried to connect at first, for a server that is just being started.
  std::chrono::milliseconds wait{};
  /// Becomes readable when all is to end.
  int stop_descriptor = -1;
  /// Called after each case, one at a time, in any thread.
  std::function<void(const Result&)> on_result = [](const Result&) {};
};

struct ServerResults {
  /// In the order of the cases; those that were not run to their end are missing.
  std::vector<Result> results = {};
  /// Why some were not run, in a sentence; empty when all were, and when it was stopped.
  std::string failure = {};
};

/// So many cases in a row that get no connection mean that there will be none any more.
inline constexpr int lost_connections_max = 5;

/// Runs the cases side by side, each on a connection of its own, after a trial that shows whether
/// there is something to check. A connection that can't be had says nothing about a case: it is
/// tried once more, and then the case is not run.
ServerResults check_server(const std::vector<const Case*>& cases, const ServerCheck& check);

}  // namespace duplex::app::check

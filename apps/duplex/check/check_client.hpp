#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "result.hpp"
#include "socket.hpp"
#include "tls_stream.hpp"

namespace duplex::app::check {

/// How clients are checked.
struct ClientCheck {
  const Socket& listener;
  /// For wss.
  std::optional<TlsContext> tls = {};
  /// Connections that are served at once; further ones wait.
  std::size_t jobs = 16;
  std::chrono::milliseconds time_limit = std::chrono::seconds(10);
  /// It ends when nobody has been connected for so long.
  std::chrono::milliseconds idle_limit = std::chrono::seconds(30);
  /// Becomes readable when all is to end.
  int stop_descriptor = -1;
  /// Called after each case, one at a time, in any thread.
  std::function<void(const Result&)> on_result = [](const Result&) {};
};

struct ClientResults {
  /// In the order of the cases; those that no client has taken are missing.
  std::vector<Result> results;
  /// What the client calls itself; empty when it doesn't.
  std::string agent;
};

/// Waits for clients that echo what they are sent, and runs a case on each connection.
///
/// It speaks what clients are used to from the field's conformance suite, with the cases numbered
/// from 1 on: `/getCaseCount` sends their number as a text message, `/runCase?case=N&agent=NAME`
/// runs one, `/getCaseStatus?case=N` and `/getCaseInfo?case=N` send JSON about it, and
/// `/updateReports` ends it all. A connection to any other path gets the next case that no other
/// has got, and when there is none left, 410; when all those have run, it ends, too. A request that
/// can't be read makes a case wrong, one about handshakes if there is one.
ClientResults check_client(const std::vector<const Case*>& cases, const ClientCheck& check);

}  // namespace duplex::app::check

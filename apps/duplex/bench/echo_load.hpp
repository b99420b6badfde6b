#pragma once

#include <vector>

#include "echo_reader.hpp"
#include "loop.hpp"

namespace duplex::app::bench {

/// Sends messages, and expects each to come back as it was.
class EchoLoad final : public Loop {
 public:
  explicit EchoLoad(LoadThread& thread);

  void opened(Connection& connection, Time now) override;
  void received(Connection& connection, Bytes input, Time now) override;

 private:
  /// Returns how many of them answered something.
  std::uint64_t take(Connection& connection, std::uint64_t count, Time now);
  void react(Connection& connection);

  const Messages& messages_;
  Inflater inflater_;
  EchoRules rules_;
  Findings findings_;
  std::vector<EchoReader> readers_;
};

}  // namespace duplex::app::bench

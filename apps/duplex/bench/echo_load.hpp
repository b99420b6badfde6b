#pragma once

#include <cstdint>
#include <unordered_map>
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
  void closed(Connection& connection) override;
  bool catch_up(Time last) override;
  void give_up(Time last) override;

 private:
  /// What is not clear yet of a connection.
  struct Aside {
    /// When those were sent that were passed over.
    std::vector<Time> passed_over;
    /// When what may be an answer came.
    std::vector<Time> held;

    bool empty() const noexcept { return passed_over.empty() && held.empty(); }
  };

  void take_expected(Connection& connection, std::uint64_t count, Time now);
  void take_steps(Connection& connection, Time now);
  void take_step(Connection& connection, const EchoStep& step, Time now);
  void take_last(Connection& connection, const Findings& last);
  void react(Connection& connection);

  const Messages& messages_;
  Inflater inflater_;
  EchoRules rules_;
  Findings findings_;
  std::vector<EchoReader> readers_;
  /// By the connection's number; of most there is nothing.
  std::unordered_map<std::uint32_t, Aside> asides_;
};

}  // namespace duplex::app::bench

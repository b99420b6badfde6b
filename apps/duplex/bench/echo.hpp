#pragma once

#include <optional>
#include <vector>

#include "echo_reader.hpp"
#include "load_thread.hpp"
#include "pacing.hpp"

namespace duplex::app::bench {

/// Sends messages, and expects each to come back as it was: the next ones go when those before have
/// come (a closed loop), or when their time has come (an open one).
class Echo final : public Work {
 public:
  explicit Echo(LoadThread& thread);

  void begin(Time now) override;
  void opened(Connection& connection, Time now) override;
  void received(Connection& connection, Bytes input, Time now) override;
  void closed(Connection& connection) override;
  Time due() const override { return pacing_ ? pacing_->next() : never; }
  void act(Time now) override;
  bool waits() const override { return under_way_ > 0; }
  void give_up() override;

 private:
  struct Flow {
    EchoReader reader;
    InFlight in_flight;
    /// The message that is sent next.
    std::size_t next = 0;
  };

  Flow& flow_of(const Connection& connection) { return flows_[connection.number]; }
  void begin(Connection& connection, Time now);
  void owe(Connection& connection, Time time, std::uint64_t count);
  void take(Connection& connection, Flow& flow, std::uint64_t count, Time now);
  void react(Connection& connection);
  Connection* next_open();

  LoadThread& thread_;
  const Messages& messages_;
  std::size_t depth_;
  Inflater inflater_;
  EchoRules rules_;
  Findings findings_;
  std::vector<Flow> flows_;
  std::optional<Pacing> pacing_;
  /// Whose turn it is in an open loop, and who has had it in this round.
  std::size_t turn_ = 0;
  std::vector<Connection*> touched_;
  std::uint64_t under_way_ = 0;
};

}  // namespace duplex::app::bench

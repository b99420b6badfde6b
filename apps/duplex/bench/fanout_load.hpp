#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compression.hpp"
#include "delivery_reader.hpp"
#include "fanout_board.hpp"
#include "idle_load.hpp"
#include "known_deliveries.hpp"
#include "pacing.hpp"

namespace duplex::app::bench {

/// Publishes messages, each of which has to reach all subscribers. A closed loop has so many under
/// way, each until all subscribers have it.
///
/// Publishers have connections of their own. What comes on these, as where everybody receives
/// everything, is passed over.
class FanoutLoad final : public Work {
 public:
  /// The thread's connections are subscribers; behind them come its publishers'.
  FanoutLoad(LoadThread& thread, std::shared_ptr<FanoutBoard> board, std::size_t subscribers);

  void begin(Time now) override;
  void opened(Connection& connection, Time now) override;
  void received(Connection& connection, Bytes input, Time now) override;
  void closed(Connection& connection) override;
  Time due() const override;
  void act(Time now) override;
  void woken(Time now) override;
  bool catch_up(Time last) override;
  bool waits() const override { return !board_->has_all(thread_.number()); }
  void give_up(Time last) override;

 private:
  /// A message that some subscribers of this thread have.
  struct Slot {
    std::uint64_t sequence = 0;
    std::size_t count = 0;
  };
  struct Publisher {
    Connection* connection;
    std::size_t number;
    /// Its next message.
    std::uint64_t sequence = 0;
    /// As if all subscribers had so many.
    std::uint64_t given_up = 0;
    /// Its own where windows are kept, else the same for all.
    std::optional<Compressor> compressor = {};
  };

  bool is_subscriber(const Connection& connection) const {
    return connection.number < subscribers_;
  }
  void take_arrivals(Time now);
  void note(const Stamp& stamp);
  void react(Connection& connection);
  void pump(Time now);
  void publish_due(Time by);
  void count_unsent(std::string_view why, std::uint64_t messages);
  void publish(Publisher& publisher, Time time);
  /// What is in `payload_`, as the publisher's connection is to carry it; counts what compression
  /// makes of it.
  std::string frame(Publisher& publisher);

  LoadThread& thread_;
  std::shared_ptr<FanoutBoard> board_;
  std::size_t subscribers_;
  std::size_t depth_;
  /// How many subscribers of this thread are open.
  std::size_t open_ = 0;
  KnownDeliveries known_;
  DeliveryRules rules_;
  std::vector<DeliveryReader> readers_;
  std::vector<Arrival> arrivals_;
  Findings findings_;
  Listener listener_;
  std::vector<Publisher> publishers_;
  std::size_t turn_ = 0;
  std::string payload_;
  std::optional<Pacing> pacing_;
  /// For each publisher, the messages that are under way.
  std::vector<std::vector<Slot>> slots_;
  /// Something new has come to all subscribers of this thread.
  bool progressed_ = false;
  Time progress_time_ = 0;
};

}  // namespace duplex::app::bench

#pragma once

#include "load_thread.hpp"

namespace duplex::app::bench {

/// Opens connections and closes them again, so many at a time. A WebSocket is closed as the
/// protocol has it: the server has the last word.
class ConnectLoad final : public Work {
 public:
  explicit ConnectLoad(LoadThread& thread) : thread_(thread) {}

  void begin(Time now) override;
  void opened(Connection& connection, Time now) override;
  void received(Connection& connection, Bytes input, Time now) override;
  void only_tls_came(Connection& connection) override;
  bool ended(Connection& connection) override;
  void closed(Connection& connection) override { (void)connection; }
  Time due() const override { return tickets_due_; }
  void act(Time now) override;

 private:
  bool waits_for_ticket(const Connection& connection) const;
  bool waits_no_more(const Connection& connection) const;
  void stop_waiting();
  void again(Connection& connection);

  LoadThread& thread_;
  bool tickets_come_ = true;
  /// Until when they are waited for; `never` where nobody waits.
  Time tickets_due_ = never;
};

}  // namespace duplex::app::bench

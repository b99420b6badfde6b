#pragma once

#include <memory>

#include "connection.hpp"
#include "schedule.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::app::bench {

class LoadThread;

/// What a mode does with the connections of one thread. The thread opens them, reads, sends what
/// they owe, and opens those again that break.
class Work {
 public:
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;

  /// All connections were tried: the load begins.
  virtual void begin(Time now) = 0;
  /// A connection may be used, before the load begins or while it is on.
  virtual void opened(Connection& connection, Time now) = 0;
  /// Something came, at least one byte; to be taken as a whole.
  virtual void received(Connection& connection, Bytes input, Time now) = 0;
  /// Something came that belongs to TLS alone, such as a ticket.
  virtual void only_tls_came(Connection& connection) { (void)connection; }
  /// The other end sends no more. False: that is a fault.
  virtual bool ended(Connection& connection) {
    (void)connection;
    return false;
  }
  /// It is of no more use; what was under way on it will not come.
  virtual void closed(Connection& connection) = 0;

  /// When `act` is to be called next, while the load is on.
  virtual Time due() const { return never; }
  virtual void act(Time now) { (void)now; }
  /// Something happened in another thread, see `LoadThread::wake`.
  virtual void woken(Time now) { (void)now; }

  /// The load has ended: does a part of what was due by its `last` moment and is still to be done;
  /// true while there is more that can be done at once.
  virtual bool catch_up(Time last) {
    (void)last;
    return false;
  }
  /// Whether something that was due by the end is still to be sent, for which connections may have
  /// to be opened.
  virtual bool is_behind() const { return false; }
  /// Whether something is under way then that is worth waiting for.
  virtual bool waits() const { return false; }
  /// The end of all waiting: what was not done, or has not come, is counted as an error.
  virtual void give_up(Time last) { (void)last; }
};

}  // namespace duplex::app::bench

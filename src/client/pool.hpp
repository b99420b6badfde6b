#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "client/connection.hpp"
#include "client/dial.hpp"
#include "client/flow.hpp"
#include "net/alarm.hpp"
#include <duplex/base/task.hpp>
#include <duplex/client/options.hpp>
#include <duplex/client/result.hpp>

namespace duplex::client {

class Engine;

/// A new connection along `route`, encrypted if the URL wants that, on which nothing was said yet.
/// It is none of the pool's.
Task<Result<ConnectionHandle>> connect(Flow& flow, const Route& route);

/// The connections of one thread, by what they may serve for; see `Route::key`. Those that rest are
/// handed out again, and no more are made to one place than the limits allow.
class Pool {
 public:
  explicit Pool(Engine& engine) noexcept;
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A connection along `route`: unless `fresh`, one that rests, if there is any. Waits while there
  /// are as many as allowed.
  Task<Result<ConnectionHandle>> acquire(Flow& flow, const Route& route, bool fresh);

  /// Lets a connection rest whose exchange is over, if it can be used again; else ends it.
  void give_back(ConnectionHandle handle);

  /// For connections: this one has ended.
  void closed(Connection& connection) noexcept;

 private:
  class Turn;
  class Reservation;
  struct Place;

  ConnectionHandle take_resting(Place& place);
  void leave_rest(Connection& connection) noexcept;
  void leave_place(const std::string& key) noexcept;
  void wake_later(const std::string& key);
  void wake() noexcept;

  Engine& engine_;
  std::unordered_map<std::string, Place> places_;
  std::deque<Connection*> resting_;  // in all places; the one that rests the longest is the first
  std::vector<std::string> due_;     // places where somebody who waits may go on
  net::Alarm<Pool> wake_{*this, &Pool::wake};
};

}  // namespace duplex::client

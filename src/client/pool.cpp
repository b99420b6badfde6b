#include "client/pool.hpp"

#include <algorithm>
#include <coroutine>
#include <list>
#include <memory>
#include <utility>

#include "client/engine.hpp"
#include "tls/client_target.hpp"
#include "tls/stream.hpp"

namespace duplex::client {

namespace {

/// Makes a connection of what was dialled; `key` is the pool's name for the place, or empty.
ConnectionHandle make_connection(Flow& flow, const Route& route, net::Dialed dialed,
                                 std::string key) {
  Engine& engine = flow.engine();
  std::unique_ptr<tls::Stream> stream;
  if (route.url.is_secure()) {
    const tls::ClientTarget target{.host = route.url.host, .session_key = route.peer()};
    stream = std::make_unique<tls::Stream>(engine.client().tls_context(), engine.tls_workspace(),
                                           target);
  }
  // Owned by the hub from its adoption on.
  auto* const connection = new Connection(engine, std::move(dialed.socket), std::move(stream),
                                          std::move(key), route.peer());
  ConnectionHandle handle(*connection);
  engine.adopt(*connection);
  return handle;
}

/// Waits until a new connection is encrypted, if it is to be.
Task<Result<ConnectionHandle>> secure(Flow& flow, const Route& route, ConnectionHandle handle) {
  flow.at(route.url.is_secure() ? Step::tls : Step::protocol, route.peer());
  const auto secured = co_await handle->secured();
  if (!secured) co_return std::unexpected(secured.error());
  co_return handle;
}

}  // namespace

Task<Result<ConnectionHandle>> connect(Flow& flow, const Route& route) {
  Result<net::Dialed> dialed = co_await dial(flow, route);
  if (!dialed) co_return std::unexpected(std::move(dialed.error()));
  co_return co_await secure(flow, route, make_connection(flow, route, std::move(*dialed), {}));
}

/// What goes on at one place.
struct Pool::Place {
  std::size_t open = 0;              // made or being made, resting or in use
  std::vector<Connection*> resting;  // the one that rests the shortest is the last
  std::list<Turn*> waiting;
};

/// Waits until there may be a connection.
class Pool::Turn {
 public:
  explicit Turn(Place& place) : place_(place) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (waiter_) place_.waiting.remove(this);
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    place_.waiting.push_back(this);
  }
  void await_resume() const noexcept {}

  void come() { std::exchange(waiter_, nullptr).resume(); }

 private:
  Place& place_;  // stays where it is, and is kept as long as somebody waits there
  std::coroutine_handle<> waiter_;
};

/// Counts a connection that is being made.
class Pool::Reservation {
 public:
  Reservation(Pool& pool, const std::string& key) noexcept : pool_(pool), key_(key) {}
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() {
    if (!taken_) pool_.leave_place(key_);
  }
  /// The connection counts itself from here on.
  void take() noexcept { taken_ = true; }

 private:
  Pool& pool_;
  const std::string& key_;
  bool taken_ = false;
};

Pool::Pool(Engine& engine) noexcept : engine_(engine) {}

Pool::~Pool() = default;

Task<Result<ConnectionHandle>> Pool::acquire(Flow& flow, const Route& route, bool fresh) {
  const PoolLimits& limits = engine_.options().pool;
  const std::string key = route.key();
  flow.at(Step::connect, route.peer());
  for (bool waited = false;; waited = true) {
    Place& place = places_[key];
    // Nobody overtakes those who wait.
    const bool may_go = waited || place.waiting.empty();
    if (may_go && !fresh) {
      if (ConnectionHandle resting = take_resting(place)) {
        ++engine_.client().counters().connections_reused;
        resting->used_before = true;
        co_return resting;
      }
    }
    if (may_go && place.open < limits.connections_per_origin_max) {
      ++place.open;
      break;
    }
    // One that can't be used makes room for one that can.
    if (fresh && !place.resting.empty()) {
      Connection& oldest = *place.resting.front();
      leave_rest(oldest);
      oldest.abort();
    }
    if (place.waiting.size() >= limits.waiting_per_origin_max) {
      co_return std::unexpected(flow.error(
          ClientError::too_many_requests,
          "all " + std::to_string(limits.connections_per_origin_max) +
              " connections are in use, and enough requests wait for one: raise the limits of the "
              "pool, or ask for less at a time"));
    }
    Turn turn(place);
    co_await turn;
  }
  Reservation reservation(*this, key);
  Result<net::Dialed> dialed = co_await dial(flow, route);
  if (!dialed) co_return std::unexpected(std::move(dialed.error()));
  ConnectionHandle handle = make_connection(flow, route, std::move(*dialed), key);
  // From here on it counts itself, however it ends: see `closed`.
  reservation.take();
  co_return co_await secure(flow, route, std::move(handle));
}

ConnectionHandle Pool::take_resting(Place& place) {
  while (!place.resting.empty()) {
    Connection& connection = *place.resting.back();
    leave_rest(connection);
    // What has come while it rested answers nothing, and must not answer the next request; an end
    // that has come spares a request that would be lost.
    if (connection.is_quiet() && !connection.finishing() && connection.http().may_begin()) {
      return ConnectionHandle(connection);
    }
    connection.abort();
  }
  return {};
}

void Pool::give_back(ConnectionHandle handle) {
  const PoolLimits& limits = engine_.options().pool;
  const bool usable = handle->is_open() && !handle->finishing() && !handle->input_ended() &&
                      handle->http().may_begin() && !engine_.shutting_down() && limits.idle_max > 0;
  Connection& connection = handle.let_go();
  if (!usable) return connection.finish();
  Place& place = places_[connection.key()];
  if (resting_.size() >= limits.idle_max) {
    Connection& oldest = *resting_.front();
    leave_rest(oldest);
    oldest.finish();
  }
  place.resting.push_back(&connection);
  resting_.push_back(&connection);
  ++engine_.client().counters().connections_idle;
  connection.http().rest(limits.idle_ms_max);
  if (!place.waiting.empty()) wake_later(connection.key());
}

void Pool::leave_rest(Connection& connection) noexcept {
  if (std::erase(resting_, &connection) == 0) return;
  std::erase(places_[connection.key()].resting, &connection);
  --engine_.client().counters().connections_idle;
}

void Pool::closed(Connection& connection) noexcept {
  if (connection.key().empty()) return;
  leave_rest(connection);
  leave_place(connection.key());
}

/// One connection less.
void Pool::leave_place(const std::string& key) noexcept {
  const auto found = places_.find(key);
  if (found == places_.end()) return;
  Place& place = found->second;
  --place.open;
  if (!place.waiting.empty()) {
    wake_later(key);
  } else if (place.open == 0) {
    places_.erase(found);
  }
}

void Pool::wake_later(const std::string& key) {
  due_.push_back(key);
  engine_.loop().arm(wake_, 0);
}

void Pool::wake() noexcept {
  const std::size_t open_max = engine_.options().pool.connections_per_origin_max;
  for (const std::string& key : std::exchange(due_, {})) {
    const auto there = places_.find(key);
    // Not more than wait now: who can't go on after all waits again.
    const std::size_t turns = there != places_.end() ? there->second.waiting.size() : 0;
    for (std::size_t turn = 0; turn < turns; ++turn) {
      const auto found = places_.find(key);
      if (found == places_.end() || found->second.waiting.empty()) break;
      Place& place = found->second;
      if (place.resting.empty() && place.open >= open_max) break;
      Turn& first = *place.waiting.front();
      place.waiting.pop_front();
      first.come();
    }
  }
}

}  // namespace duplex::client

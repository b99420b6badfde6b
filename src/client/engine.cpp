#include "client/engine.hpp"

#include <exception>
#include <string>
#include <utility>

#include "client/connection.hpp"
#include "client/random.hpp"
#include "connection/pipe.hpp"
#include "connection/websocket_link.hpp"

namespace duplex::client {

namespace {

connection::PipeLimits pipe_limits_of(const TimeLimits& limits) {
  return {.stalled_write_ms_max = limits.stalled_write_ms_max,
          .handshake_ms_max = limits.handshake_ms_max};
}

net::ResolverOptions resolver_options_of(const ClientState& client) {
  return {.servers = client.name_servers(),
          .lookup_ms_max = client.options().time_limits.resolve_ms_max};
}

}  // namespace

Engine::Engine(net::EventLoop& loop, std::shared_ptr<ClientState> client)
    : Hub(loop, pipe_limits_of(client->options().time_limits)),
      client_(std::move(client)),
      resolver_(loop, resolver_options_of(*client_)),
      masks_(fill_randomly),
      pool_(*this) {}

Engine::~Engine() {
  shutting_down_ = true;
  client_->forget(loop());
  // Coroutines first, since they use what is destroyed behind them.
  spawned_.clear();
  // Then those that others keep, who may do so for longer than this is there: what is left are the
  // tasks of other clients in this thread, and sockets that come back.
  end_all();
  close_all();
}

void Engine::spawn(Task<> task) {
  if (shutting_down_) return;
  spawned_.push_back(guarded(std::move(task)));
  spawned_.back().start();
}

Task<> Engine::guarded(Task<> task) {
  try {
    // Of its own, so that what the task owns has gone when this one ends.
    Task<> own = std::move(task);
    co_await std::move(own);
  } catch (const std::exception& exception) {
    log(LogLevel::error, "a task failed: " + std::string(exception.what()));
  } catch (...) {
    log(LogLevel::error, "a task failed by an exception that is no std::exception");
  }
  // Not here and now, where it is still running.
  loop().arm(free_ended_, 0);
}

void Engine::free_ended() noexcept {
  spawned_.remove_if([](const Task<>& task) { return task.done(); });
}

void Engine::end_all() noexcept {
  while (!endables_.empty()) {
    Endable* const first = endables_.front();
    endables_.pop_front();
    first->on_client_end();
  }
}

void Engine::shut_down() noexcept {
  shutting_down_ = true;
  end_all();
  for_each_pipe([](connection::Pipe& pipe) {
    if (connection::WebSocketLink* link = pipe.websocket()) {
      link->close(websocket::CloseCode::going_away, "the client ends");
    } else {
      static_cast<Connection&>(pipe).fail(Step::protocol,
                                          std::make_error_code(std::errc::operation_canceled),
                                          "the client has ended");
    }
  });
}

void Engine::log(LogLevel level, std::string_view sentence) const noexcept {
  client_->log(level, sentence);
}

}  // namespace duplex::client

#pragma once

#include <list>
#include <memory>
#include <string_view>

#include "client/client_state.hpp"
#include "client/pool.hpp"
#include "connection/hub.hpp"
#include "net/alarm.hpp"
#include "net/event_loop.hpp"
#include "net/resolver.hpp"
#include <duplex/base/task.hpp>
#include <duplex/http1/field_table.hpp>
#include <duplex/websocket/mask_source.hpp>

namespace duplex::client {

/// Something that ends with the client, or with the thread that it goes on in: told so before the
/// engine is destroyed.
class Endable {
 public:
  /// Called by the loop, or by who destroys it, when no coroutine is running.
  virtual void on_client_end() noexcept = 0;

 protected:
  ~Endable() = default;
};

/// What a client is in one thread: its connections there, and all that goes on with them. Lives in
/// the loop of that thread.
class Engine final : public connection::Hub, public net::Resident {
 public:
  Engine(net::EventLoop& loop, std::shared_ptr<ClientState> client);
  ~Engine() override;

  ClientState& client() noexcept { return *client_; }
  const ClientOptions& options() const noexcept { return client_->options(); }
  net::Resolver& resolver() noexcept { return resolver_; }
  Pool& pool() noexcept { return pool_; }
  http1::FieldTable& field_table() noexcept { return field_table_; }
  websocket::MaskSource& masks() noexcept { return masks_; }

  /// Lets `task` run until it ends, or the engine does. An exception that leaves it is logged.
  void spawn(Task<> task);

  /// Ends with the client from here on, in the order of registration. In its thread.
  void add(Endable& endable) { endables_.push_back(&endable); }
  void remove(Endable& endable) noexcept { endables_.remove(&endable); }
  /// The client ends: all calls do, and WebSockets say goodbye. Nothing begins any more.
  void shut_down() noexcept;
  bool shutting_down() const noexcept { return shutting_down_; }

  bool subscribe(connection::WebSocketLink& /*link*/, std::string_view /*topic*/) override {
    return false;
  }
  bool unsubscribe(connection::WebSocketLink& /*link*/, std::string_view /*topic*/) override {
    return false;
  }
  connection::PublishStatus publish(std::string_view /*topic*/,
                                    const websocket::PreparedMessage& /*message*/,
                                    connection::WebSocketLink& /*publisher*/,
                                    bool /*to_itself*/) override {
    return connection::PublishStatus::accepted;
  }
  void log(LogLevel level, std::string_view sentence) const noexcept override;

 private:
  Task<> guarded(Task<> task);
  void free_ended() noexcept;
  void end_all() noexcept;

  std::shared_ptr<ClientState> client_;
  net::Resolver resolver_;
  http1::FieldTable field_table_;
  websocket::MaskSource masks_;
  Pool pool_;
  std::list<Endable*> endables_;
  std::list<Task<>> spawned_;
  net::Alarm<Engine> free_ended_{*this, &Engine::free_ended};
  bool shutting_down_ = false;
};

}  // namespace duplex::client

#pragma once

#include <coroutine>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/http1_connection.hpp"
#include "client/response_facts.hpp"
#include "client/websocket_connection.hpp"
#include "connection/pipe.hpp"
#include "net/alarm.hpp"
#include <duplex/client/error.hpp>

namespace duplex::client {

class Engine;

/// A connection to a server: a pipe, and the driver of the protocol that it speaks now. An upgrade
/// puts another driver in place; the socket stays.
///
/// Who uses it holds a `ConnectionHandle`, and is told of its end by whatever it waits for.
class Connection final : public connection::Pipe {
 public:
  /// Encrypted by `stream`, unless that is null. `key` is what it may serve for (see `Route::key`),
  /// `peer_name` whom errors name.
  Connection(Engine& engine, net::Descriptor socket, std::unique_ptr<tls::Stream> stream,
             std::string key, std::string peer_name);

  Engine& engine() noexcept;
  const std::string& key() const noexcept { return key_; }
  const std::string& peer_name() const noexcept { return peer_name_; }
  connection::WebSocketLink* websocket() noexcept override;

  class Secured;
  /// Waits until the connection is encrypted; an error when it can't be.
  Secured secured() noexcept;

  /// While it speaks HTTP.
  Http1Connection& http() noexcept { return *http_; }
  /// Speaks WebSocket from here on; what has come behind the 101 is presented to it when the caller
  /// waits next.
  WebSocketConnection& become_websocket(const WebSocketRequest& request,
                                        std::shared_ptr<WebSocketHandlers> handlers);

  /// Has the WebSocket closed when the last handle to it goes.
  void watch_abandonment() noexcept { watch_handles(); }

  /// Ends it, for a reason that whoever waits is told.
  void fail(Error error);
  void fail(Step step, std::error_code code, std::string reason) {
    fail({.step = step, .code = code, .peer = peer_name_, .reason = std::move(reason)});
  }
  /// Why it has ended, as far as is known.
  Error failure() const;
  bool failed() const noexcept { return failure_ != nullptr; }

  const std::shared_ptr<const ConnectionFacts>& facts();

  /// Whether it has served a request before; the pool says so.
  bool used_before = false;

 private:
  ~Connection() override;

  void on_input(Bytes& input) noexcept override;
  Bytes input_room() noexcept override;
  void on_input_end() noexcept override;
  void on_room() noexcept override;
  void on_stalled() noexcept override;
  void on_secured() noexcept override;
  void on_insecure(const tls::Failure& failure) noexcept override;
  void on_ended() noexcept override;
  void on_closed() noexcept override;
  void on_abandoned() noexcept override;
  std::uint64_t on_time(std::uint64_t now_ms) noexcept override;
  void on_discarded() noexcept override;

  void tell_failure() noexcept;

  std::string key_;
  std::string peer_name_;
  std::unique_ptr<Http1Connection> http_;
  std::unique_ptr<WebSocketConnection> websocket_;
  std::shared_ptr<const ConnectionFacts> facts_;
  std::unique_ptr<const Error> failure_;
  std::coroutine_handle<> secured_waiter_;
  net::Alarm<Connection> tell_{*this, &Connection::tell_failure};
};

/// See `Connection::secured`.
class [[nodiscard]] Connection::Secured {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  std::expected<void, Error> await_resume();

  Secured(const Secured&) = delete;
  Secured& operator=(const Secured&) = delete;
  ~Secured() { connection_.secured_waiter_ = nullptr; }

 private:
  friend Connection;
  explicit Secured(Connection& connection) noexcept : connection_(connection) {}
  Connection& connection_;
};

/// Keeps a connection in memory, whatever becomes of it. Ends it when it goes, unless it was let
/// go.
class ConnectionHandle {
 public:
  ConnectionHandle() noexcept = default;
  explicit ConnectionHandle(Connection& connection) noexcept : connection_(&connection) {
    connection.retain();
  }
  ConnectionHandle(ConnectionHandle&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  ConnectionHandle& operator=(ConnectionHandle other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
  }
  ~ConnectionHandle() {
    if (connection_ == nullptr) return;
    connection_->abort();
    connection_->release();
  }

  explicit operator bool() const noexcept { return connection_ != nullptr; }
  Connection& operator*() const noexcept { return *connection_; }
  Connection* operator->() const noexcept { return connection_; }

  /// Lets it live on without this.
  Connection& let_go() noexcept {
    Connection& connection = *std::exchange(connection_, nullptr);
    connection.release();
    return connection;
  }

 private:
  Connection* connection_ = nullptr;
};

}  // namespace duplex::client

#pragma once

#include <cstdint>
#include <memory>

#include "connection/websocket_link.hpp"
#include "server/upgrade_access.hpp"
#include "server/websocket_route.hpp"
#include <duplex/base/task.hpp>

namespace duplex::server {

class Connection;
class Worker;

/// Drives a connection that speaks WebSocket: turns the link's events into calls of the endpoint.
/// Small, since there are many: what few of them need is apart.
class WebSocketConnection {
 public:
  WebSocketConnection(Connection& connection, const WebSocketRoute& route) noexcept;
  ~WebSocketConnection();
  WebSocketConnection(const WebSocketConnection&) = delete;
  WebSocketConnection& operator=(const WebSocketConnection&) = delete;

  /// The 101 has been written: calls `on_open`, or starts the session.
  void open(AcceptedUpgrade upgrade, Connection& connection);

  void on_input(Bytes& input, Connection& connection);
  void on_input_end(Connection& connection);
  void on_room(Connection& connection);
  void on_closed();
  std::uint64_t on_time(std::uint64_t now_ms, Connection& connection);
  /// The server stops: closes with 1001.
  void stop();
  /// The server ends: destroys the session's coroutine where it waits.
  void discard() noexcept;

  connection::WebSocketLink& link() noexcept { return link_; }

 private:
  struct Rare;

  void handle(const websocket::Session::Message& message, Worker& worker);
  void handle(const websocket::Session::Chunk& chunk, Worker& worker);
  void handle(const websocket::Session::Pong& pong, Worker& worker);
  void handle(const websocket::Session::FrameSeen& frame, Worker& worker);
  Task<> run_session(Worker& worker);
  Rare& rare();

  const WebSocketEndpoint& endpoint() const noexcept {
    return WebSocketRoute::of(link_).endpoint();
  }

  connection::WebSocketLink link_;
  std::unique_ptr<Rare> rare_;
};

}  // namespace duplex::server

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "connection/pipe.hpp"
#include "server/http1_connection.hpp"
#include "server/websocket_connection.hpp"

namespace duplex::server {

struct Entrance;
class Worker;

/// A client's connection: a pipe, and the driver of the protocol that it speaks now, if it speaks
/// already. An upgrade puts another driver in place; the socket stays.
class Connection final : public connection::Pipe {
 public:
  /// `host_key` is what the connection is counted by; see `net::SocketAddress::host_key`.
  /// Encrypted, if the entrance is.
  Connection(Worker& worker, net::Descriptor socket, std::optional<std::uint64_t> host_key,
             const Entrance& entrance);

  Worker& worker() noexcept;
  connection::WebSocketLink* websocket() noexcept override;
  /// The server stops.
  void stop() noexcept;

 private:
  ~Connection() override;

  void on_input(Bytes& input) noexcept override;
  Bytes input_room() noexcept override;
  void on_input_end() noexcept override;
  void on_room() noexcept override;
  void on_secured() noexcept override;
  void on_insecure(const tls::Failure& failure) noexcept override;
  void on_ended() noexcept override;
  void on_closed() noexcept override;
  std::uint64_t on_time(std::uint64_t now_ms) noexcept override;
  void on_discarded() noexcept override;

  /// Nothing has come yet. Many connect at once, or ahead of need; in clear they cost no driver
  /// until they speak.
  struct Silent {
    const Entrance* entrance;
    std::uint64_t since_ms;
  };

  /// Whether it may ask for something next: it has said nothing yet, or its last request is over.
  bool awaits_request() const noexcept;
  bool silent() const noexcept { return std::holds_alternative<Silent>(driver_); }
  /// The driver, if that is what is spoken.
  Http1Connection* http_driver() const noexcept {
    const auto* driver = std::get_if<std::unique_ptr<Http1Connection>>(&driver_);
    return driver != nullptr ? driver->get() : nullptr;
  }
  WebSocketConnection* websocket_driver() noexcept {
    return std::get_if<WebSocketConnection>(&driver_);
  }
  void begin_http();
  void upgrade(AcceptedUpgrade upgrade, Bytes& input);
  std::string known_peer() const;

  // All ones for none: the prefix of multicast addresses, from which nobody connects.
  static constexpr std::uint64_t no_host_key = UINT64_MAX;

  std::uint64_t host_key_;
  std::variant<Silent, std::unique_ptr<Http1Connection>, WebSocketConnection> driver_;
};

static_assert(sizeof(Connection) <= 200, "an idle WebSocket is hardly more than this");

}  // namespace duplex::server

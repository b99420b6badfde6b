#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/base/task.hpp>
#include <duplex/client/error.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/websocket/close_code.hpp>

namespace duplex::client {

/// What becomes of messages that are sent while there is no connection.
enum class WhileAway : std::uint8_t {
  queue,   ///< they wait, up to a limit, and go out first when there is one again
  refuse,  ///< `send` answers `closed`
};

/// How a lost connection is replaced. An exception of one of its functions ends the socket, with
/// `error` and the log telling of it, but where another meaning is said.
struct ReconnectOptions {
  /// The wait before the n-th attempt in a row is random between nothing and
  /// `delay_ms_first` * 2^n, at most `delay_ms_max` (exponential backoff with full jitter, so that
  /// clients that were lost together don't come back together).
  std::uint32_t delay_ms_first = 500;
  std::uint32_t delay_ms_max = 30'000;
  /// Attempts in a row that may fail; 0 for no limit.
  std::uint32_t attempts_max = 0;
  /// For one attempt, from the look-up of the name to the end of the handshake.
  std::uint32_t attempt_ms_max = 30'000;
  /// A connection that has lasted for so long ends the row: the next wait is a short one again.
  std::uint32_t stable_ms = 10'000;
  WhileAway while_away = WhileAway::queue;
  /// Payload that may wait while away; of more, `send` answers `dropped`.
  std::size_t queue_bytes_max = std::size_t{1024} * 1024;

  /// Called with each new connection, the first too (`again` is false then), before anything that
  /// waits is sent and anything is received: to subscribe again, to ask for what was missed. It may
  /// send and receive. An exception counts as a failed attempt.
  std::function<Task<>(connection::WebSocket socket, bool again)> on_connected = {};
  /// Called when a connection was lost, or an attempt has failed, and another one will be made
  /// after `delay_ms`.
  std::function<void(const Error& error, std::uint32_t delay_ms)> on_lost = {};
  /// Whether an error is worth another attempt. By default all are but those that will not mend by
  /// themselves: a request that can't be sent, certificates, what is no WebSocket, and the statuses
  /// 4xx other than 408, 425 and 429.
  std::function<bool(const Error& error)> retry_on = {};
  /// Whether to come back after the server has closed the socket with this. By default always but
  /// after normal (1000) and policy_violation (1008).
  std::function<bool(const connection::CloseInfo& info)> retry_after_close = {};
};

/// A WebSocket that opens itself anew whenever it is lost. Used by coroutines of the thread in
/// which it was made. Destroying it closes the connection.
class ReconnectingWebSocket {
 public:
  class Receive;

  /// Sends a message, or does what `while_away` says. A status as from `WebSocket::send`. That a
  /// message was accepted does not mean that it has arrived: what was on its way when the
  /// connection was lost is lost too, unless the application asks for it again.
  connection::SendStatus send(std::string_view text);
  connection::SendStatus send(ConstBytes binary);

  /// Waits for the next message of this or any later connection; nullopt when no other one will
  /// come: `error` tells why.
  Receive receive() noexcept;

  /// Whether there is a connection at the moment.
  bool is_connected() const noexcept;
  /// The connection of the moment; a handle of none while away.
  connection::WebSocket current() const noexcept;
  /// How often a connection was made.
  std::uint64_t connections() const noexcept;

  /// Says goodbye, and comes back no more.
  void close(websocket::CloseCode code = websocket::CloseCode::normal,
             std::string_view reason = {});

  /// Why it has ended, when that was not by `close`, nor by the server's.
  std::optional<Error> error() const;

  /// Made by the client.
  class Keeper;
  explicit ReconnectingWebSocket(std::shared_ptr<Keeper> keeper) noexcept;
  ReconnectingWebSocket(ReconnectingWebSocket&&) noexcept = default;
  ReconnectingWebSocket& operator=(ReconnectingWebSocket&&) noexcept;
  ~ReconnectingWebSocket();

 private:
  std::shared_ptr<Keeper> keeper_;
};

/// See `ReconnectingWebSocket::receive`.
class [[nodiscard]] ReconnectingWebSocket::Receive {
 public:
  bool await_ready() const noexcept;
  void await_suspend(std::coroutine_handle<> waiter) noexcept;
  std::optional<connection::OwnedMessage> await_resume();

  Receive(Receive&&) noexcept = default;
  ~Receive();

 private:
  friend ReconnectingWebSocket;
  explicit Receive(std::shared_ptr<Keeper> keeper) noexcept : keeper_(std::move(keeper)) {}
  std::shared_ptr<Keeper> keeper_;
  std::coroutine_handle<> waiter_;
};

}  // namespace duplex::client

#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <duplex/base/bytes.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/publish_status.hpp>
#include <duplex/connection/sender.hpp>
#include <duplex/connection/state.hpp>
#include <duplex/tls/session_info.hpp>
#include <duplex/websocket/close_code.hpp>
#include <duplex/websocket/compression.hpp>
#include <duplex/websocket/deflate_parameters.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::connection {

class WebSocketLink;
using websocket::Compression;

/// What became of a message that was handed to `send`.
enum class SendStatus : std::uint8_t {
  accepted,    ///< it will be sent before all that follows
  backlogged,  ///< accepted too, but the peer reads slowly: wait for `on_drain`, or `co_await`
  dropped,     ///< the outbox is full and its policy is to drop; nothing of it is sent
  closed,      ///< the socket is closing or closed; nothing of it is sent
};

/// One WebSocket, as a handle: small, cheap to copy, never dangling. When the connection has ended
/// calls are still allowed and do nothing, but for publishing, which goes on, and `state`.
///
/// All calls belong to the thread of the connection, in which its callbacks and coroutines run;
/// other threads use a `Sender`.
class WebSocket {
 public:
  /// What `send` answers. A callback may look at the status and go on; a coroutine may `co_await`
  /// it to wait until the peer has taken enough for more to be worth while.
  class Sent;
  class Receive;
  class ReceiveChunk;
  class RoundTrip;

  /// A handle of no connection.
  WebSocket() noexcept = default;
  WebSocket(const WebSocket& other) noexcept;
  WebSocket(WebSocket&& other) noexcept : link_(std::exchange(other.link_, nullptr)) {}
  WebSocket& operator=(WebSocket other) noexcept {
    std::swap(link_, other.link_);
    return *this;
  }
  ~WebSocket();

  /// Whether messages can be sent: open, and no close frame sent.
  bool is_open() const noexcept;

  /// Sends a text message. `text` must be valid UTF-8, or the peer will fail the connection.
  /// `compression` counts where it was agreed on.
  Sent send(std::string_view text, Compression compression = Compression::by_size);
  Sent send(const std::string& text, Compression compression = Compression::by_size);
  Sent send(const char* text, Compression compression = Compression::by_size);
  /// Sends a binary message.
  Sent send(ConstBytes binary, Compression compression = Compression::by_size);
  /// Sends a message of the same kind as `message`: an echo. Throws std::invalid_argument for one
  /// that is neither text nor binary, as `publish` does.
  Sent send(const Message& message, Compression compression = Compression::by_size);
  Sent send(const OwnedMessage& message, Compression compression = Compression::by_size);
  /// Sends a message that was encoded once for many; no copy.
  Sent send(const websocket::PreparedMessage& message);

  /// Sends one piece of a message as a fragment; `opcode` (text or binary) and `compression` count
  /// for the first. No other message can be sent before the `last` one; pings can, and what is
  /// published, or was prepared, follows it. Throws std::invalid_argument for another opcode;
  /// behind the first piece it may be `continuation`, too.
  Sent send_fragment(websocket::Opcode opcode, ConstBytes piece, bool last,
                     Compression compression = Compression::by_size);

  /// Sends a ping with at most 125 bytes; the answer comes to `on_pong`. False when it can't be.
  bool ping(ConstBytes payload = {});

  /// Sends a ping, and waits for its answer: `co_await` yields how long that took, or nullopt when
  /// the connection ended before. A peer may answer the last of several pings alone, which then
  /// counts for those before (RFC 6455 section 5.5.3).
  RoundTrip round_trip();

  /// Begins the closing handshake. What was sent before still arrives; `on_close` follows when the
  /// peer has answered, or after the time limit.
  void close(websocket::CloseCode code = websocket::CloseCode::normal,
             std::string_view reason = {});

  /// Ends the connection at once, without a handshake; what is buffered is lost.
  void terminate();

  /// What has been accepted and not yet been taken by the system, in bytes.
  std::size_t buffered_bytes() const noexcept;

  /// Stops and resumes reading: the peer is slowed down by TCP, nothing is lost.
  void pause();
  void resume();

  /// Waits for the next message; nullopt when the connection has ended. Only for endpoints that are
  /// coroutines; the others get `on_message`. One coroutine at a time: std::logic_error for
  /// another.
  Receive receive();
  /// The same for the next piece of a message, of a socket that was asked for pieces
  /// (`deliver_chunks`); of another, the whole message as one piece.
  ReceiveChunk receive_chunk();

  /// Subscribes this socket to `topic`: it gets what is published there, until it unsubscribes or
  /// ends. False when it was subscribed already, or is not a server's socket.
  bool subscribe(std::string_view topic);
  bool unsubscribe(std::string_view topic);

  /// Sends `message` to all subscribers of `topic` in all threads, without this socket. Also in
  /// `on_close`, and in a session whose connection has ended. Whether to compress it is what a
  /// `PreparedMessage` says.
  ///
  /// When another thread can't deliver as fast, the socket whose input is being worked on (this
  /// one, if it is none) is not read from until it has caught up.
  PublishStatus publish(std::string_view topic, const Message& message);
  PublishStatus publish(std::string_view topic, std::string_view text);
  PublishStatus publish(std::string_view topic, const websocket::PreparedMessage& message);
  /// The same, and to this socket too if it is subscribed.
  PublishStatus publish_to_all(std::string_view topic, const Message& message);
  PublishStatus publish_to_all(std::string_view topic, std::string_view text);
  PublishStatus publish_to_all(std::string_view topic, const websocket::PreparedMessage& message);

  /// How the connection has ended; nullopt while it has not. Its reason holds as long as this
  /// handle.
  std::optional<CloseInfo> close_info() const noexcept;

  /// A handle for other threads.
  Sender sender() const;

  /// The connection's own state, made by `emplace_state` or by `on_upgrade`; destroyed behind
  /// `on_close`, or when the session has ended. Throws std::logic_error when there is none, or it
  /// is of another type.
  template <class T>
  T& state() const {
    T* state = find_state<T>();
    if (state == nullptr) throw std::logic_error("this socket has no state of that type");
    return *state;
  }
  /// The same for who can't know whether the connection has ended; nullptr then.
  template <class T>
  T* find_state() const noexcept {
    return link_ != nullptr ? state_slot().find<T>() : nullptr;
  }
  /// Makes the connection's state, in place of an older one. Not after the connection has ended.
  template <class T, class... Arguments>
  T& emplace_state(Arguments&&... arguments) {
    return state_slot().emplace<T>(std::forward<Arguments>(arguments)...);
  }

  /// The subprotocol that was agreed on; empty for none.
  std::string_view subprotocol() const noexcept;
  /// The compression that was agreed on (RFC 7692); nullopt for none.
  std::optional<websocket::DeflateParameters> deflate() const noexcept;
  /// Address and port of the peer, `127.0.0.1:50123`.
  std::string peer() const;
  /// Whether the connection is encrypted.
  bool secure() const noexcept;
  /// How it is encrypted, and by whom: the certificate of a client that has shown one. nullopt in
  /// clear. Views hold as long as this handle.
  std::optional<tls::SessionInfo> tls() const;

  /// Whether both are handles of the same connection.
  friend bool operator==(const WebSocket&, const WebSocket&) noexcept = default;

 private:
  friend WebSocketLink;
  explicit WebSocket(WebSocketLink& link) noexcept;
  State& state_slot() const noexcept;
  Sent sent(SendStatus status) noexcept;

  WebSocketLink* link_ = nullptr;
};

/// See `WebSocket::send`.
class WebSocket::Sent {
 public:
  SendStatus status() const noexcept { return status_; }
  /// Whether the message will be sent.
  explicit operator bool() const noexcept {
    return status_ == SendStatus::accepted || status_ == SendStatus::backlogged;
  }

  bool await_ready() const noexcept { return status_ != SendStatus::backlogged; }
  bool await_suspend(std::coroutine_handle<> waiter);
  /// The status; `closed` when the connection ended during the wait.
  SendStatus await_resume() const noexcept;

  Sent(Sent&&) noexcept = default;
  ~Sent() {
    if (status_ == SendStatus::backlogged) forget();
  }

 private:
  friend WebSocket;
  void forget() noexcept;
  Sent(WebSocket socket, SendStatus status) noexcept
      : socket_(std::move(socket)), status_(status) {}
  WebSocket socket_;
  std::coroutine_handle<> waiter_;
  SendStatus status_;
  bool awaited_ = false;
};

/// See `WebSocket::receive`.
class [[nodiscard]] WebSocket::Receive {
 public:
  bool await_ready() noexcept;
  bool await_suspend(std::coroutine_handle<> waiter);
  std::optional<OwnedMessage> await_resume();

  Receive(Receive&&) noexcept = default;
  ~Receive();

 protected:
  friend WebSocket;
  explicit Receive(WebSocket socket) noexcept : socket_(std::move(socket)) {}
  std::optional<OwnedChunk> take();

 private:
  WebSocket socket_;
  std::coroutine_handle<> waiter_;
};

/// See `WebSocket::receive_chunk`.
class [[nodiscard]] WebSocket::ReceiveChunk : public Receive {
 public:
  std::optional<OwnedChunk> await_resume() { return take(); }

 private:
  friend WebSocket;
  using Receive::Receive;
};

/// See `WebSocket::round_trip`.
class [[nodiscard]] WebSocket::RoundTrip {
 public:
  bool await_ready() const noexcept { return !socket_.is_open(); }
  bool await_suspend(std::coroutine_handle<> waiter);
  std::optional<std::chrono::microseconds> await_resume();

  RoundTrip(RoundTrip&&) noexcept = default;
  ~RoundTrip();

 private:
  friend WebSocket;
  explicit RoundTrip(WebSocket socket) noexcept : socket_(std::move(socket)) {}
  WebSocket socket_;
  std::optional<std::uint64_t> number_;
};

}  // namespace duplex::connection

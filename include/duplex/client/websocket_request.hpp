#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/client/error.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/frame_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/slow_consumer.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/websocket/client_handshake.hpp>

namespace duplex::client {

/// The limits of a client's WebSocket.
struct WebSocketLimits {
  /// Payload of one message that comes in; more fails the connection with 1009.
  std::uint64_t message_bytes_max = std::uint64_t{16} * 1024 * 1024;
  /// What may wait for the server to take it before the policy below acts on more. Who awaits
  /// `send` never gets there.
  std::size_t outbox_bytes_max = std::size_t{16} * 1024 * 1024;
  connection::SlowConsumer slow_consumer = connection::SlowConsumer::drop_newest;
  /// Above this `send` answers `backlogged`, and awaiting it waits. Nothing more is read while
  /// answers wait that nobody awaits.
  std::size_t backlog_bytes = std::size_t{256} * 1024;
  /// A silent server is sent a ping after this time; 0 for never.
  std::uint32_t heartbeat_ms = 30'000;
  /// How long it may be silent after that ping before it counts as dead.
  std::uint32_t heartbeat_answer_ms_max = 30'000;
  /// How long the server may take to answer a close frame, and to end the connection after it.
  std::uint32_t close_ms_max = 5'000;
  /// Messages come in pieces as they arrive, by `WebSocket::receive_chunk`.
  bool deliver_chunks = false;
};

/// The WebSocket that a client is to open.
class WebSocketRequest {
 public:
  explicit WebSocketRequest(std::string its_url) : url(std::move(its_url)) {}

  /// Absolute: ws or wss; http and https mean the same.
  std::string url;
  /// Subprotocols, origin, and further fields.
  websocket::HandshakeOffer offer;
  WebSocketLimits limits;
  /// Redirections that are followed. None unless asked for, as browsers have it.
  std::uint32_t redirects_max = 0;
  /// Whether one may lead from wss to ws.
  bool allow_downgrade = false;
  /// The path of a Unix socket to connect to, whatever host the URL names.
  std::string unix_path;

  /// The heads of the request and of the 101, byte for byte, before anything else of this socket:
  /// for tools that show the wire.
  std::function<void(std::string_view request, std::string_view response)> on_handshake;
  /// Every frame, both ways. Costs a little for each.
  std::function<void(const connection::FrameInfo&)> on_frame;
};

/// What a WebSocket calls that is used by callbacks. All of them are called in the thread where the
/// call was begun, and must not block. An exception closes the socket with 1011, and is logged.
struct WebSocketHandlers {
  template <class... Arguments>
  using Callback = std::move_only_function<void(Arguments...)>;

  /// The socket is open. Keep the handle, or its `sender()` for other threads, to send later.
  Callback<connection::WebSocket&> on_open = {};
  /// It could not be opened; nothing else is called then.
  Callback<const Error&> on_error = {};
  /// A whole message.
  Callback<connection::WebSocket&, connection::Message> on_message = {};
  /// With this instead of `on_message`, messages come in pieces as they arrive.
  Callback<connection::WebSocket&, connection::Chunk> on_chunk = {};
  /// After `send` had answered `backlogged`: the server has caught up.
  Callback<connection::WebSocket&> on_drain = {};
  Callback<connection::WebSocket&, ConstBytes> on_pong = {};
  /// It is over: both have said goodbye, or the connection has ended. The last call.
  Callback<connection::WebSocket&, const connection::CloseInfo&> on_close = {};
};

}  // namespace duplex::client

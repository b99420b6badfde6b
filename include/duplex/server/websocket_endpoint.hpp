#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <duplex/base/task.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/frame_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/slow_consumer.hpp>
#include <duplex/connection/state.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/server/request.hpp>
#include <duplex/server/response.hpp>
#include <duplex/websocket/deflate_options.hpp>

namespace duplex::server {

/// The limits of one WebSocket endpoint.
struct WebSocketOptions {
  /// Payload of one message that comes in; more fails the connection with 1009.
  std::uint64_t message_bytes_max = 1024 * 1024;
  /// What may wait for a client to take it before the policy below acts on more. A reply that is
  /// sent while the client's own message is being handled (in `on_message`, or by a session that
  /// `receive` has just resumed) is never refused; instead no more is read from that client.
  std::size_t outbox_bytes_max = 4 * 1024 * 1024;
  /// What is done when that is full.
  connection::SlowConsumer slow_consumer = connection::SlowConsumer::close;
  /// Above this `send` answers `backlogged`, awaiting it waits, and `on_drain` will follow. Nothing
  /// more is read from a client until it has taken its replies, unless whoever sends them awaits
  /// that.
  std::size_t backlog_bytes = 64 * 1024;
  /// A silent client is sent a ping after this time; 0 for never. Below the 60 s after which
  /// common proxies give up.
  std::uint32_t heartbeat_ms = 30'000;
  /// How long a client may be silent after that ping before it counts as dead.
  std::uint32_t heartbeat_answer_ms_max = 30'000;
  /// How long a client may take to answer a close frame.
  std::uint32_t close_ms_max = 5'000;
  /// For a session: messages come in pieces as they arrive, by `WebSocket::receive_chunk`.
  bool deliver_chunks = false;
  /// Compression of messages (permessage-deflate, RFC 7692), for clients that offer it:
  /// `DeflateOptions{}` for what suits most. nullopt for none.
  std::optional<websocket::DeflateOptions> deflate = {};
  /// Origins besides the server's own whose pages may connect: `https://example.com`,
  /// `https://*.example.com`, or `*` for all. Clients that send no `Origin` are not browsers, and
  /// pass.
  std::vector<std::string> origins = {};
  /// Subprotocols that the endpoint speaks; the client's first choice among them is taken.
  std::vector<std::string> subprotocols = {};
};

/// What `on_upgrade` decides.
class Upgrade {
 public:
  static Upgrade accept() { return Upgrade(); }
  static Upgrade refuse(Response response);

  /// Takes this subprotocol, one that the client offered, instead of the endpoint's choice.
  Upgrade&& with_subprotocol(std::string_view subprotocol) &&;
  /// Adds a field line to the 101. Throws as `Response::add_field`, and for fields of the handshake
  /// itself (`Upgrade`, `Connection`, `Sec-WebSocket-*`).
  Upgrade&& with_field(std::string_view name, std::string_view value) &&;
  /// Gives the connection its state: `socket.state<T>()`.
  template <class T>
  Upgrade&& with_state(T state) && {
    state_.emplace<T>(std::move(state));
    return std::move(*this);
  }

 private:
  friend class UpgradeAccess;
  std::optional<Response> refusal_;
  std::string subprotocol_;
  http::Fields fields_;
  connection::State state_;
};

/// `Upgrade(const Request&)` or `Task<Upgrade>(const Request&)`; none accepts.
class UpgradeHandler {
 public:
  using Function = std::move_only_function<Upgrade(const Request&) const>;
  using Coroutine = std::move_only_function<Task<Upgrade>(const Request&) const>;

  UpgradeHandler() = default;
  template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, UpgradeHandler>)
  UpgradeHandler(Callable&& callable) {
    using Const = const std::remove_cvref_t<Callable>&;
    if constexpr (std::is_invocable_r_v<Task<Upgrade>, Const, const Request&>) {
      callable_.template emplace<Coroutine>(std::forward<Callable>(callable));
    } else {
      static_assert(std::is_invocable_r_v<Upgrade, Const, const Request&>,
                    "on_upgrade is Upgrade(const Request&) or Task<Upgrade>(const Request&), and "
                    "callable as const");
      callable_.template emplace<Function>(std::forward<Callable>(callable));
    }
  }

 private:
  friend class UpgradeAccess;
  std::variant<std::monostate, Function, Coroutine> callable_;
};

/// A WebSocket endpoint: either callbacks, or `session`, a coroutine that owns the socket.
///
/// All are called in the connection's thread, one at a time for each connection, and so in several
/// threads at a time for different ones. A callback must not block. An exception closes the socket
/// with 1011, and is logged.
struct WebSocketEndpoint {
  template <class... Arguments>
  using Callback = std::move_only_function<void(Arguments...) const>;

  /// Decides on the upgrade after all checks of the protocol and of the origin.
  UpgradeHandler on_upgrade = {};
  /// The heads of the request and of the 101, byte for byte, before `on_open`: for tools that show
  /// the wire.
  Callback<connection::WebSocket&, std::string_view, std::string_view> on_handshake = {};
  /// The socket is open. The request is the one that was upgraded.
  Callback<connection::WebSocket&, const Request&> on_open = {};
  /// A whole message.
  Callback<connection::WebSocket&, connection::Message> on_message = {};
  /// With this instead of `on_message`, messages come in pieces as they arrive.
  Callback<connection::WebSocket&, connection::Chunk> on_chunk = {};
  /// After `send` had answered `backlogged`: the peer has caught up.
  Callback<connection::WebSocket&> on_drain = {};
  Callback<connection::WebSocket&, ConstBytes> on_pong = {};
  /// The connection has ended; the last call for this socket, once for each `on_open`.
  Callback<connection::WebSocket&, const connection::CloseInfo&> on_close = {};
  /// Every frame, both ways, for tools that show the wire. Costs a little for each frame.
  Callback<connection::WebSocket&, const connection::FrameInfo&> on_frame = {};

  /// Instead of the callbacks above (but `on_upgrade`, `on_handshake` and `on_frame`). When the
  /// coroutine ends the socket is closed with 1000; when the connection ends first, `receive` says
  /// so, and the coroutine goes on to its own end.
  std::move_only_function<Task<>(connection::WebSocket, const Request&) const> session = {};

  WebSocketOptions options = {};
};

}  // namespace duplex::server

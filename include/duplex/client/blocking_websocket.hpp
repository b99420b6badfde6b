#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/connection/close_info.hpp>
#include <duplex/connection/message.hpp>
#include <duplex/connection/sender.hpp>
#include <duplex/connection/websocket.hpp>
#include <duplex/websocket/close_code.hpp>
#include <duplex/websocket/compression.hpp>
#include <duplex/websocket/deflate_parameters.hpp>

namespace duplex::client {

class ClientState;

/// A WebSocket whose calls block: for scripts, tests, and threads of one's own. The client's thread
/// does the work meanwhile, and answers pings.
///
/// For any thread but those of duplex, several at a time, but only one `receive`. Destroying it
/// closes the socket, without waiting for the server. Not to be used after its client.
class BlockingWebSocket {
 public:
  /// Sends a text message, which must be valid UTF-8. Waits while the server has more than enough
  /// to read.
  connection::SendStatus send(std::string_view text,
                              websocket::Compression compression = websocket::Compression::by_size);
  connection::SendStatus send(ConstBytes binary,
                              websocket::Compression compression = websocket::Compression::by_size);

  /// Waits for the next message; nullopt when the connection has ended, or nothing came in time:
  /// `close_info` tells which.
  std::optional<connection::OwnedMessage> receive(
      std::optional<std::chrono::milliseconds> time_limit = std::nullopt);

  /// Sends a ping, and waits for its answer: how long that took; nullopt when none came.
  std::optional<std::chrono::microseconds> round_trip(
      std::optional<std::chrono::milliseconds> time_limit = std::nullopt);

  /// Says goodbye, and waits for the end, for which there is a limit. What is still received is
  /// dropped.
  void close(websocket::CloseCode code = websocket::CloseCode::normal,
             std::string_view reason = {});

  bool is_open() const;
  /// How the connection has ended.
  struct Ended {
    websocket::CloseCode code;
    std::string reason;
  };
  /// nullopt while it has not.
  std::optional<Ended> close_info() const;
  std::string subprotocol() const;
  /// The compression that was agreed on (RFC 7692); nullopt for none.
  std::optional<websocket::DeflateParameters> deflate() const;
  /// A handle that never waits.
  connection::Sender sender() const;

  /// Made by the client.
  BlockingWebSocket(std::shared_ptr<ClientState> client, connection::WebSocket socket);
  BlockingWebSocket(BlockingWebSocket&&) noexcept;
  BlockingWebSocket& operator=(BlockingWebSocket&&) noexcept;
  ~BlockingWebSocket();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duplex::client

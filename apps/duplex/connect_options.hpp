#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client_options.hpp"
#include "compress_options.hpp"
#include <duplex/client/websocket_request.hpp>

namespace duplex::app {

/// How messages are told apart in a pipe.
enum class Framing : std::uint8_t {
  lines,    ///< each ends with a line feed
  nulls,    ///< each ends with a zero byte
  unframed  ///< what is read at once is one; what comes is written as it is
};

/// What `duplex connect` can be told, as it stands on the command line.
struct ConnectArguments {
  ClientArguments client;
  std::string url;
  std::vector<std::string> subprotocols;
  std::string origin;
  std::string message_bytes_max;
  std::string show_bytes_max;
  std::string heartbeat;
  std::string ping_interval;
  bool compress = false;
  bool compress_keep = false;
  std::string compress_level;
  std::string compress_bytes_min;
  std::string compress_window;
  bool reconnect = false;
  bool binary = false;
  bool null = false;
  std::string chunk_bytes;
  std::string wait;
  std::string count;
};

/// What it means.
struct ConnectOptions {
  ClientSettings client;
  std::string url;
  websocket::HandshakeOffer offer;
  client::WebSocketLimits limits;
  /// Of a longer message, only so much is shown on a terminal; 0 for all of it.
  std::size_t show_text_bytes_max = std::size_t{16} * 1024;
  std::size_t show_binary_bytes_max = 256;
  /// Pings of our own, whose round trips are told.
  std::optional<std::chrono::milliseconds> ping_interval;
  bool reconnect = false;
  /// Whether what comes from a pipe is sent as binary messages.
  bool binary = false;
  Framing framing = Framing::lines;
  std::size_t chunk_bytes = std::size_t{64} * 1024;
  /// At the end of the input, how long the server may be silent before we close; nullopt: for ever.
  std::optional<std::chrono::milliseconds> wait = std::chrono::milliseconds(1000);
  /// After so many messages we close.
  std::optional<std::uint64_t> count;
};

/// Throws UsageError for what can't be.
ConnectOptions resolve(const ConnectArguments& arguments);

}  // namespace duplex::app

#pragma once

#include <cstddef>
#include <cstdint>

namespace duplex::websocket {

/// How an endpoint compresses messages (permessage-deflate, RFC 7692): what a server agrees to, and
/// what a client offers.
///
/// A *window* is how far compressed text refers back: 2 to the power of the bits, in bytes. A
/// window that is *kept* from one message to the next ("context takeover") makes small messages
/// that are alike smaller yet, and costs its memory for each connection and direction, all the time
/// that the connection lives. The default keeps none, so that a connection at rest costs what it
/// costs without compression.
struct DeflateOptions {
  /// The largest window of what we send, in bits, 9 to 15; the peer may ask for a smaller one.
  std::uint8_t send_window_bits_max = 15;
  /// The largest window of what the peer sends, in bits, 9 to 15. A server asks for less than 15
  /// where the client lets it; any other client has to begin anew with each message, so that no
  /// larger window is ever kept. A client insists: a server that does not do it declines.
  std::uint8_t receive_window_bits_max = 15;
  /// Whether the window of what we send is kept, unless the peer forbids it.
  bool keep_send_window = false;
  /// Whether the peer may keep its window, which makes us keep one as well. A client that asks for
  /// none insists: a server that does not do it declines.
  bool keep_receive_window = false;
  /// A client's: whether the server may ask for a smaller window of what we send, for the sake of
  /// its own memory. One of 8 bits leaves what we send uncompressed; see
  /// `compressor_window_bits_min`.
  bool let_server_limit_window = true;
  /// From 1, fast, to 9, small: zlib's levels where a window is kept or a message goes in pieces.
  /// Else 1 is for messages below 2 KiB without a code of their own, 2 and 3 are with one, 4 to 6
  /// search longer, and 7 to 9 are zlib's.
  std::uint8_t level = 1;
  /// Messages of fewer bytes are sent as they are: they don't get smaller by much. Of one that goes
  /// in pieces the first counts. More than all messages have: nothing is compressed, only inflated.
  std::size_t threshold_bytes = 64;

  friend bool operator==(const DeflateOptions&, const DeflateOptions&) = default;
};

/// Throws std::invalid_argument, with a sentence that says what to change, for a window or a level
/// that there is not.
void check_deflate_options(const DeflateOptions& options);

}  // namespace duplex::websocket

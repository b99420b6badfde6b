#pragma once

#include <cstdint>

namespace duplex::websocket {

/// The smallest and the largest window of permessage-deflate, in bits (RFC 7692 section 7.1.2), and
/// what holds where nothing is said.
inline constexpr std::uint8_t window_bits_min = 8;
inline constexpr std::uint8_t window_bits_max = 15;

/// The smallest window with which zlib compresses bare deflate; reading it is possible with all,
/// since a larger window will do for that. Who has to send with less can always send uncompressed
/// (RFC 7692 section 6).
inline constexpr std::uint8_t compressor_window_bits_min = 9;

/// The permessage-deflate that client and server have agreed on (RFC 7692 section 7.1), in the
/// words of the RFC: `server_` is about what the server compresses and the client inflates,
/// `client_` the other way round.
struct DeflateParameters {
  /// Whether every message is compressed on its own, and no window is kept.
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  /// The window that is not exceeded, 8 to 15.
  std::uint8_t server_max_window_bits = window_bits_max;
  std::uint8_t client_max_window_bits = window_bits_max;

  friend bool operator==(const DeflateParameters&, const DeflateParameters&) = default;

  /// The parameters in one byte, another one for each of their 256 sets: to look something up by
  /// them, or to keep them in little room.
  constexpr std::uint8_t key() const noexcept {
    return static_cast<std::uint8_t>((server_no_context_takeover ? 1U : 0U) |
                                     (client_no_context_takeover ? 2U : 0U) |
                                     (unsigned{server_max_window_bits} - window_bits_min) << 2U |
                                     (unsigned{client_max_window_bits} - window_bits_min) << 5U);
  }

  /// What `key` was made of.
  static constexpr DeflateParameters from_key(std::uint8_t key) noexcept {
    const auto bits = [key](unsigned shift) {
      return static_cast<std::uint8_t>(window_bits_min + (unsigned{key} >> shift & 7U));
    };
    return {.server_no_context_takeover = (key & 1U) != 0,
            .client_no_context_takeover = (key & 2U) != 0,
            .server_max_window_bits = bits(2),
            .client_max_window_bits = bits(5)};
  }
};

}  // namespace duplex::websocket

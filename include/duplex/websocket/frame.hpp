#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace duplex::websocket {

/// Which end of the connection we are: a client masks what it sends, a server does not
/// (RFC 6455 section 5.3).
enum class Role : std::uint8_t { server, client };

/// RFC 6455 section 5.2; other values are reserved and never leave the parser.
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Whether `opcode` is a control frame's: short, whole, and allowed between fragments.
constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x8U) != 0;
}

/// Whether `opcode` begins a message: text or binary.
constexpr bool begins_message(Opcode opcode) noexcept {
  return opcode == Opcode::text || opcode == Opcode::binary;
}

/// The masking key of one frame; must be unpredictable (RFC 6455 section 5.3).
using MaskKey = std::array<std::byte, 4>;

/// The longest frame header: two bytes, eight of length, four of masking key.
inline constexpr std::size_t frame_header_bytes_max = 14;

/// The most that a control frame may carry (RFC 6455 section 5.5).
inline constexpr std::size_t control_payload_bytes_max = 125;

/// A frame without its payload (RFC 6455 section 5.2).
struct FrameHeader {
  Opcode opcode = Opcode::text;
  bool fin = true;
  /// RSV1, which permessage-deflate gives a meaning (RFC 7692); RSV2 and RSV3 are always zero.
  bool rsv1 = false;
  bool masked = false;
  MaskKey mask_key{};
  std::uint64_t payload_bytes = 0;
};

}  // namespace duplex::websocket

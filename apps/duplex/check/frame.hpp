#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Frames of RFC 6455 section 5.2 as the checker sends them, right and wrong ones alike.
///
/// None of this uses the library's own code for WebSocket: what both had misunderstood would look
/// right.
namespace duplex::app::check {

/// Which end of a connection; `checked` ends are the peer's.
enum class End : std::uint8_t { client, server };

/// Reserved ones are written `Opcode{3}`.
enum class Opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// Whether it has the bit of control frames, reserved ones too (section 5.5).
constexpr bool is_control(Opcode opcode) noexcept {
  return (static_cast<std::uint8_t>(opcode) & 0x8) != 0;
}

/// `text`, `close`, `reserved opcode 0x3`.
std::string name(Opcode opcode);

/// How the payload's length is written. Whether it fits is up to the case: too small a form cuts
/// off the upper bits.
enum class LengthForm : std::uint8_t {
  minimal,     ///< As section 5.2 demands.
  seven_bits,  ///< In the second byte itself.
  two_bytes,   ///< 126, and 16 bits.
  eight_bytes  ///< 127, and 64 bits.
};

enum class Masking : std::uint8_t { as_prescribed, never, always };

using MaskKey = std::array<std::uint8_t, 4>;

/// Reserved bits as they stand in a frame's first byte (section 5.2).
namespace rsv {
inline constexpr std::uint8_t one = 0x40;
inline constexpr std::uint8_t two = 0x20;
inline constexpr std::uint8_t three = 0x10;
}  // namespace rsv

/// Status codes of section 7.4.1.
namespace code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t no_status = 1005;
inline constexpr std::uint16_t abnormal = 1006;
inline constexpr std::uint16_t invalid_payload = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t too_big = 1009;
inline constexpr std::uint16_t missing_extension = 1010;
inline constexpr std::uint16_t internal_error = 1011;
}  // namespace code

/// A frame to send. All but the first two members are for frames out of the ordinary.
struct Frame {
  Opcode opcode = Opcode::text;
  /// In clear; masked when it is encoded.
  std::string payload = {};
  bool fin = true;
  /// Any of `rsv::one`, `rsv::two`, `rsv::three`.
  std::uint8_t reserved = 0;
  LengthForm form = LengthForm::minimal;
  /// What the header says instead of the payload's size.
  std::optional<std::uint64_t> claimed_length = {};
  Masking masking = Masking::as_prescribed;
  /// Chosen by the script when there is none.
  std::optional<MaskKey> mask_key = {};
};

/// The payload of a close frame: code and reason (section 5.5.1).
std::string close_payload(std::uint16_t code, std::string_view reason = {});

/// The frame's bytes, as `sender` sends it. `mask_key` is what masks it, if anything does and the
/// frame itself has none.
std::string encode(const Frame& frame, End sender, MaskKey mask_key);

/// Masks or unmasks (section 5.3), a byte at a time.
void apply_mask(std::string& payload, MaskKey key) noexcept;

/// The frame in a line, as logs show it: `text, FIN, 5 bytes, masked  "hello"`.
std::string describe(const Frame& frame, bool masked);

/// At most the first 48 bytes in quotes when all of them are printable, else in hexadecimal; tells
/// when there is more.
std::string excerpt(std::string_view bytes);

}  // namespace duplex::app::check

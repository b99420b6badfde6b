#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/error.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// A frame, or a piece of one.
struct Frame {
  /// The frame's header in its first piece. A later piece has the header that would stand in
  /// front of what is left: the same opcode and bits, the remaining length (this piece's bytes
  /// and all behind them), the key turned to fit.
  FrameHeader header;
  /// Unmasked. All of a control frame; of other frames as much as the input held, maybe nothing.
  Bytes payload;
  bool begins;  ///< the first piece of its frame
  bool ends;    ///< the last piece of its frame; a whole frame begins and ends
};

/// A header at the front of some input.
struct ParsedHeader {
  FrameHeader header;
  std::size_t size;  ///< how many bytes it takes, up to `frame_header_bytes_max`
};

/// By what incoming frames are checked.
struct FrameRules {
  Role role;  ///< ours; the frames are the other end's
  /// Whether permessage-deflate was agreed on, which lets messages begin with RSV1 (RFC 7692
  /// section 6).
  bool rsv1_allowed = false;

  constexpr FrameRules(Role our_role, bool with_rsv1 = false) noexcept
      : role(our_role), rsv1_allowed(with_rsv1) {}
};

/// Reads and checks the frame header at the front of `input`: the mask bit, reserved bits and
/// opcodes, minimal lengths, the rules for control frames (RFC 6455 sections 5.1, 5.2, 5.5).
/// Consumes nothing.
/// nullopt: not all of it is there, and what is there is right.
/// unexpected: what is there breaks the named rule, whatever may follow.
std::expected<std::optional<ParsedHeader>, Error> parse_frame_header(ConstBytes input,
                                                                     FrameRules rules) noexcept;

/// Writes `header` in its shortest form to the front of `out` and returns how many bytes it
/// took. The length must be below 2^63 (and at most 125 for control frames).
std::size_t encode_frame_header(const FrameHeader& header,
                                std::span<std::byte, frame_header_bytes_max> out) noexcept;

/// Cuts a stream of bytes into frames. Knows framing only: nothing of messages, text, the closing
/// handshake or limits on length; it allocates nothing and keeps no payload.
class FrameParser {
 public:
  explicit FrameParser(FrameRules rules) noexcept
      : role_(rules.role), rsv1_allowed_(rules.rsv1_allowed) {}

  /// From the next frame on: permessage-deflate was agreed on.
  void allow_rsv1() noexcept { rsv1_allowed_ = true; }
  FrameRules rules() const noexcept { return {role_, rsv1_allowed_}; }

  /// Consumes a prefix of `input` and returns at most one frame or piece, unmasked in place.
  /// nullopt: no further event in `input`; present what is left again, with new bytes behind it.
  /// What is left is less than a header, or than a whole control frame: at most 130 bytes.
  /// unexpected: the peer broke the named rule; said again by every further call.
  std::expected<std::optional<Frame>, Error> next(Bytes& input) noexcept;

  /// Whether the next byte begins a frame.
  bool between_frames() const noexcept { return state_ == State::between_frames; }
  /// How much of the payload that is being read is still to come.
  std::uint64_t payload_left() const noexcept {
    return state_ == State::in_payload ? rest_.payload_bytes : 0;
  }

 private:
  enum class State : std::uint8_t { between_frames, in_payload, failed };

  FrameHeader rest_;  // of the frame that is being read: see Frame::header
  Role role_ : 1;
  bool rsv1_allowed_ : 1;
  State state_ : 2 = State::between_frames;
  Error error_{};
};

}  // namespace duplex::websocket

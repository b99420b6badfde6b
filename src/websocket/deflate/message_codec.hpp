#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>

#include "websocket/deflate/effort.hpp"
#include "websocket/deflate/stream_deflater.hpp"
#include "websocket/deflate/stream_inflater.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/deflate_workspace.hpp>
#include <duplex/websocket/error.hpp>

namespace duplex::websocket {

/// permessage-deflate as one end does it: what both have agreed on, and how much work it puts into
/// it.
struct DeflateSides {
  DeflateEffort send;
  /// What is sent refers to messages before.
  bool send_keeps_window = false;
  /// What is received may refer so far back: 2 to this power bytes, 8 to 15.
  int receive_window_bits = 15;
  /// What is received may refer to messages before.
  bool receive_keeps_window = false;

  bool keeps_window() const noexcept { return send_keeps_window || receive_keeps_window; }
  friend bool operator==(const DeflateSides&, const DeflateSides&) = default;
};

/// What came of a piece of a message: all that it held, or what it held up to an error.
struct InflatedPiece {
  Bytes payload;
  std::optional<Error> error = std::nullopt;
};

/// Compresses and inflates messages for sessions.
///
/// Where no window is kept from one message to the next, and messages are whole, nothing in it is
/// one session's own: the workspace has one for all sessions that have agreed on the same. For a
/// window, and for as long as a message streams, a session has a codec for itself.
class MessageCodec {
 public:
  /// For one session (`shared` off) or many. Nothing is allocated for a window before it is needed.
  MessageCodec(DeflateWorkspace& workspace, const DeflateSides& sides, bool shared = false) noexcept
      : workspace_(&workspace), sides_(sides), shared_(shared) {}

  const DeflateSides& sides() const noexcept { return sides_; }
  /// Whether it is the workspace's, for all sessions.
  bool shared() const noexcept { return shared_; }
  DeflateWorkspace& workspace() noexcept { return *workspace_; }

  // The views of what all these return are of buffers of the workspace, and hold until the next
  // call of the same verb, of whatever session of the thread.

  /// The message that `compressed` holds; `receive_keeps_window` is off. No more than `bytes_max`
  /// are ever held: more is `message_too_big`.
  std::expected<Bytes, Error> inflate_whole(ConstBytes compressed, std::uint64_t bytes_max);
  /// What the next piece of the message holds, which has no more than `bytes_max` in all. Not for
  /// a codec that others use too.
  InflatedPiece inflate_piece(ConstBytes piece, bool last, std::uint64_t bytes_max);

  /// The payload of the frame for this message. With `send_keeps_window` it must be sent.
  ConstBytes deflate_whole(ConstBytes message);
  /// The payload of the frame for the next piece of a message. Not for a codec that others use too.
  ConstBytes deflate_piece(ConstBytes piece, bool last);

  /// Whether a message is under way, in or out.
  bool streams() const noexcept { return inflating_ || deflating_; }

 private:
  DeflateWorkspace* workspace_;
  DeflateSides sides_;
  bool shared_;
  std::unique_ptr<StreamInflater> inflater_;
  std::unique_ptr<StreamDeflater> deflater_;
  std::uint64_t inflated_bytes_ = 0;  // of the message that is under way
  bool inflating_ = false;
  bool deflating_ = false;
};

}  // namespace duplex::websocket

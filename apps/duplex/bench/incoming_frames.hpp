#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/error.hpp>
#include <duplex/websocket/frame_parser.hpp>

namespace duplex::app::bench {

/// A server's frames, cut out of what comes from the socket. Keeps what is less than a header, or
/// than a whole control frame, so that the buffer of what comes can be another connection's next.
class IncomingFrames {
 public:
  explicit IncomingFrames(bool rsv1_allowed = false)
      : parser_({websocket::Role::client, rsv1_allowed}) {}

  /// Calls `each(frame)` for each frame or piece of one in `input`, all of which it takes. An
  /// error: the server broke the rule, and nothing more is taken.
  template <class Each>
  std::optional<websocket::Error> feed(Bytes input, Each each) {
    while (!rest_.empty()) {
      const std::size_t before = rest_.size();
      const std::size_t more = std::min(input.size(), joined_bytes_max - before);
      rest_.append(as_text(input.first(more)));
      Bytes joined = std::as_writable_bytes(std::span(rest_));
      const auto frame = parser_.next(joined);
      if (!frame) return frame.error();
      if (!*frame) return std::nullopt;
      input = input.subspan(rest_.size() - joined.size() - before);
      each(**frame);
      rest_.clear();
    }
    while (true) {
      const auto frame = parser_.next(input);
      if (!frame) return frame.error();
      if (!*frame) break;
      each(**frame);
    }
    rest_.assign(as_text(input));
    return std::nullopt;
  }

  /// Whether the next byte begins a frame.
  bool between_frames() const noexcept { return rest_.empty() && parser_.between_frames(); }

 private:
  /// More than the parser ever leaves, so that with so much it finds something.
  static constexpr std::size_t joined_bytes_max = 256;

  websocket::FrameParser parser_;
  std::string rest_;
};

}  // namespace duplex::app::bench

#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <duplex/websocket/error.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// The reason of the close frame that tells the peer what it did wrong: `describe(error)`, and of a
/// message that is too big how big it may be. Text as a value, without memory of its own; at most
/// 123 bytes (RFC 6455 section 5.5).
class CloseReason {
 public:
  /// `message_bytes_max` is the limit of the session that refuses.
  CloseReason(Error error, std::uint64_t message_bytes_max) noexcept;

  std::string_view view() const noexcept { return {characters_.data(), size_}; }
  operator std::string_view() const noexcept { return view(); }

 private:
  std::array<char, control_payload_bytes_max - sizeof(CloseCode)> characters_{};
  std::uint8_t size_ = 0;
};

}  // namespace duplex::websocket

#pragma once

#include <cstdint>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/base/shared_bytes.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// A message encoded once, to be sent to many: immutable, as cheap to copy as a pointer, and
/// usable from any thread.
///
/// Today there is one wire form, a server's plain frame. A compressed form, when there is one,
/// stands beside it: a subscriber takes the form that its connection negotiated. A client can
/// share no wire form, since each of its frames has a key of its own (RFC 6455 section 5.3): it
/// writes `opcode()` and `payload()` as any message, and copies while it masks.
class PreparedMessage {
 public:
  /// A text message; `text` is copied. It should be UTF-8: the receiver closes otherwise.
  static PreparedMessage text(std::string_view text);

  /// A binary message; `payload` is copied.
  static PreparedMessage binary(ConstBytes payload);

  /// A message of the kind `opcode`, text or binary; `payload` is copied.
  static PreparedMessage of(Opcode opcode, ConstBytes payload) { return {opcode, payload}; }

  /// text or binary
  Opcode opcode() const noexcept { return opcode_; }

  /// What the application said; a view into `frame()`, valid as long as any reference to it.
  ConstBytes payload() const noexcept { return frame_.bytes().subspan(header_bytes_); }

  /// The whole frame as a server sends it: header and unmasked payload, in one piece.
  const SharedBytes& frame() const noexcept { return frame_; }

 private:
  PreparedMessage(Opcode opcode, ConstBytes payload);

  SharedBytes frame_;
  Opcode opcode_;
  std::uint8_t header_bytes_ = 0;
};

}  // namespace duplex::websocket

#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <duplex/base/bytes.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::connection {

/// A message as a view: holds until the call that was given it returns.
class Message {
 public:
  Message(websocket::Opcode opcode, ConstBytes payload) noexcept
      : payload_(payload), opcode_(opcode) {}

  bool is_text() const noexcept { return opcode_ == websocket::Opcode::text; }
  websocket::Opcode opcode() const noexcept { return opcode_; }
  /// The payload as text; valid UTF-8 when the message came as text.
  std::string_view text() const noexcept { return as_text(payload_); }
  ConstBytes bytes() const noexcept { return payload_; }

 private:
  ConstBytes payload_;
  websocket::Opcode opcode_;
};

/// A piece of a message, as a view: holds until the call that was given it returns.
struct Chunk {
  websocket::Opcode opcode;  ///< text or binary, the same for all pieces of a message
  ConstBytes payload;        ///< may be empty; the pieces of text may cut a character
  bool first;
  bool last;
};

/// A message that owns its payload: what a coroutine receives.
class OwnedMessage {
 public:
  explicit OwnedMessage(Message message) : payload_(message.text()), opcode_(message.opcode()) {}

  bool is_text() const noexcept { return opcode_ == websocket::Opcode::text; }
  websocket::Opcode opcode() const noexcept { return opcode_; }
  std::string_view text() const noexcept { return payload_; }
  ConstBytes bytes() const noexcept { return as_bytes(payload_); }
  /// Gives the payload away.
  std::string take() && noexcept { return std::move(payload_); }

  operator Message() const noexcept { return {opcode_, bytes()}; }

 private:
  std::string payload_;
  websocket::Opcode opcode_;
};

/// A piece of a message that owns its payload: what a coroutine receives that takes messages as
/// they arrive.
class OwnedChunk {
 public:
  explicit OwnedChunk(const Chunk& chunk)
      : piece_(Message(chunk.opcode, chunk.payload)), first_(chunk.first), last_(chunk.last) {}

  /// Opcode and payload. The pieces of text may cut a character.
  const OwnedMessage& piece() const& noexcept { return piece_; }
  OwnedMessage&& piece() && noexcept { return std::move(piece_); }
  bool first() const noexcept { return first_; }
  bool last() const noexcept { return last_; }

 private:
  OwnedMessage piece_;
  bool first_;
  bool last_;
};

}  // namespace duplex::connection

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/base/utf8.hpp>
#include <duplex/websocket/close_code.hpp>
#include <duplex/websocket/close_reason.hpp>
#include <duplex/websocket/closing.hpp>
#include <duplex/websocket/compression.hpp>
#include <duplex/websocket/deflate_options.hpp>
#include <duplex/websocket/deflate_parameters.hpp>
#include <duplex/websocket/deflate_workspace.hpp>
#include <duplex/websocket/error.hpp>
#include <duplex/websocket/frame.hpp>
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/mask_source.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::websocket {

/// What all sessions of an endpoint have in common; each session only points to it.
struct SessionOptions {
  Role role = Role::server;
  /// Payload of one message, all fragments together; more fails with `message_too_big` (1009).
  /// With `deliver_chunks` the limit still holds for the sum of the chunks.
  std::uint64_t message_bytes_max = std::uint64_t{1024} * 1024;
  /// Hand out pieces of messages as they come instead of collecting whole messages.
  bool deliver_chunks = false;
  /// Report every frame that begins, before what it carries: for tools that show the wire.
  bool report_frames = false;
  /// Where a client takes the keys that each of its frames is masked with, pongs and close frames
  /// too (RFC 6455 section 5.3). Needed by clients only; borrowed.
  MaskSource* masks = nullptr;
  /// How messages are compressed once `enable_deflate` was called: its level, its threshold, and
  /// whether the window of what we send is kept, if that was agreed on.
  DeflateOptions deflate = {};
};

/// One WebSocket, as a value: bytes in; messages, and bytes to send, out (RFC 6455 sections 5 to
/// 7).
///
/// Collects fragments into messages, validates text, answers pings, runs the closing handshake and
/// refuses whatever breaks a rule. Knows nothing of sockets, time or what carries it. Both
/// directions are independent: what is written does not touch what is being read.
class Session {
 public:
  /// A whole message.
  struct Message {
    Opcode opcode;  ///< text or binary
    Bytes payload;
  };
  /// A piece of a message, when `deliver_chunks` is on; the pieces of text may cut a character.
  struct Chunk {
    Opcode opcode;  ///< text or binary, the same for all pieces of a message
    Bytes payload;
    bool first;
    bool last;
  };
  /// A ping, which has been answered already unless our close frame is out.
  struct Ping {
    Bytes payload;
  };
  struct Pong {
    Bytes payload;
  };
  /// The peer's close frame. If we had not sent one, the answer has been written, and the
  /// connection may be closed when all is sent (by the server: RFC 6455 section 7.1.1).
  struct Closed {
    CloseCode code;  ///< no_status when the frame had none
    std::string_view reason;
  };
  /// A frame begins, when `report_frames` is on.
  struct FrameSeen {
    FrameHeader header;
  };
  using Event = std::variant<Message, Chunk, Ping, Pong, Closed, FrameSeen>;

  /// `options` is borrowed and must outlive the session.
  explicit Session(const SessionOptions& options) noexcept;

  /// permessage-deflate was agreed on by the handshake (RFC 7692): from here on messages may come
  /// compressed, and are sent so. To be called before any byte. `workspace` is borrowed and must
  /// outlive the session; where no windows are kept, there is nothing that belongs to the session
  /// alone but a pointer. A compressed message counts by what it inflates to: no more than
  /// `message_bytes_max` of it are ever held. Where it is collected before (no window is kept, and
  /// no chunks are delivered) it may be longer by a 64th and 1 KiB on the wire.
  void enable_deflate(const DeflateParameters& agreed, DeflateWorkspace& workspace);

  /// The workspace goes before the session does: after this nothing may be read or written.
  void leave_workspace() noexcept { codec_.reset(); }

  /// Consumes a prefix of `input` and returns at most one event. What has to be sent in answer
  /// (pongs, close frames) is appended to `output`.
  /// nullopt: no further event in `input`; present what is left again, with new bytes behind it.
  /// unexpected: the peer broke the named rule; the close frame that says so is in `output`, and
  /// this object refuses all further input.
  /// Views in the event point into `input`'s buffer (unmasked in place) or into the session, and
  /// hold until the next call, which also frees the memory of a message that was collected: call
  /// until there is no event. Those of a message that came compressed hold until the next call of
  /// any session of the same workspace. After the peer's close frame all input is consumed and
  /// ignored.
  std::expected<std::optional<Event>, Error> next(Bytes& input, ByteQueue& output) noexcept;

  /// Of the `error` that `next` has returned, what the close frame says.
  CloseReason reason_of(Error error) const noexcept { return {error, options_->message_bytes_max}; }

  /// The shortcut for the message that nearly all are, when it is what `next` would return: whole
  /// in one frame of less than 64 KiB, not compressed. Needs none of the state by which others are
  /// put together, and takes a quarter of the time. nullopt says nothing: call `next`.
  std::optional<Message> next_message(Bytes& input) noexcept;

  /// Whether a long message is being collected, of which so much is to come that it is worth while
  /// to put that into `input_room`.
  bool has_input_room() const noexcept {
    return assembly_ && !compressed_ && parser_.payload_left() >= placed_bytes_min;
  }
  /// How much the message has that is being read, as far as its frames have said: on the wire, and
  /// with what is still to come of the last of them.
  std::uint64_t message_bytes() const noexcept { return message_bytes_; }
  /// Where to put the next bytes of input, so that they need not be copied: behind what has come of
  /// the message. Present them to `next` from there. Only with `has_input_room`; holds until the
  /// next call.
  Bytes input_room() noexcept;

  /// Whether `next` may have something to do: false when there is no input, and no memory of a
  /// message to be freed.
  bool wants_next(ConstBytes input) const noexcept { return !input.empty() || message_delivered_; }

  /// Whether messages may still be written: no close frame has been sent.
  bool can_send() const noexcept { return closing_ == Closing::open; }

  /// Whether a message that is written in fragments is open, so that no other can be written.
  bool streaming() const noexcept { return streaming_; }

  /// Whether the peer's close frame, or an error, has ended what we read.
  bool done_reading() const noexcept {
    return closing_ == Closing::closed || closing_ == Closing::close_received;
  }

  /// How far the closing handshake is. `closed` means that nothing follows: see `hang_up`.
  Closing closing() const noexcept { return closing_; }

  /// Whether to end the connection below as soon as all is sent (RFC 6455 sections 7.1.1 and
  /// 7.1.7): always when all is over, but for a client after a closing handshake. It waits, for
  /// a time that it limits, until the server has ended the connection.
  bool hang_up() const noexcept {
    return closing_ == Closing::closed && (failed_ || options_->role == Role::server);
  }

  /// Appends a whole message to `output` as one frame. A client copies and masks `payload` in one
  /// pass. Not while a streamed message is open, nor after a close frame: then
  /// nothing is written and the answer is false.
  bool write_message(Opcode opcode, ConstBytes payload, ByteQueue& output,
                     Compression compression = Compression::by_size) noexcept;

  /// Whether `write_message` would try to compress a message of so many bytes.
  bool compresses(std::size_t payload_bytes, Compression compression) const noexcept;

  /// The frame in which this session would send `message`, as it is shared with all that would send
  /// the same; nullopt when this one has its own (it keeps a window of what it sent, or is a
  /// client's), and `write_message` must write it.
  std::optional<SharedBytes> shared_frame(const PreparedMessage& message) noexcept;

  /// Appends the header alone of an unmasked and uncompressed whole message whose `payload_bytes`
  /// bytes follow by another way (from the sender's own memory, without a copy). Servers only.
  /// False as above.
  bool write_message_header(Opcode opcode, std::uint64_t payload_bytes, ByteQueue& output) noexcept;

  /// Appends one fragment of a streamed message; `opcode` and `compression` count for the first one
  /// only, whose size decides where that is to decide. What is compressed can be inflated up to the
  /// end of each fragment. False after a close frame.
  bool write_fragment(Opcode opcode, ConstBytes payload, bool last, ByteQueue& output,
                      Compression compression = Compression::by_size) noexcept;

  /// Appends a ping with at most 125 bytes of payload. False after a close frame, or if longer.
  bool write_ping(ConstBytes payload, ByteQueue& output) noexcept;

  /// Begins the closing handshake: appends a close frame, once. A code that may not be sent
  /// (RFC 6455 section 7.4.1) counts as `normal`; `reason` is cut at a character to fit 123 bytes.
  /// `CloseCode::no_status` sends a frame without a body. False when one was sent before.
  bool write_close(CloseCode code, std::string_view reason, ByteQueue& output) noexcept;

 private:
  /// Less is not worth a system call of its own. It is also what room is made for ahead of what has
  /// come, so that a peer which says that a message is long can have that much reserved.
  static constexpr std::size_t placed_bytes_min = std::size_t{64} * 1024;

  /// The bytes of a message that has come in part: one block, grown as they arrive.
  struct Assembly;
  struct FreeAssembly {
    void operator()(Assembly* assembly) const noexcept;
  };
  /// Deletes a codec that is one session's own.
  struct ReleaseCodec {
    void operator()(MessageCodec* codec) const noexcept;
  };
  using NextEvent = std::expected<std::optional<Event>, Error>;

  bool expects_message() const noexcept {
    return parser_.between_frames() && message_opcode_ == Opcode::continuation && !failed_ &&
           !done_reading() && !options_->deliver_chunks && !options_->report_frames;
  }
  NextEvent take_frame(const Frame& frame, ByteQueue& output) noexcept;
  NextEvent take_data(const Frame& frame) noexcept;
  NextEvent take_compressed(const Frame& frame, bool last) noexcept;
  NextEvent take_payload(Bytes payload, bool last, std::uint64_t bytes_to_come) noexcept;
  NextEvent take_close(Bytes body, ByteQueue& output) noexcept;
  std::optional<Error> begin_data_frame(const FrameHeader& header) noexcept;
  NextEvent fail(Error error, ByteQueue& output) noexcept;
  void collect(Bytes piece, std::uint64_t bytes_to_come) noexcept;
  void make_room(std::size_t size, std::uint64_t bytes_to_come) noexcept;
  std::uint64_t wire_bytes_max() const noexcept;
  bool inflates_pieces() const noexcept;
  bool expands(ConstBytes input) const noexcept;
  MessageCodec& own_codec();
  void share_codec_again() noexcept;
  void write_plain_message(Opcode opcode, ConstBytes payload, ByteQueue& output) noexcept;
  void write_frame(FrameHeader header, ConstBytes payload, ByteQueue& output) noexcept;
  void write_close_frame(CloseCode code, std::string_view reason, ByteQueue& output) noexcept;

  const SessionOptions* options_;
  // Without its own address, so that the small members behind it fill its padding: a server has
  // one session for each of its idle connections.
  [[no_unique_address]] FrameParser parser_;
  Utf8Validator utf8_;
  Closing closing_ = Closing::open;
  Opcode message_opcode_ = Opcode::continuation;  // of the message being read; else continuation
  Error error_{};
  bool failed_ : 1 = false;
  bool frame_reported_ : 1 = false;     // the next frame has been told about
  bool chunk_delivered_ : 1 = false;    // a piece of the message being read was handed out
  bool message_delivered_ : 1 = false;  // assembly_ is the caller's until the next call
  bool streaming_ : 1 = false;          // a message that we write in fragments is open
  bool compressed_ : 1 = false;         // the message being read is
  bool compressing_ : 1 = false;        // the message that we write in fragments is compressed
  std::unique_ptr<Assembly, FreeAssembly> assembly_;  // as it came, or inflated
  // Null when there is no compression; shared with others when no window is kept.
  std::unique_ptr<MessageCodec, ReleaseCodec> codec_;
  std::uint64_t message_bytes_ = 0;
};

}  // namespace duplex::websocket

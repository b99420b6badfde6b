#include <algorithm>
#include <cassert>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "base/spare_blocks.hpp"
#include "websocket/deflate/message_codec.hpp"
#include "websocket/mask_short.hpp"
#include <duplex/websocket/mask.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {

namespace {

/// Beside messages that grow by being compressed, a little and a 64th.
constexpr std::uint64_t compression_loss_bytes_max = 1024;

/// What is inflated at a time where messages are not collected: it may become a thousand times as
/// much, and all of that is one chunk.
constexpr std::size_t expanding_bytes_max = std::size_t{4} * 1024;

/// Stands for a message whose size nobody knows before its end.
constexpr std::uint64_t unknown_size = UINT64_MAX;

/// What a close frame has room for behind its code.
constexpr std::size_t reason_bytes_max = control_payload_bytes_max - 2;

/// `reason` as it may be sent: UTF-8, cut between characters to fit.
std::string_view fitting_reason(std::string_view reason) noexcept {
  if (!is_valid_utf8(as_bytes(reason))) return {};
  if (reason.size() <= reason_bytes_max) return reason;
  std::size_t size = reason_bytes_max;
  while ((static_cast<std::uint8_t>(reason[size]) & 0xC0U) == 0x80U) --size;
  return reason.substr(0, size);
}

}  // namespace

/// The block begins with this and goes on with `capacity` bytes, of which `size` are there.
struct Session::Assembly {
  std::size_t size;
  std::size_t capacity;

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

void Session::FreeAssembly::operator()(Assembly* assembly) const noexcept {
  SpareBlocks::give_back({assembly, sizeof(Assembly) + assembly->capacity});
}

Session::Session(const SessionOptions& options) noexcept
    : options_(&options), parser_(options.role) {}

void Session::ReleaseCodec::operator()(MessageCodec* codec) const noexcept {
  if (!codec->shared()) delete codec;
}

void Session::enable_deflate(const DeflateParameters& agreed, DeflateWorkspace& workspace) {
  const bool server = options_->role == Role::server;
  const DeflateOptions& options = options_->deflate;
  const bool send_anew =
      server ? agreed.server_no_context_takeover : agreed.client_no_context_takeover;
  const bool receive_anew =
      server ? agreed.client_no_context_takeover : agreed.server_no_context_takeover;
  DeflateSides sides{
      .send = {.level = options.level,
               .window_bits =
                   server ? agreed.server_max_window_bits : agreed.client_max_window_bits},
      .send_keeps_window = options.keep_send_window && !send_anew,
      .receive_keeps_window = !receive_anew,
  };
  if (sides.receive_keeps_window) {
    sides.receive_window_bits =
        server ? agreed.client_max_window_bits : agreed.server_max_window_bits;
  }
  codec_.reset(sides.keeps_window() ? new MessageCodec(workspace, sides)
                                    : &workspace.shared_codec(sides));
  parser_.allow_rsv1();
}

Session::NextEvent Session::next(Bytes& input, ByteQueue& output) noexcept {
  if (message_delivered_) {
    message_delivered_ = false;
    assembly_.reset();
  }
  if (failed_) return std::unexpected(error_);
  if (done_reading()) {
    input = input.last(0);
    return std::nullopt;
  }

  while (!input.empty()) {
    if (const auto message = next_message(input)) return *message;
    if (options_->report_frames && !frame_reported_ && parser_.between_frames()) {
      const auto parsed = parse_frame_header(input, parser_.rules());
      if (parsed && *parsed) {
        frame_reported_ = true;
        return FrameSeen{(*parsed)->header};
      }
    }
    Bytes offered =
        expands(input) ? input.first(std::min(input.size(), expanding_bytes_max)) : input;
    const std::size_t offered_bytes = offered.size();
    const auto frame = parser_.next(offered);
    input = input.subspan(offered_bytes - offered.size());
    if (!frame) return fail(frame.error(), output);
    if (!*frame) return std::nullopt;
    frame_reported_ = false;
    auto event = take_frame(**frame, output);
    if (!event) return fail(event.error(), output);
    if (*event) return event;
  }
  return std::nullopt;
}

std::optional<Session::Message> Session::next_message(Bytes& input) noexcept {
  constexpr std::uint8_t final_text = 0x81;
  constexpr std::uint8_t final_binary = 0x82;
  constexpr std::size_t two_byte_length = 126;
  if (!expects_message()) return std::nullopt;
  const bool masked = options_->role == Role::server;
  std::size_t header_bytes = masked ? 2 + sizeof(MaskKey) : 2;
  if (input.size() < header_bytes) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(input[0]);
  if (first != final_text && first != final_binary) return std::nullopt;
  // Above 127 when the mask bit is wrong.
  std::size_t length = std::to_integer<std::size_t>(input[1]) ^ (masked ? 0x80U : 0U);
  if (length > control_payload_bytes_max) {
    if (length != two_byte_length || input.size() < header_bytes + 2) return std::nullopt;
    header_bytes += 2;
    length = std::to_integer<std::size_t>(input[2]) << 8U | std::to_integer<std::size_t>(input[3]);
    if (length < two_byte_length) return std::nullopt;
  }
  if (input.size() - header_bytes < length || length > options_->message_bytes_max) {
    return std::nullopt;
  }
  const Bytes payload = input.subspan(header_bytes, length);
  MaskKey key{};
  if (masked) {
    std::memcpy(key.data(), payload.data() - key.size(), key.size());
    if (length <= control_payload_bytes_max) {
      mask_short(payload, key);
    } else {
      apply_mask(payload, key);
    }
  }
  if (first == final_text && !is_valid_utf8(payload)) {
    // As it came, for `next` to refuse.
    apply_mask(payload, key);
    return std::nullopt;
  }
  input = input.subspan(header_bytes + length);
  return Message{.opcode = first == final_text ? Opcode::text : Opcode::binary, .payload = payload};
}

Session::NextEvent Session::take_frame(const Frame& frame, ByteQueue& output) noexcept {
  switch (frame.header.opcode) {
    case Opcode::continuation:
    case Opcode::text:
    case Opcode::binary: return take_data(frame);
    case Opcode::close: return take_close(frame.payload, output);
    case Opcode::ping:
      if (can_send()) write_frame({.opcode = Opcode::pong}, frame.payload, output);
      return Ping{frame.payload};
    case Opcode::pong: return Pong{frame.payload};
  }
  std::unreachable();
}

std::optional<Error> Session::begin_data_frame(const FrameHeader& header) noexcept {
  const bool inside_message = message_opcode_ != Opcode::continuation;
  if (header.opcode == Opcode::continuation) {
    if (!inside_message) return Error::continuation_without_start;
  } else {
    if (inside_message) return Error::message_inside_message;
    message_opcode_ = header.opcode;
    compressed_ = header.rsv1;
  }
  // As soon as the header says it: nothing of a payload that is refused anyway is waited for.
  if (header.payload_bytes > wire_bytes_max() - message_bytes_) return Error::message_too_big;
  message_bytes_ += header.payload_bytes;
  return std::nullopt;
}

/// What a message that is within the limit may take on the wire. What is inflated as it comes is
/// counted when it is, and may take any number of bytes for that.
std::uint64_t Session::wire_bytes_max() const noexcept {
  const std::uint64_t bytes_max = options_->message_bytes_max;
  if (!compressed_) return bytes_max;
  if (inflates_pieces()) return UINT64_MAX;
  const std::uint64_t loss_bytes_max = bytes_max / 64 + compression_loss_bytes_max;
  return bytes_max > UINT64_MAX - loss_bytes_max ? UINT64_MAX : bytes_max + loss_bytes_max;
}

/// Whether what is compressed is inflated as it comes, instead of when it is there as a whole.
bool Session::inflates_pieces() const noexcept {
  return options_->deliver_chunks || codec_->sides().receive_keeps_window;
}

/// Whether all of `input` may be too much to inflate at a time.
bool Session::expands(ConstBytes input) const noexcept {
  if (!codec_ || !options_->deliver_chunks || input.empty()) return false;
  const bool compressed_begins =
      parser_.between_frames() && (input[0] & std::byte{0x40}) != std::byte{0};
  return compressed_ || compressed_begins;
}

Session::NextEvent Session::take_data(const Frame& frame) noexcept {
  if (frame.begins) {
    if (const auto error = begin_data_frame(frame.header)) return std::unexpected(*error);
  }
  const bool last = frame.ends && frame.header.fin;
  if (compressed_) return take_compressed(frame, last);
  return take_payload(frame.payload, last,
                      frame.header.fin ? frame.header.payload_bytes : unknown_size);
}

Session::NextEvent Session::take_compressed(const Frame& frame, bool last) noexcept {
  if (inflates_pieces()) {
    const auto [payload, error] =
        own_codec().inflate_piece(frame.payload, last, options_->message_bytes_max);
    if (last) share_codec_again();
    if (!error) return take_payload(payload, last, unknown_size);
    // Had it come in smaller pieces, a fault in the text before would have been found first.
    const bool valid = message_opcode_ != Opcode::text || utf8_.feed(payload);
    return std::unexpected(valid ? *error : Error::text_not_utf8);
  }
  Bytes compressed = frame.payload;
  if (!last || assembly_) {
    collect(compressed, frame.header.fin ? frame.header.payload_bytes : unknown_size);
    if (!last) return std::nullopt;
    if (assembly_) compressed = {assembly_->data(), assembly_->size};
  }
  const auto payload = codec_->inflate_whole(compressed, options_->message_bytes_max);
  assembly_.reset();
  if (!payload) return std::unexpected(payload.error());
  return take_payload(*payload, true, payload->size());
}

/// Takes what the application is to get: the next piece of a message, of which so many bytes are
/// still to come, with this piece.
Session::NextEvent Session::take_payload(Bytes payload, bool last,
                                         std::uint64_t bytes_to_come) noexcept {
  const Opcode opcode = message_opcode_;
  if (opcode == Opcode::text) {
    // The bytes are in the cache: they have just been unmasked, or inflated.
    const bool valid = last && utf8_.complete()
                           ? is_valid_utf8(payload)
                           : utf8_.feed(payload) && (!last || utf8_.complete());
    if (!valid) return std::unexpected(Error::text_not_utf8);
  }
  if (last) {
    message_opcode_ = Opcode::continuation;
    message_bytes_ = 0;
    compressed_ = false;
  }

  if (options_->deliver_chunks) {
    if (payload.empty() && !last) return std::nullopt;
    const bool first = !chunk_delivered_;
    chunk_delivered_ = !last;
    return Chunk{.opcode = opcode, .payload = payload, .first = first, .last = last};
  }

  if (last && !assembly_) return Message{.opcode = opcode, .payload = payload};
  collect(payload, bytes_to_come);
  if (!last) return std::nullopt;
  message_delivered_ = true;
  return Message{.opcode = opcode, .payload = {assembly_->data(), assembly_->size}};
}

/// Appends a piece to what has come, behind which there will be no more than `bytes_to_come`, with
/// this piece.
void Session::collect(Bytes piece, std::uint64_t bytes_to_come) noexcept {
  if (piece.empty()) return;
  // See `input_room`. Where that ends, memory of others may begin, in which a piece lies, too.
  const bool placed = assembly_ && assembly_->size < assembly_->capacity &&
                      piece.data() == assembly_->data() + assembly_->size;
  if (!placed) {
    make_room(piece.size(), bytes_to_come);
    std::memcpy(assembly_->data() + assembly_->size, piece.data(), piece.size());
  }
  assembly_->size += piece.size();
}

/// Has the assembly take `size` more bytes, the first of `bytes_to_come`.
void Session::make_room(std::size_t size, std::uint64_t bytes_to_come) noexcept {
  const std::size_t held = assembly_ ? assembly_->size : 0;
  const std::size_t needed = held + size;
  if (assembly_ && needed <= assembly_->capacity) return;
  std::uint64_t capacity = std::uint64_t{needed} * 2;
  if (bytes_to_come != unknown_size) {
    const std::uint64_t whole = held + bytes_to_come;
    // Memory that is there anyway may be claimed.
    const SpareBlocks::Block spare = SpareBlocks::take(sizeof(Assembly) + whole);
    if (spare.memory != nullptr) {
      auto* const assembly =
          new (spare.memory) Assembly{.size = held, .capacity = spare.size - sizeof(Assembly)};
      if (held > 0) std::memcpy(assembly->data(), assembly_->data(), held);
      return assembly_.reset(assembly);
    }
    capacity = grown_capacity(needed, whole);
  }
  void* block = std::realloc(assembly_.release(), sizeof(Assembly) + capacity);
  if (block == nullptr) std::terminate();  // as a bad_alloc on the data path does
  assembly_.reset(new (block) Assembly{.size = held, .capacity = capacity});
}

Bytes Session::input_room() noexcept {
  const std::uint64_t left = parser_.payload_left();
  make_room(placed_bytes_min, left);
  const std::size_t room = assembly_->capacity - assembly_->size;
  return {assembly_->data() + assembly_->size,
          static_cast<std::size_t>(std::min<std::uint64_t>(room, left))};
}

/// The codec, when it is to keep something from one call to the next.
MessageCodec& Session::own_codec() {
  if (codec_->shared()) codec_.reset(new MessageCodec(codec_->workspace(), codec_->sides()));
  return *codec_;
}

/// Gives up what was needed for a message that streamed.
void Session::share_codec_again() noexcept {
  if (codec_->streams() || codec_->sides().keeps_window()) return;
  codec_.reset(&codec_->workspace().shared_codec(codec_->sides()));
}

Session::NextEvent Session::take_close(Bytes body, ByteQueue& output) noexcept {
  Closed closed{.code = CloseCode::no_status, .reason = {}};
  if (body.size() == 1) return std::unexpected(Error::close_body_too_short);
  if (!body.empty()) {
    closed.code = static_cast<CloseCode>(std::to_integer<unsigned>(body[0]) << 8U |
                                         std::to_integer<unsigned>(body[1]));
    closed.reason = as_text(body.subspan(2));
    if (!may_be_received(closed.code)) return std::unexpected(Error::close_code_not_allowed);
    if (!is_valid_utf8(as_bytes(closed.reason))) {
      return std::unexpected(Error::close_reason_not_utf8);
    }
  }
  const ClosingStep step = closing_step(options_->role, closing_, ClosingEvent::peer_closes);
  closing_ = step.next;
  assembly_.reset();
  // The answer repeats the code, as is usual (RFC 6455 section 5.5.1).
  if (step.answer) write_close(closed.code, {}, output);
  return closed;
}

Session::NextEvent Session::fail(Error error, ByteQueue& output) noexcept {
  const ClosingStep step = closing_step(options_->role, closing_, ClosingEvent::peer_breaks_a_rule);
  if (step.answer) write_close_frame(close_code_of(error), reason_of(error), output);
  closing_ = step.next;
  failed_ = true;
  error_ = error;
  assembly_.reset();
  return std::unexpected(error);
}

bool Session::compresses(std::size_t payload_bytes, Compression compression) const noexcept {
  // Who may not use a window that there is none as small of sends all as it is.
  if (!codec_ || codec_->sides().send.window_bits < compressor_window_bits_min) return false;
  switch (compression) {
    case Compression::by_size: return payload_bytes >= options_->deflate.threshold_bytes;
    case Compression::never: return false;
    case Compression::always: return true;
  }
  std::unreachable();
}

bool Session::write_message(Opcode opcode, ConstBytes payload, ByteQueue& output,
                            Compression compression) noexcept {
  if (!can_send() || streaming_) return false;
  if (!codec_ && options_->role == Role::server) {
    write_plain_message(opcode, payload, output);
    return true;
  }
  FrameHeader header{.opcode = opcode};
  if (compresses(payload.size(), compression)) {
    const ConstBytes compressed = codec_->deflate_whole(payload);
    // What was added to a window that the peer keeps as well has to get there.
    header.rsv1 = compressed.size() < payload.size() || codec_->sides().send_keeps_window ||
                  compression == Compression::always;
    if (header.rsv1) payload = compressed;
  }
  write_frame(header, payload, output);
  return true;
}

void Session::write_plain_message(Opcode opcode, ConstBytes payload, ByteQueue& output) noexcept {
  const Bytes room = output.prepare(frame_header_bytes_max + payload.size());
  std::size_t size = 2;
  if (payload.size() <= control_payload_bytes_max) {
    room[0] = std::byte{0x80} | static_cast<std::byte>(opcode);
    room[1] = static_cast<std::byte>(payload.size());
  } else {
    size = encode_frame_header({.opcode = opcode, .payload_bytes = payload.size()},
                               room.first<frame_header_bytes_max>());
  }
  if (!payload.empty()) std::memcpy(room.data() + size, payload.data(), payload.size());
  output.commit(size + payload.size());
}

std::optional<SharedBytes> Session::shared_frame(const PreparedMessage& message) noexcept {
  if (options_->role == Role::client) return std::nullopt;
  if (!compresses(message.payload().size(), message.compression())) return message.frame();
  if (codec_->sides().send_keeps_window) return std::nullopt;
  DeflateWorkspace& workspace = codec_->workspace();
  return message.compressed_frame(codec_->sides().send, workspace.whole_deflater(),
                                  workspace.waiting_);
}

bool Session::write_message_header(Opcode opcode, std::uint64_t payload_bytes,
                                   ByteQueue& output) noexcept {
  if (!can_send() || streaming_ || options_->role == Role::client) return false;
  const Bytes room = output.prepare(frame_header_bytes_max);
  output.commit(encode_frame_header({.opcode = opcode, .payload_bytes = payload_bytes},
                                    room.first<frame_header_bytes_max>()));
  return true;
}

bool Session::write_fragment(Opcode opcode, ConstBytes payload, bool last, ByteQueue& output,
                             Compression compression) noexcept {
  if (!streaming_ && last) return write_message(opcode, payload, output, compression);
  if (!can_send()) return false;
  FrameHeader header{.opcode = streaming_ ? Opcode::continuation : opcode, .fin = last};
  if (!streaming_) {
    compressing_ = compresses(payload.size(), compression);
    header.rsv1 = compressing_;
  }
  streaming_ = !last;
  if (compressing_) {
    payload = own_codec().deflate_piece(payload, last);
    if (last) share_codec_again();
  }
  write_frame(header, payload, output);
  return true;
}

bool Session::write_ping(ConstBytes payload, ByteQueue& output) noexcept {
  if (!can_send() || payload.size() > control_payload_bytes_max) return false;
  write_frame({.opcode = Opcode::ping}, payload, output);
  return true;
}

bool Session::write_close(CloseCode code, std::string_view reason, ByteQueue& output) noexcept {
  const ClosingStep step = closing_step(options_->role, closing_, ClosingEvent::we_close);
  if (!step.counts) return false;
  closing_ = step.next;
  write_close_frame(code, reason, output);
  return true;
}

void Session::write_close_frame(CloseCode code, std::string_view reason,
                                ByteQueue& output) noexcept {
  std::byte body[control_payload_bytes_max];
  std::size_t size = 0;
  if (code != CloseCode::no_status) {
    const std::uint16_t value = number(may_be_sent(code) ? code : CloseCode::normal);
    const ConstBytes text = as_bytes(fitting_reason(reason));
    body[0] = static_cast<std::byte>(value >> 8U);
    body[1] = static_cast<std::byte>(value & 0xFFU);
    std::ranges::copy(text, body + 2);
    size = 2 + text.size();
  }
  write_frame({.opcode = Opcode::close}, {body, size}, output);
}

void Session::write_frame(FrameHeader header, ConstBytes payload, ByteQueue& output) noexcept {
  header.payload_bytes = payload.size();
  if (options_->role == Role::client) {
    assert(options_->masks != nullptr);
    header.masked = true;
    header.mask_key = options_->masks->next();
  }
  const Bytes room = output.prepare(frame_header_bytes_max + payload.size());
  const std::size_t size = encode_frame_header(header, room.first<frame_header_bytes_max>());
  if (header.masked) {
    apply_mask(payload, room.data() + size, header.mask_key);
  } else if (!payload.empty()) {
    std::memcpy(room.data() + size, payload.data(), payload.size());
  }
  output.commit(size + payload.size());
}

}  // namespace duplex::websocket

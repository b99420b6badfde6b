#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "websocket/deflate/whole_deflater.hpp"
#include <duplex/websocket/frame_parser.hpp>
#include <duplex/websocket/prepared_message.hpp>

namespace duplex::websocket {

namespace {

SharedBytes frame_of(const FrameHeader& header, ConstBytes payload) {
  std::array<std::byte, frame_header_bytes_max> encoded;
  const std::size_t size = encode_frame_header(header, encoded);
  return SharedBytes::concatenation({ConstBytes(encoded).first(size), payload});
}

}  // namespace

struct PreparedMessage::Content {
  struct Compressed {
    DeflateEffort effort;
    SharedBytes frame;
  };

  SharedBytes frame;
  std::size_t payload_bytes = 0;
  Opcode opcode = Opcode::text;
  Compression compression = Compression::by_size;
  // Few: there are seven sizes of windows, and most endpoints have one level.
  std::mutex compressed_mutex;
  std::vector<Compressed> compressed;
};

PreparedMessage PreparedMessage::text(std::string_view text, Compression compression) {
  return {Opcode::text, as_bytes(text), compression};
}

PreparedMessage PreparedMessage::binary(ConstBytes payload, Compression compression) {
  return {Opcode::binary, payload, compression};
}

PreparedMessage::PreparedMessage(Opcode opcode, ConstBytes payload, Compression compression)
    : content_(std::make_shared<Content>()) {
  content_->frame = frame_of({.opcode = opcode, .payload_bytes = payload.size()}, payload);
  content_->payload_bytes = payload.size();
  content_->opcode = opcode;
  content_->compression = compression;
}

Opcode PreparedMessage::opcode() const noexcept {
  return content_->opcode;
}

Compression PreparedMessage::compression() const noexcept {
  return content_->compression;
}

ConstBytes PreparedMessage::payload() const noexcept {
  return content_->frame.bytes().last(content_->payload_bytes);
}

const SharedBytes& PreparedMessage::frame() const noexcept {
  return content_->frame;
}

SharedBytes PreparedMessage::compressed_frame(const DeflateEffort& effort,
                                              WholeDeflater& deflater) const {
  // Held while compressing: another thread that wants the same waits for it instead of doing it
  // again.
  const std::lock_guard lock(content_->compressed_mutex);
  const auto made = std::ranges::find(content_->compressed, effort, &Content::Compressed::effort);
  if (made != content_->compressed.end()) return made->frame;

  ByteQueue compressed;
  deflater.deflate(payload(), effort, compressed);
  SharedBytes frame = content_->frame;
  if (compressed.size() < content_->payload_bytes || compression() == Compression::always) {
    frame = frame_of({.opcode = opcode(), .rsv1 = true, .payload_bytes = compressed.size()},
                     compressed.content());
  }
  content_->compressed.push_back({.effort = effort, .frame = frame});
  return frame;
}

}  // namespace duplex::websocket

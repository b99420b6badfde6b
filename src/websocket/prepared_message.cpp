#include <array>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <utility>

#include "websocket/deflate/whole_deflater.hpp"
#include <duplex/websocket/deflate_workspace.hpp>
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

/// A compressed frame, made by the thread that has asked for it first.
struct PreparedMessage::CompressedForm {
  DeflateEffort effort;
  SharedBytes frame = {};  // once it is `made`
  std::atomic<bool> made = false;
  CompressedForm* next = nullptr;
};

struct PreparedMessage::Content {
  Content(Opcode its_opcode, ConstBytes payload, Compression its_compression)
      : frame(frame_of({.opcode = its_opcode, .payload_bytes = payload.size()}, payload)),
        payload_bytes(payload.size()),
        opcode(its_opcode),
        compression(its_compression) {}
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content() {
    for (CompressedForm* form = forms; form != nullptr;) {
      const std::unique_ptr<CompressedForm> owned(form);
      form = owned->next;
    }
  }

  /// The form for `effort`; the first time, when it is yet to be made by the caller, true.
  std::pair<CompressedForm*, bool> find_or_add(const DeflateEffort& effort);

  SharedBytes frame;
  std::size_t payload_bytes;
  Opcode opcode;
  Compression compression;
  /// The newest one. Few: there are seven sizes of windows, and most endpoints have one level.
  std::atomic<CompressedForm*> forms = nullptr;
};

std::pair<PreparedMessage::CompressedForm*, bool> PreparedMessage::Content::find_or_add(
    const DeflateEffort& effort) {
  std::unique_ptr<CompressedForm> added;
  CompressedForm* newest = forms.load(std::memory_order_acquire);
  while (true) {
    for (CompressedForm* form = newest; form != nullptr; form = form->next) {
      if (form->effort == effort) return {form, false};
    }
    if (!added) added = std::make_unique<CompressedForm>(effort);
    added->next = newest;
    if (forms.compare_exchange_weak(newest, added.get(), std::memory_order_acq_rel)) {
      return {added.release(), true};
    }
  }
}

PreparedMessage PreparedMessage::text(std::string_view text, Compression compression) {
  return {Opcode::text, as_bytes(text), compression};
}

PreparedMessage PreparedMessage::binary(ConstBytes payload, Compression compression) {
  return {Opcode::binary, payload, compression};
}

PreparedMessage PreparedMessage::of(Opcode opcode, ConstBytes payload, Compression compression) {
  if (!begins_message(opcode)) {
    throw std::invalid_argument("a message is text or binary, and no control frame");
  }
  return {opcode, payload, compression};
}

PreparedMessage::PreparedMessage(Opcode opcode, ConstBytes payload, Compression compression)
    : content_(std::make_shared<Content>(opcode, payload, compression)) {}

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

SharedBytes PreparedMessage::make_compressed_frame(const DeflateEffort& effort,
                                                   WholeDeflater& deflater) const {
  ByteQueue compressed;
  deflater.deflate(payload(), effort, compressed);
  const bool shorter = compressed.size() < content_->payload_bytes;
  if (!shorter && compression() != Compression::always) return content_->frame;
  return frame_of({.opcode = opcode(), .rsv1 = true, .payload_bytes = compressed.size()},
                  compressed.content());
}

SharedBytes PreparedMessage::compressed_frame(const DeflateEffort& effort, WholeDeflater& deflater,
                                              const DeflateWaiting* waiting) const {
  const auto [form, ours] = content_->find_or_add(effort);
  if (ours) {
    form->frame = make_compressed_frame(effort, deflater);
    form->made.store(true, std::memory_order_release);
    if (waiting != nullptr) waiting->wake(form->made);
    return form->frame;
  }
  if (!form->made.load(std::memory_order_acquire)) {
    if (waiting == nullptr) return make_compressed_frame(effort, deflater);
    waiting->wait(form->made);
  }
  return form->frame;
}

}  // namespace duplex::websocket

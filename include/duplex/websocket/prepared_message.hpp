#pragma once

#include <memory>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/base/shared_bytes.hpp>
#include <duplex/websocket/compression.hpp>
#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

class Session;
class WholeDeflater;
struct DeflateEffort;
struct DeflateWaiting;

/// A message encoded once, to be sent to many: immutable, as cheap to copy as a pointer, and
/// usable from any thread.
///
/// It has a wire form for each thing that its receivers have agreed on with the server: the plain
/// frame, and compressed ones, each made when the first connection takes it, once for all threads
/// (but for connections that keep a window of what was sent to them alone). A client can share no
/// wire form, since each of its frames has a key of its own (RFC 6455 section 5.3): it
/// writes `opcode()` and `payload()` as any message, and copies while it masks.
class PreparedMessage {
 public:
  /// A text message; `text` is copied. It should be UTF-8: the receiver closes otherwise.
  static PreparedMessage text(std::string_view text,
                              Compression compression = Compression::by_size);

  /// A binary message; `payload` is copied.
  static PreparedMessage binary(ConstBytes payload, Compression compression = Compression::by_size);

  /// A message of the kind `opcode`, text or binary; `payload` is copied. Throws
  /// std::invalid_argument for another opcode.
  static PreparedMessage of(Opcode opcode, ConstBytes payload,
                            Compression compression = Compression::by_size);

  /// text or binary
  Opcode opcode() const noexcept;
  Compression compression() const noexcept;

  /// What the application said; a view into `frame()`, valid as long as any reference to it.
  ConstBytes payload() const noexcept;

  /// The whole plain frame as a server sends it: header and unmasked payload, in one piece.
  const SharedBytes& frame() const noexcept;

 private:
  friend Session;
  struct CompressedForm;
  struct Content;

  PreparedMessage(Opcode opcode, ConstBytes payload, Compression compression);
  /// The compressed frame; the plain one when it would not be shorter, unless it has to be
  /// compressed. Any thread.
  SharedBytes compressed_frame(const DeflateEffort& effort, WholeDeflater& deflater,
                               const DeflateWaiting* waiting) const;
  SharedBytes make_compressed_frame(const DeflateEffort& effort, WholeDeflater& deflater) const;

  std::shared_ptr<Content> content_;
};

}  // namespace duplex::websocket

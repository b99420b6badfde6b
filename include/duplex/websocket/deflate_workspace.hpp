#pragma once

#include <memory>

namespace duplex::websocket {

struct DeflateSides;
struct DeflateTools;
class MessageCodec;
class Session;
class WholeDeflater;

/// What the sessions of one thread compress and inflate with: one compressor and one decompressor
/// for all of them, however many there are (RFC 7692). Empty until the first message needs it; then
/// some 400 KiB, and buffers as large as the messages.
///
/// Sessions that use it must go before it. Not for several threads.
class DeflateWorkspace {
 public:
  DeflateWorkspace() noexcept;
  DeflateWorkspace(const DeflateWorkspace&) = delete;
  DeflateWorkspace& operator=(const DeflateWorkspace&) = delete;
  ~DeflateWorkspace();

 private:
  friend MessageCodec;
  friend Session;

  DeflateTools& tools();
  WholeDeflater& whole_deflater();
  MessageCodec& shared_codec(const DeflateSides& sides);

  std::unique_ptr<DeflateTools> tools_;
};

}  // namespace duplex::websocket

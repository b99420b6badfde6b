#pragma once

#include <atomic>
#include <memory>

namespace duplex::websocket {

struct DeflateSides;
struct DeflateTools;
class MessageCodec;
class Session;
class WholeDeflater;

/// How a thread waits for what another one is making. A core has no way to: who has threads gives
/// it one. Both get the flag that is set when it is made.
struct DeflateWaiting {
  void (*wait)(const std::atomic<bool>& made) noexcept;
  void (*wake)(std::atomic<bool>& made) noexcept;
};

/// What the sessions of one thread compress and inflate with: one compressor and one decompressor
/// for all of them, however many there are (RFC 7692). Empty until the first message needs it; then
/// some 400 KiB, and buffers as large as the messages.
///
/// Sessions that use it must go before it. Not for several threads.
class DeflateWorkspace {
 public:
  /// `waiting`, borrowed, is for threads that send the same `PreparedMessage` at the same time: one
  /// of them compresses it, and the others wait, which takes no longer than doing it again.
  /// Without, each may do it for itself.
  explicit DeflateWorkspace(const DeflateWaiting* waiting = nullptr) noexcept;
  DeflateWorkspace(const DeflateWorkspace&) = delete;
  DeflateWorkspace& operator=(const DeflateWorkspace&) = delete;
  ~DeflateWorkspace();

  /// Gives back the memory that only large messages need. Views of messages are void then.
  void trim() noexcept {
    if (tools_) trim_tools();
  }

 private:
  friend MessageCodec;
  friend Session;

  DeflateTools& tools();
  void trim_tools() noexcept;
  WholeDeflater& whole_deflater();
  MessageCodec& shared_codec(const DeflateSides& sides);

  const DeflateWaiting* waiting_;
  std::unique_ptr<DeflateTools> tools_;
};

}  // namespace duplex::websocket

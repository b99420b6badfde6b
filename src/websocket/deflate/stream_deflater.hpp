#pragma once

#include <memory>

#include "websocket/deflate/effort.hpp"
#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>

namespace duplex::websocket {

/// Compresses messages that come in pieces, or whose bytes may refer to messages before, by zlib:
/// keeps a window of what was written. Some 260 KiB with the largest one.
class StreamDeflater {
 public:
  explicit StreamDeflater(const DeflateEffort& effort);
  StreamDeflater(const StreamDeflater&) = delete;
  StreamDeflater& operator=(const StreamDeflater&) = delete;
  ~StreamDeflater();

  /// Appends the next piece of a message, so that the peer can inflate all of it at once; with the
  /// `last` one the message ends (RFC 7692 section 7.2.1). The window stays.
  void deflate(ConstBytes piece, bool last, ByteQueue& output);

  /// Forgets the window, and any message that was begun.
  void reset() noexcept;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace duplex::websocket

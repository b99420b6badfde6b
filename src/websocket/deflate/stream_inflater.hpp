#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/error.hpp>

namespace duplex::websocket {

/// Inflates messages that come in pieces, or that refer to messages before, by zlib: keeps a window
/// of what was read. Some 40 KiB with the largest one.
class StreamInflater {
 public:
  /// `window_bits`: how far back the peer's messages may refer, 8 to 15.
  explicit StreamInflater(int window_bits);
  StreamInflater(const StreamInflater&) = delete;
  StreamInflater& operator=(const StreamInflater&) = delete;
  ~StreamInflater();

  /// Appends what the next piece of a message holds, also up to an error; with the `last` one the
  /// message has to be complete. No more than `bytes_max` are ever written: more is
  /// `message_too_big`. After an error there is only `reset`.
  std::optional<Error> inflate(ConstBytes piece, bool last, std::uint64_t bytes_max,
                               ByteQueue& output);

  /// Forgets the window, and any message that was begun.
  void reset() noexcept;

 private:
  struct Stream;
  std::optional<Error> inflate_bytes(ConstBytes bytes, std::uint64_t& bytes_max, ByteQueue& output);

  std::unique_ptr<Stream> stream_;
  bool stream_ended_ = false;   // by a block that said so; what follows begins another stream
  bool between_blocks_ = true;  // all of what has come is read, and no block is open
};

}  // namespace duplex::websocket

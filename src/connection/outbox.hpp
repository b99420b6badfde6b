#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <system_error>

#include "net/descriptor.hpp"
#include <duplex/base/bytes.hpp>
#include <duplex/base/shared_bytes.hpp>

namespace duplex::connection {

/// A part of a file that is to be sent. The descriptor is shared, so that one open file serves any
/// number of responses; its own position is not used.
struct FileRange {
  std::shared_ptr<const net::Descriptor> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// What a connection still has to send, in order: bytes of its own, references to shared bytes, and
/// parts of files. One pointer wide, and nothing more while it is empty.
///
/// Does not limit itself: whoever appends looks at `held_bytes`. For one thread at a time.
class Outbox {
 public:
  /// Queues a copy of `bytes`. Copies that follow one another become one span.
  void append(ConstBytes bytes);
  /// Queues a reference to `bytes` from `offset` on, which is not beyond their end. No copy, unless
  /// they are so few that a reference takes more memory, and wait behind others.
  void append(SharedBytes bytes, std::size_t offset = 0);
  /// Queues a part of a file, which is read only when it is sent.
  void append(FileRange range);
  void append(std::shared_ptr<const net::Descriptor> file, std::uint64_t offset,
              std::uint64_t length) {
    append(FileRange{std::move(file), offset, length});
  }

  bool empty() const noexcept { return state_ == nullptr; }
  /// All that is to be sent.
  std::uint64_t size_bytes() const noexcept { return empty() ? 0 : queued_bytes(); }
  /// The part of it that is held in memory: all but files.
  std::size_t held_bytes() const noexcept { return empty() ? 0 : queued_held_bytes(); }
  /// How many parts of files there are, each of which keeps a file open.
  std::size_t files() const noexcept { return empty() ? 0 : queued_files(); }

  /// Sends as much as `socket` takes. True when everything went; false when the caller is to watch
  /// for writability and call again: the socket is full, or this call has sent its fair share
  /// (`flush_bytes_max`). An error means that the connection has failed; errc::io_error, that a
  /// file turned out shorter than promised, so that the connection can't go on either.
  std::expected<bool, std::error_code> flush(int socket);

  /// At most this much in one `flush`, so that a quick reader of a large file doesn't hold up all
  /// others (nginx's sendfile_max_chunk is the same).
  static constexpr std::size_t flush_bytes_max = std::size_t{2} * 1024 * 1024;

  /// Drops everything.
  void clear() noexcept { state_.reset(); }

  // The primitives under `flush`, for a transport that encrypts: take the spans, or what is read
  // from the file, to the cipher, and consume what it took.

  /// Fills `spans` with what is to be sent first, up to the first part of a file, and returns how
  /// many it filled: none when a file comes first, or when all is sent. They hold until the next
  /// call that changes the outbox.
  std::size_t next_spans(std::span<iovec> spans) const noexcept;
  /// The file part that comes first; nullptr when that is something else.
  const FileRange* next_file() const noexcept;
  /// Drops the first `count` bytes, as sent; of spans or of a file. When nothing remains, the
  /// memory is given back.
  void consume(std::uint64_t count) noexcept;

 private:
  struct State;
  class Pool;
  struct Recycle {
    void operator()(State* state) const noexcept;
  };

  State& state();
  std::uint64_t queued_bytes() const noexcept;
  std::size_t queued_held_bytes() const noexcept;
  std::size_t queued_files() const noexcept;

  std::unique_ptr<State, Recycle> state_;
};

static_assert(sizeof(Outbox) == sizeof(void*));

}  // namespace duplex::connection

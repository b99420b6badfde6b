#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include <duplex/base/byte_queue.hpp>
#include <duplex/base/bytes.hpp>
#include <duplex/websocket/error.hpp>

struct libdeflate_decompressor;

namespace duplex::websocket {

class StreamInflater;

/// Inflates messages that are there as a whole and refer to nothing before them, by libdeflate,
/// which takes less than half of zlib's time for long messages, and as much for 1 KiB
/// (bench/PARTS.md). What it can't tell, zlib does.
class WholeInflater {
 public:
  WholeInflater() noexcept;
  WholeInflater(const WholeInflater&) = delete;
  WholeInflater& operator=(const WholeInflater&) = delete;
  ~WholeInflater();

  /// The message that `compressed` holds, no longer than `bytes_max`: what is longer is
  /// `message_too_big`, and was never held. The view is of a buffer in here, until the next call.
  std::expected<Bytes, Error> inflate(ConstBytes compressed, std::uint64_t bytes_max);

  /// Gives back the memory that only large messages need; the last result is void then.
  void trim() noexcept;

 private:
  struct Free {
    void operator()(libdeflate_decompressor* decompressor) const noexcept;
  };

  std::expected<Bytes, Error> inflate_by_zlib(ConstBytes compressed, std::uint64_t bytes_max);

  std::unique_ptr<libdeflate_decompressor, Free> libdeflate_;  // made when first needed
  std::unique_ptr<StreamInflater> zlib_;                       // also
  ByteQueue input_;
  ByteQueue output_;
};

}  // namespace duplex::websocket

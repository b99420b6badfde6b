#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): zlib's own name.
struct z_stream_s;

namespace duplex::app::bench {

/// More than compressing ever makes of so many bytes, with a block for each: what is collected of a
/// message that comes in pieces.
constexpr std::size_t compressed_bytes_max(std::size_t bytes) noexcept {
  return 8 * bytes + 4096;
}

/// Appends to what has come of a compressed message of so many bytes. One byte more than there may
/// be is kept, which tells that there were more.
inline void collect_compressed(std::string& collected, std::string_view piece, std::size_t bytes) {
  collected.append(piece.substr(0, compressed_bytes_max(bytes) + 1 - collected.size()));
}

/// Compresses messages as permessage-deflate has them (RFC 7692 section 7.2.1).
class Compressor {
 public:
  /// `keep`: each with what was in those before.
  explicit Compressor(bool keep);

  std::string compressed(std::string_view message);

 private:
  std::shared_ptr<z_stream_s> stream_;
  bool keep_;
};

/// Inflates messages (RFC 7692 section 7.2.2).
class Inflater {
 public:
  explicit Inflater(bool keep);

  /// Appends the message to `message`, but of one that has more than `bytes_max` bytes no more than
  /// one byte more. False: it can't be inflated, and with `keep` nor can those behind it.
  bool inflate(std::string_view compressed, std::size_t bytes_max, std::string& message);

 private:
  std::shared_ptr<z_stream_s> stream_;
  bool keep_;
};

}  // namespace duplex::app::bench

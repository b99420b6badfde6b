#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "deflate_agreement.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): zlib's own name.
struct z_stream_s;

/// The data of permessage-deflate (RFC 7692) by zlib alone, without the library's code for it.
namespace duplex::app::check {

/// Compresses messages (section 7.2.1).
class Deflater {
 public:
  static constexpr int level_default = 6;

  explicit Deflater(DeflateDirection direction, int level = level_default);
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) = delete;

  /// The payload of a compressed message, without the last four bytes 00 00 ff ff.
  std::string compress(std::string_view message);

 private:
  bool keeps_context_;
  std::unique_ptr<z_stream_s> stream_;
};

/// Decompresses messages (section 7.2.2).
class Inflater {
 public:
  explicit Inflater(DeflateDirection direction);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) = delete;

  /// nullopt for what is not such data, and for more than `bytes_max`.
  std::optional<std::string> decompress(std::string_view payload, std::size_t bytes_max);

 private:
  bool keeps_context_;
  /// Bytes to be written by a call of zlib.
  unsigned step_;
  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace duplex::app::check

#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "deflate_agreement.hpp"

/// The data of permessage-deflate (RFC 7692) by zlib alone, without the library's code for it.
namespace duplex::app::check {

/// How zlib cuts a message into blocks, and writes them; a sender may do it in any way (section
/// 7.2.1).
struct Blocks {
  int level = Z_DEFAULT_COMPRESSION;
  int strategy = Z_DEFAULT_STRATEGY;
  /// After every so many bytes, and how; 0 for at the end only.
  std::size_t flush_every = 0;
  int flush = Z_SYNC_FLUSH;
  /// The last block has BFINAL, and the empty one that has to follow it is left to who wants it.
  bool final = false;
};

/// Compresses messages (section 7.2.1).
class Deflater {
 public:
  explicit Deflater(DeflateDirection direction, Blocks blocks = {});
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) = delete;

  /// The payload of a compressed message, without the last four bytes 00 00 ff ff.
  std::string compress(std::string_view message);

 private:
  void write(std::string_view bytes, int flush, std::string& result);

  bool keeps_context_;
  Blocks blocks_;
  std::unique_ptr<z_stream> stream_;
};

/// Compressed with an empty window, so that it may follow anything.
std::string deflated(std::string_view message, Blocks blocks = {});

/// What came of the data of a message.
struct Inflated {
  enum class Fault : std::uint8_t {
    none,
    invalid,     ///< No such data, or it looks back further than agreed on.
    too_long,    ///< Longer than it may be.
    incomplete,  ///< It does not end with the block that section 7.2.1 demands, less its tail.
  };

  /// As far as it went.
  std::string bytes;
  Fault fault = Fault::none;
};

/// Decompresses messages (section 7.2.2).
class Inflater {
 public:
  explicit Inflater(DeflateDirection direction);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) = delete;

  /// After a fault, this object is of no use.
  Inflated decompress(std::string_view payload, std::size_t bytes_max);

 private:
  Inflated::Fault read(std::string_view bytes, std::size_t bytes_max, std::string& result);
  void begin_anew();

  bool keeps_context_;
  /// Bytes to be written by a call of zlib.
  unsigned step_;
  std::unique_ptr<z_stream> stream_;
};

}  // namespace duplex::app::check

#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "frame.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): zlib's own name.
struct z_stream_s;

/// permessage-deflate (RFC 7692) by zlib alone, without the library's code for it.
namespace duplex::app::check {

/// What one direction has been agreed to be.
struct DeflateDirection {
  bool keeps_context = true;
  /// 8 to 15.
  int window_bits = 15;
};

struct DeflateParameters {
  DeflateDirection from_client;
  DeflateDirection from_server;

  const DeflateDirection& from(End end) const noexcept {
    return end == End::client ? from_client : from_server;
  }
};

/// Reads the extension as a response agrees on it (section 7.1). Throws std::invalid_argument, with
/// a sentence, for anything that can't be an answer to `offer`: another extension, an unknown or
/// doubled parameter, a value out of range, one that the offer doesn't allow. nullopt when `answer`
/// is empty.
std::optional<DeflateParameters> parse_agreement(std::string_view offer, std::string_view answer);

/// Whether a client that offers `offer` (all its Sec-WebSocket-Extensions in one list) can be
/// answered with `answer`.
bool allows(std::string_view offer, std::string_view answer);

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

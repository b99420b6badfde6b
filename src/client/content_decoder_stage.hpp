#pragma once

#include <cstddef>
#include <expected>
#include <memory>

#include <duplex/base/bytes.hpp>
#include <duplex/client/decode_error.hpp>

namespace duplex::client {

/// One coding, as a transformation of bytes. Knows no limits but those of its window.
class CodingStage {
 public:
  CodingStage() = default;
  CodingStage(const CodingStage&) = delete;
  CodingStage& operator=(const CodingStage&) = delete;
  virtual ~CodingStage() = default;

  /// Consumes a prefix of `input`, writes what comes of it to the front of `output`, which is not
  /// empty, and returns how much that is. It has consumed all of `input`, or filled `output`, or
  /// both, and then there may be more to write. After an error it is not called again. Throws
  /// std::bad_alloc only.
  virtual std::expected<std::size_t, DecodeError> decode(ConstBytes& input, Bytes output) = 0;

  /// Whether all that came is complete; nothing at all is.
  virtual bool complete() const noexcept = 0;
};

std::unique_ptr<CodingStage> make_gzip_stage();
std::unique_ptr<CodingStage> make_deflate_stage();
std::unique_ptr<CodingStage> make_brotli_stage();
std::unique_ptr<CodingStage> make_zstd_stage();

}  // namespace duplex::client

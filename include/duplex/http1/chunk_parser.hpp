#pragma once

#include <cstdint>
#include <expected>

#include <duplex/base/bytes.hpp>
#include <duplex/http1/error.hpp>

namespace duplex::http1 {

/// Decodes chunked content (RFC 9112 section 7.1) up to its last chunk; the trailer section behind
/// it is not its business. Strict: only hexadecimal digits, CRLF, and no byte between.
class ChunkParser {
 public:
  enum class Step : std::uint8_t {
    need_more,   ///< no input is left
    data,        ///< a piece of content has been found
    last_chunk,  ///< the content is complete; `input` stands at the trailer section
  };

  /// What the content may cost; `next` takes away from it what it meets.
  struct Allowance {
    std::uint64_t content_bytes = 0;
    std::uint64_t extension_bytes = 0;
  };

  /// Consumes framing, and at most one piece of content, which `data` is set to: a view into
  /// `input`. A chunk that exceeds the allowance fails at its size, before any of its content.
  std::expected<Step, Error> next(Bytes& input, Bytes& data, Allowance& allowance) noexcept;

 private:
  enum class Part : std::uint8_t {
    size,
    space_before_extension,
    extension,
    size_line_feed,
    data,
    data_carriage_return,
    data_line_feed,
  };

  /// Takes one byte of a chunk's framing. True when it was the end of the last chunk's size line.
  std::expected<bool, Error> take(char character, Allowance& allowance) noexcept;

  std::uint64_t left_ = 0;  // while reading a size, what it is so far
  std::uint8_t digits_ = 0;
  Part part_ = Part::size;
};

}  // namespace duplex::http1

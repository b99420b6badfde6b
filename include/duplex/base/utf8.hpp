#pragma once

#include <cstdint>

#include <duplex/base/bytes.hpp>

namespace duplex {

/// Whether `bytes` is wholly valid UTF-8 (RFC 3629): no overlong form, surrogate or value above
/// U+10FFFF, nothing cut off at the end.
bool is_valid_utf8(ConstBytes bytes) noexcept;

/// Validates UTF-8 that comes in pieces, cut anywhere.
class Utf8Validator {
 public:
  /// Takes the next piece. False as soon as a byte can't be part of any valid text, even in the
  /// middle of a character; after that the validator only says false until `reset`.
  bool feed(ConstBytes piece) noexcept;

  /// Whether the text so far may end here, that is, no character is open.
  bool complete() const noexcept;

  void reset() noexcept { state_ = 0; }

 private:
  std::uint8_t state_ = 0;
};

}  // namespace duplex

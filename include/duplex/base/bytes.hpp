#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace duplex {

/// Bytes that the callee may change in place.
using Bytes = std::span<std::byte>;

/// Bytes that the callee only reads.
using ConstBytes = std::span<const std::byte>;

/// The bytes of `text`; a view, valid as long as the text.
inline ConstBytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// `bytes` seen as text, whatever they hold; a view, valid as long as the bytes.
inline std::string_view as_text(ConstBytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace duplex

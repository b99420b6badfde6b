#pragma once

#include <cstddef>
#include <string_view>

namespace duplex::http1 {

/// The hot loops of the head parser. Each returns the offset of the first byte of `text` at or
/// after `begin` that may not be part of the element; `text.size()` when there is none.

/// Stops at all but `tchar` (RFC 9110 section 5.6.2): methods and field names.
std::size_t skip_token(std::string_view text, std::size_t begin) noexcept;

/// Stops at spaces, controls, `#` and bytes that are not ASCII: request targets.
std::size_t skip_target(std::string_view text, std::size_t begin) noexcept;

/// Stops at controls but the tab: field values.
std::size_t skip_field_value(std::string_view text, std::size_t begin) noexcept;

}  // namespace duplex::http1

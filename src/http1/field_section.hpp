#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include <duplex/http/fields.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/field_cursor.hpp>

namespace duplex::http1 {

enum class FieldStep : std::uint8_t {
  need_more,   ///< the section goes on behind the end of the text
  line,        ///< a line has been read
  section_end  ///< the empty line; the cursor is behind it
};

/// Reads on in a field section (RFC 9112 section 5), from `cursor` to the end of the next line at
/// most, which is checked and written to `line` as views into `text`. What has been looked at is
/// not looked at again: `text` is the same section each time, only longer.
std::expected<FieldStep, Error> next_field_line(std::string_view text, FieldCursor& cursor,
                                                http::FieldView& line) noexcept;

/// Whether a field named `name` may stand in a trailer section (RFC 9110 section 6.5.1): false for
/// those that frame, route, authenticate or otherwise decide how a message is processed.
bool may_be_trailer(std::string_view name) noexcept;

}  // namespace duplex::http1

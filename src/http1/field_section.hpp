#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include <duplex/base/bytes.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http1/error.hpp>
#include <duplex/http1/field_cursor.hpp>
#include <duplex/http1/field_table.hpp>

namespace duplex::http1 {

enum class FieldStep : std::uint8_t {
  need_more,    ///< the section goes on behind the end of the text
  line,         ///< a line has been read
  section_end,  ///< the empty line; the cursor is behind it
  fold,         ///< of `end_folded_line`: the line goes on in the next
};

/// Reads on in a field section (RFC 9112 section 5), from `cursor` to the end of the next line at
/// most, which is checked and written to `line` as views into `text`. What has been looked at is
/// not looked at again: `text` is the same section each time, only longer.
std::expected<FieldStep, Error> next_field_line(std::string_view text, FieldCursor& cursor,
                                                http::FieldView& line) noexcept;

constexpr bool is_blank(char character) noexcept {
  return character == ' ' || character == '\t';
}

/// Whether the line that has just been read may go on in the next one, which those of responses may
/// (section 5.2), or is `folded` already. Then it is up to `end_folded_line`.
inline bool may_be_folded(std::string_view text, const FieldCursor& cursor, bool folded) noexcept {
  return cursor.at == text.size() || is_blank(text[cursor.at]) || folded;
}

/// `line`: it is complete; its folds, with the whitespace around them, are spaces now, in
/// `section`, too. `need_more`, or `fold`: it isn't, and the cursor is in it again; read on.
/// `folded` is whether the line that `cursor` stands in has a fold; false at first.
[[gnu::cold]] FieldStep end_folded_line(Bytes section, FieldCursor& cursor, bool& folded,
                                        http::FieldView& line) noexcept;

/// What of `input` a section may take up: `bytes_max`, and no more than a cursor can count.
std::string_view section_window(ConstBytes input, std::size_t bytes_max) noexcept;

/// Reads on in the trailer section at the front of `input`. True when it is complete: it has been
/// consumed, and `fields` holds those of its lines that may be trailers. False: present it again,
/// with more behind it.
std::expected<bool, Error> next_trailers(Bytes& input, FieldCursor& cursor, std::size_t bytes_max,
                                         std::size_t count_max, FieldTable& fields) noexcept;

/// The same of a response; with its folded lines put together; see `end_folded_line`.
std::expected<bool, Error> next_unfolded_trailers(Bytes& input, FieldCursor& cursor, bool& folded,
                                                  std::size_t bytes_max, std::size_t count_max,
                                                  FieldTable& fields) noexcept;

/// Whether a field named `name` may stand in a trailer section (RFC 9110 section 6.5.1): false for
/// those that frame, route, authenticate or otherwise decide how a message is processed.
bool may_be_trailer(std::string_view name) noexcept;

}  // namespace duplex::http1

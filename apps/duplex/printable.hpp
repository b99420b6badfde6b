#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Text of others on a terminal. A terminal obeys control characters: raw, they let a server
/// rewrite what is on the screen, or worse, type on the user's behalf.
namespace duplex::app {

/// What becomes of line feeds.
enum class LineBreaks : std::uint8_t { escape, keep };

/// `text` for a terminal that understands UTF-8: control characters as `\n`, `\t` or `\xNN`, those
/// of Unicode and what reverses the direction of text as `\u{NNNN}`, and each byte that is not
/// UTF-8 as `\xNN`. Tabs stay where line breaks do.
std::string printable(std::string_view text, LineBreaks line_breaks = LineBreaks::escape);

/// The first at most `bytes_max` bytes of `text`, without a character that is cut at the end.
std::string_view cut_text(std::string_view text, std::size_t bytes_max) noexcept;

}  // namespace duplex::app

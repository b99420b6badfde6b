#include "display_rows.hpp"

#include <cwchar>
#include <cwctype>

namespace duplex::app {
namespace {

constexpr std::size_t tab_columns = 8;

/// libedit writes what can't be printed as `\U+NNNN`, or with a fifth digit.
std::size_t escaped_columns(wchar_t character) noexcept {
  return character > 0xFFFF ? 8 : 7;
}

std::size_t character_columns(wchar_t character) noexcept {
  if (character < L' ' || character == L'\x7f') return 2;
  const int width = ::wcwidth(character);
  return width < 0 ? escaped_columns(character) : static_cast<std::size_t>(width);
}

}  // namespace

std::size_t display_rows(std::wstring_view text, std::size_t columns) noexcept {
  if (columns == 0) return 0;
  std::size_t row = 0;
  std::size_t column = 0;
  const auto advance = [&](std::size_t count) {
    column += count;
    row += column / columns;
    column %= columns;
  };
  for (const wchar_t character : text) {
    if (character == L'\t') {
      do {
        advance(1);
      } while (column % tab_columns != 0);
      continue;
    }
    const std::size_t width = character_columns(character);
    if (width == 2 && character >= L' ' && column + width > columns) advance(columns - column);
    advance(width);
  }
  return row;
}

}  // namespace duplex::app

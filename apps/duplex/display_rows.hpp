#pragma once

#include <cstddef>
#include <string_view>

namespace duplex::app {

/// How many rows below its first the cursor stands behind `text`, written from column 0 of a
/// terminal that is `columns` wide, as libedit writes it: a wide character that does not fit begins
/// the next row, a tab leads to the next multiple of eight, a control character takes two columns,
/// and behind a row that is full the cursor stands in the next.
std::size_t display_rows(std::wstring_view text, std::size_t columns) noexcept;

}  // namespace duplex::app

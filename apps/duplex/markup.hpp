#pragma once

#include <string>
#include <string_view>

namespace duplex::app {

/// For HTML and XML, in text and in quoted attributes. What a terminal should not get, neither can
/// hold: it is escaped as there, see `printable`.
std::string escape_markup(std::string_view text);

}  // namespace duplex::app

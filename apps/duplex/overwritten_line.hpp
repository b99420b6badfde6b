#pragma once

#include <string>
#include <string_view>

/// A line at a terminal, where the cursor stays, so that it can be written over.
namespace duplex::app {

/// What takes such a line off the screen: carriage return, and clear to the end of the line
/// (ECMA-48 section 8.3.41).
inline constexpr std::string_view no_line = "\r\x1b[K";

/// What puts `text` in the place of such a line. A row that is too short for it cuts it off (DEC's
/// private mode 7), since what went on in the next row could not be written over.
inline std::string over_the_last_line(std::string_view text) {
  return std::string(no_line).append("\x1b[?7l").append(text).append("\x1b[?7h");
}

}  // namespace duplex::app

#pragma once

#include <string>
#include <string_view>

namespace duplex::client {

/// `text` of a peer as it may stand in an error that people read, in a log or at a terminal: in one
/// line, and without power over either. Control characters, and what is not UTF-8, become `\xNN`.
std::string printable(std::string_view text);

}  // namespace duplex::client

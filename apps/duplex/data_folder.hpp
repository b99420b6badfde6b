#pragma once

#include <optional>
#include <string>

namespace duplex::app {

/// Where the program keeps what belongs to its user: `$XDG_DATA_HOME/duplex`, by default
/// `~/.local/share/duplex` (XDG Base Directory Specification). It need not exist. nullopt when the
/// environment tells neither.
std::optional<std::string> data_folder();

}  // namespace duplex::app

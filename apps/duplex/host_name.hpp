#pragma once

#include <optional>
#include <string>

namespace duplex::app {

/// What this machine calls itself; nullopt when it has no name.
std::optional<std::string> host_name();

}  // namespace duplex::app

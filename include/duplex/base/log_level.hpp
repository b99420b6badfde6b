#pragma once

#include <cstdint>

namespace duplex {

/// How important a line of the log is.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

}  // namespace duplex

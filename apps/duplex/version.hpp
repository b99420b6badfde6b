#pragma once

#include <string_view>

namespace duplex::app {

/// The program's version, `0.1.0`; the build system knows it.
std::string_view version() noexcept;

}  // namespace duplex::app

#pragma once

#include <cstddef>

namespace duplex::app {

/// Lets this process have as many descriptors as the system allows without asking anybody: every
/// connection is one, and the lower limit is for programs that use select(2). Returns how many.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace duplex::app

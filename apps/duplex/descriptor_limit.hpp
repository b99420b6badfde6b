#pragma once

#include <cstddef>

namespace duplex::app {

/// Lets this process have as many descriptors as the system allows without asking anybody: every
/// connection is one, and the lower limit is for programs that use select(2). Returns how many.
std::size_t raise_descriptor_limit() noexcept;

/// From now on this thread has a table of descriptors of its own, with all that are open now, and
/// room for as many as the limit says. The kernel need not count who else may be using one, with
/// each call. What is opened from then on is nothing in other threads. False where that is
/// forbidden, as in some containers: the table is shared as before.
bool take_own_descriptors() noexcept;

}  // namespace duplex::app

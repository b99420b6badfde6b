#pragma once

#include <duplex/base/bytes.hpp>

namespace duplex::client {

/// Fills `room` from the kernel's generator; ends the program when there is none, as nothing that
/// needs it would be safe.
void fill_randomly(Bytes room) noexcept;

}  // namespace duplex::client

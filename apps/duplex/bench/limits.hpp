#pragma once

namespace duplex::app::bench {

/// Lets this process have as many descriptors as the system allows without asking anybody.
void raise_descriptor_limit() noexcept;

}  // namespace duplex::app::bench

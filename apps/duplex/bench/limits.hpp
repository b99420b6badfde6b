#pragma once

#include <cstddef>

namespace duplex::app::bench {

/// Raises the process's limit of open files as far as the system lets it. Throws UsageError if
/// `count` are more than that, which would be found out only when most connections are open.
void want_descriptors(std::size_t count);

}  // namespace duplex::app::bench

#pragma once

#include <memory>
#include <vector>

#include "load_thread.hpp"

namespace duplex::app::bench {

/// Shares the connections out among the threads, and makes for each the work of the mode. To be
/// called before any of them runs.
std::vector<std::unique_ptr<Work>> share_out(
    const std::vector<std::unique_ptr<LoadThread>>& threads);

}  // namespace duplex::app::bench

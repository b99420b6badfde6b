#pragma once

#include "get_options.hpp"

namespace duplex::app {

/// Sends a request, and writes what comes back. The exit status.
int get(const GetOptions& options);

}  // namespace duplex::app

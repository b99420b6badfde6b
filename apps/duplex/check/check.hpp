#pragma once

#include "check_options.hpp"

namespace duplex::app::check {

/// Does what `duplex check` was asked for; the answer is the exit status: 0 when nothing is wrong
/// and something was checked, else 1. Throws as `Run` may.
int run_check(const CheckOptions& options);

}  // namespace duplex::app::check

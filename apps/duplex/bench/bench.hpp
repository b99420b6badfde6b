#pragma once

#include "bench_options.hpp"
#include "result.hpp"

namespace duplex::app::bench {

/// `duplex bench`: loads, and writes the reports. Returns the exit status; throws UsageError and
/// std::runtime_error.
int run_bench(const BenchOptions& options);

}  // namespace duplex::app::bench

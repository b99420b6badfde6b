#pragma once

#include <valgrind/callgrind.h>

#include <cstddef>
#include <string>

namespace duplex::bench {

/// Makes callgrind begin a count. Without valgrind this does nothing, and so does `end_count`.
inline void begin_count() {
  CALLGRIND_ZERO_STATS;
}

/// Makes callgrind write down what was executed since `begin_count`, in all threads, as the price
/// of `times` times what `name` says.
inline void end_count(const std::string& name, std::size_t times) {
  const std::string label = std::to_string(times) + ' ' + name;
  CALLGRIND_DUMP_STATS_AT(label.c_str());
}

}  // namespace duplex::bench

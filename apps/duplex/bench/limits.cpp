#include "limits.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include "subcommand.hpp"

namespace duplex::app::bench {

void want_descriptors(std::size_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (count > limit.rlim_max) {
    throw UsageError(
        fmt::format("so many connections take {} descriptors, and a process may have {} here: use "
                    "fewer --connections, or raise the limit (ulimit -Hn)",
                    count, limit.rlim_max));
  }
}

}  // namespace duplex::app::bench

#include "descriptor_limit.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <cstdint>

namespace duplex::app {

std::size_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return SIZE_MAX;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max;
}

bool take_own_descriptors() noexcept {
#if defined(__SANITIZE_THREAD__)
  // The sanitizer takes equal numbers for the same descriptor, whoever has it.
  return false;
#else
  return ::unshare(CLONE_FILES) == 0;
#endif
}

}  // namespace duplex::app

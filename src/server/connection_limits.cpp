#include "server/connection_limits.hpp"

namespace duplex::server {

bool ConnectionLimits::admit(std::optional<std::uint64_t> host_key) {
  const std::lock_guard lock(mutex_);
  if (total_ >= total_max_) return false;
  if (host_key) {
    if (per_host_max_ == 0) return false;
    std::size_t& count = per_host_[*host_key];
    if (count >= per_host_max_) return false;
    ++count;
  }
  ++total_;
  return true;
}

void ConnectionLimits::leave(std::optional<std::uint64_t> host_key) noexcept {
  const std::lock_guard lock(mutex_);
  --total_;
  if (!host_key) return;
  const auto found = per_host_.find(*host_key);
  if (--found->second == 0) per_host_.erase(found);
}

}  // namespace duplex::server

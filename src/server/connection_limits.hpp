#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace duplex::server {

/// Counts connections, in all and for each client's host, across the workers. Any thread.
class ConnectionLimits {
 public:
  /// `per_host_max` counts every host but those without a key.
  ConnectionLimits(std::size_t total_max, std::size_t per_host_max) noexcept
      : total_max_(total_max), per_host_max_(per_host_max) {}

  /// Counts one more connection; false when that would be too many, and it is not counted. Without
  /// a key it counts only for the total.
  bool admit(std::optional<std::uint64_t> host_key);
  /// Takes back what `admit` counted.
  void leave(std::optional<std::uint64_t> host_key) noexcept;

 private:
  std::mutex mutex_;
  std::size_t total_max_;
  std::size_t per_host_max_;
  std::size_t total_ = 0;
  std::unordered_map<std::uint64_t, std::size_t> per_host_;
};

}  // namespace duplex::server

#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <string>

namespace duplex::app::bench {

/// What a process and all its descendants have used so far, such as the workers of a server.
struct ProcessUse {
  double user_seconds = 0;
  double system_seconds = 0;
  /// Seconds on a processor, of each thread that lives.
  std::map<int, double> thread_seconds = {};
};

/// What happened from one reading to the next, which was `seconds` later.
struct ProcessCost {
  double user_seconds = 0;
  double system_seconds = 0;
  /// The share of the time that the busiest thread was on a processor, from 0 to 1.
  double busy = 0;
};

ProcessCost cost_between(const ProcessUse& before, const ProcessUse& after,
                         double seconds) noexcept;

/// Looks at a process of this machine through the proc file system. The error of each function is a
/// sentence for the user.
///
/// Children are looked for anew each time; those that have ended count as long as their parent
/// lives and has waited for them.
class Process {
 public:
  explicit Process(int pid, std::filesystem::path proc = "/proc");

  int pid() const noexcept { return pid_; }

  std::expected<ProcessUse, std::string> use() const;

  /// Memory of their own that is in RAM and not a file's, of the process and its descendants, in
  /// bytes: what connections cost, without the program and its libraries.
  std::expected<std::uint64_t, std::string> memory_bytes() const;

 private:
  int pid_;
  std::filesystem::path proc_;
};

}  // namespace duplex::app::bench

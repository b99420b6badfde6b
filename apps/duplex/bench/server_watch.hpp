#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "process_cost.hpp"
#include "result.hpp"
#include "schedule.hpp"

namespace duplex::app::bench {

/// What the server's process, which the user has named, costs in the course of a run.
class ServerWatch {
 public:
  /// Before connections are opened. Throws UsageError when there is no such process to look at.
  explicit ServerWatch(int pid);

  std::uint64_t memory_bytes() const;

  /// So many connections are open.
  void all_open(std::uint64_t connections);
  /// The measured time begins; and is over, or so much of it as there will be.
  void begin(Time now);
  void end(Time now);

  ServerCost cost() const;
  /// Why there is no cost to tell, a sentence; empty when there is.
  const std::string& lost() const noexcept { return lost_; }

 private:
  Process process_;
  ServerCost cost_;
  ProcessUse before_;
  Time began_ = 0;
  ProcessCost used_;
  std::string lost_;
};

}  // namespace duplex::app::bench

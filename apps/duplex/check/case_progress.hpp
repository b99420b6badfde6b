#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "result.hpp"

namespace duplex::app::check {

/// How far a run is, as a line that is written over itself:
///
///    45 %  123 of 271 cases, 2 wrong, 5 acceptable
///
/// Time is an argument.
class CaseProgress {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Not more often than anybody can read.
  static constexpr std::chrono::milliseconds interval{100};

  explicit CaseProgress(std::size_t total) noexcept : total_(total) {}

  /// One more case is over. What to write now; nullopt when it is not time yet.
  std::optional<std::string> add(Verdict verdict, Time now);

  /// What takes the line off the screen; empty when there is none.
  std::string clear();

 private:
  std::size_t total_;
  Counts counts_;
  std::optional<Time> shown_;
};

}  // namespace duplex::app::check

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace duplex::app {

/// How far a transfer is, as a line that is written over itself:
///
///   45 %  12.3 MiB of 27.0 MiB, 3.1 MiB/s, 5 s left
///
/// Time is an argument.
class ProgressLine {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Not for transfers that are over at once, and not more often than anybody can read.
  static constexpr std::chrono::milliseconds first_after{500};
  static constexpr std::chrono::milliseconds interval{100};

  explicit ProgressLine(Time begin) noexcept : begin_(begin) {}

  /// Takes how much has gone over the wire so far, of how much, if that is known. What to write
  /// now; nullopt when it is not time yet.
  std::optional<std::string> update(std::uint64_t bytes, std::optional<std::uint64_t> total,
                                    Time now);

  /// What takes the line off the screen; empty when there is none.
  std::string clear();

 private:
  struct Sample {
    Time time;
    std::uint64_t bytes;
  };

  /// Bytes in a second, of the last few seconds; nullopt when there is nothing to tell.
  std::optional<double> rate() const;

  Time begin_;
  std::optional<Time> shown_;
  std::deque<Sample> samples_;
};

/// `5 s`, `3 min 20 s`, `2 h 5 min`.
std::string readable_wait(std::chrono::seconds duration);

}  // namespace duplex::app

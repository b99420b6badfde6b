#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace duplex::app::check {

enum class Direction : std::uint8_t { sent, received, note };

/// What has been sent, received and noticed in one case, for people. Bounded: the beginning is
/// kept, and how much more there was.
class Log {
 public:
  static constexpr std::size_t entries_max = 120;

  struct Entry {
    Direction direction;
    /// Since the case began.
    std::chrono::microseconds time;
    /// One line of UTF-8 or ASCII; control characters are escaped.
    std::string text;
  };

  Log() : begin_(Clock::now()) {}

  void add(Direction direction, std::string text);

  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  using Clock = std::chrono::steady_clock;

  Clock::time_point begin_;
  std::vector<Entry> entries_;
  std::size_t left_out_ = 0;
};

}  // namespace duplex::app::check

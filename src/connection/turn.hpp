#pragma once

#include <chrono>
#include <cstddef>

namespace duplex::connection {

/// How long one connection has been worked on, so that others have their turn: what a peer asks for
/// with few bytes may take long, and be asked for many times over.
///
/// Looks at the clock now and then only, by what is done meanwhile, and the first time just to see
/// when it is: who has little to do never asks.
class Turn {
 public:
  /// Something was done that cost about as much as passing on so many bytes. True when that is
  /// enough for this turn.
  bool spend(std::size_t bytes) noexcept {
    spent_bytes_ += bytes;
    return spent_bytes_ >= glance_bytes && look();
  }

  /// What a message costs, and what a request, besides their bytes.
  static constexpr std::size_t message_bytes = std::size_t{8} * 1024;
  static constexpr std::size_t request_bytes = std::size_t{128} * 1024;

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t glance_bytes = std::size_t{256} * 1024;
  static constexpr std::chrono::milliseconds time_max{1};

  bool look() noexcept;

  std::size_t spent_bytes_ = 0;
  /// When it was looked at first; before that, the clock's zero.
  Clock::time_point began_{};
};

}  // namespace duplex::connection

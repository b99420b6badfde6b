#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace duplex::stress {

/// The dice of one actor. What they show depends on the seed alone, whichever thread throws them:
/// every actor, every request and every socket has its own. (SplitMix64.)
class Random {
 public:
  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EB;
    return bits ^ (bits >> 31U);
  }
  /// From 0 on, `end` excluded.
  std::uint32_t below(std::uint32_t end) noexcept {
    return static_cast<std::uint32_t>(next() % end);
  }
  bool one_in(std::uint32_t count) noexcept { return below(count) == 0; }
  template <class T, std::size_t Size>
  const T& of(const std::array<T, Size>& all) noexcept {
    return all[below(static_cast<std::uint32_t>(Size))];
  }

  std::chrono::milliseconds ms_below(std::uint32_t end) noexcept {
    return std::chrono::milliseconds(below(end));
  }
  /// Mostly so short that what is waited for comes at about the same time.
  std::chrono::milliseconds moment() noexcept {
    constexpr std::array<int, 6> lengths = {0, 1, 1, 3, 10, 40};
    return std::chrono::milliseconds(of(lengths));
  }

  /// Dice for another actor.
  Random fork() noexcept { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace duplex::stress

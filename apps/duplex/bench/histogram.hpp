#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace duplex::app::bench {

/// How often each duration, in nanoseconds, was seen.
///
/// Buckets are as wide as their values ask for: each power of two has 128 of them, and what is
/// below 256 ns has one for each nanosecond. A value that is read back is the middle of its bucket,
/// so that it is off by at most `relative_error`. The smallest and the largest value, the count and
/// the mean are exact. All of 64 bits has a bucket: nothing is cut off, and nothing is ever
/// allocated.
///
/// An object is 58 KiB, of which recording touches a few cache lines; it is for one thread.
class Histogram {
 public:
  static constexpr double relative_error = 1.0 / 256;

  /// Adds a value `count` times, in a few instructions.
  void record(std::uint64_t ns, std::uint64_t count = 1) noexcept {
    if (count == 0) return;
    buckets_[index_of(ns)] += count;
    count_ += count;
    sum_ += static_cast<double>(ns) * static_cast<double>(count);
    min_ = std::min(min_, ns);
    max_ = std::max(max_, ns);
  }

  /// As if all that the other has recorded had been recorded here.
  void merge(const Histogram& other) noexcept;

  void clear() noexcept { *this = {}; }

  std::uint64_t count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  /// Of nothing, these are 0.
  std::uint64_t min() const noexcept { return empty() ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return empty() ? 0 : sum_ / static_cast<double>(count_); }

  /// The smallest value that at least `percent` of all are not above (the nearest rank): the median
  /// for 50, the smallest for 0, the largest for 100. 0 when nothing was recorded.
  std::uint64_t at_percentile(double percent) const noexcept;

 private:
  /// A value keeps its highest 8 bits, the first of which is always set but for small values.
  static constexpr unsigned kept_bits = 8;
  static constexpr std::size_t per_octave = std::size_t{1} << (kept_bits - 1);
  static constexpr std::size_t bucket_count = (64 - kept_bits + 2) * per_octave;

  static constexpr std::size_t index_of(std::uint64_t ns) noexcept {
    constexpr std::uint64_t exact_max = 2 * per_octave - 1;
    const auto dropped_bits = static_cast<unsigned>(std::bit_width(ns | exact_max)) - kept_bits;
    return dropped_bits * per_octave + (ns >> dropped_bits);
  }

  static std::uint64_t middle_of(std::size_t index) noexcept;

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::uint64_t min_ = UINT64_MAX;
  std::uint64_t max_ = 0;
};

}  // namespace duplex::app::bench

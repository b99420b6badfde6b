#include "histogram.hpp"

#include <cmath>

namespace duplex::app::bench {

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t index = 0; index < bucket_count; ++index) {
    buckets_[index] += other.buckets_[index];
  }
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::at_percentile(double percent) const noexcept {
  if (empty() || percent <= 0) return min();
  // 99.9 % of 1000 is 999, and not the little more that doubles make of it.
  constexpr double rounding = 1 - 1e-12;
  const double rank = std::ceil(percent / 100 * static_cast<double>(count_) * rounding);
  if (rank >= static_cast<double>(count_)) return max();
  std::uint64_t left = std::max<std::uint64_t>(static_cast<std::uint64_t>(rank), 1);
  std::size_t index = 0;
  while (left > buckets_[index]) left -= buckets_[index++];
  // The ends of the outermost buckets are known better.
  return std::clamp(middle_of(index), min_, max_);
}

std::uint64_t Histogram::middle_of(std::size_t index) noexcept {
  if (index < 2 * per_octave) return index;
  const std::size_t dropped_bits = index / per_octave - 1;
  const std::uint64_t lowest = (per_octave + index % per_octave) << dropped_bits;
  const std::uint64_t width = std::uint64_t{1} << dropped_bits;
  return lowest + (width - 1) / 2;
}

}  // namespace duplex::app::bench

#include "round.hpp"

#include <algorithm>

namespace duplex::app::bench {
namespace {

/// Blocks that are larger are not doubled: then pieces are so large that a call more is nothing.
constexpr std::size_t doubled_bytes_max = std::size_t{256} * 1024;

}  // namespace

PieceSizes::PieceSizes(const std::vector<std::string>& pieces) {
  starts_.push_back(0);
  for (const std::string& piece : pieces) starts_.push_back(starts_.back() + piece.size());
  const std::size_t first = pieces.front().size();
  if (std::ranges::all_of(pieces, [first](const auto& one) { return one.size() == first; })) {
    piece_bytes_ = first;
  }
}

std::uint64_t PieceSizes::sum_of(std::size_t first, std::uint64_t count) const noexcept {
  const std::uint64_t rounds = count / this->count();
  const std::size_t last = first + static_cast<std::size_t>(count % this->count());
  const std::size_t end =
      last < this->count() ? starts_[last] : bytes() + starts_[last - this->count()];
  return rounds * bytes() + end - starts_[first];
}

std::size_t PieceSizes::piece_at(std::size_t offset) const noexcept {
  return static_cast<std::size_t>(std::ranges::upper_bound(starts_, offset) - starts_.begin()) - 1;
}

Round::Round(const std::vector<std::string>& pieces) : PieceSizes(pieces) {
  block_.reserve(bytes() <= doubled_bytes_max ? 2 * bytes() : bytes());
  for (const std::string& piece : pieces) block_ += piece;
  if (block_.size() <= doubled_bytes_max) block_ += std::string(block_);
}

}  // namespace duplex::app::bench

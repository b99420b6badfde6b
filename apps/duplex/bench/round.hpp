#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::app::bench {

/// How many bytes pieces have that follow each other, and behind the last the first again.
class PieceSizes {
 public:
  /// There is at least one.
  explicit PieceSizes(const std::vector<std::string>& pieces);

  std::size_t count() const noexcept { return starts_.size() - 1; }
  /// Of all together.
  std::size_t bytes() const noexcept { return starts_.back(); }

  /// Of each, when they are all alike; else 0.
  std::size_t piece_bytes() const noexcept { return piece_bytes_; }

  /// How many bytes `count` pieces take, beginning with the one of this number.
  std::uint64_t bytes_of(std::size_t first, std::uint64_t count) const noexcept {
    return piece_bytes_ != 0 ? count * piece_bytes_ : sum_of(first, count);
  }
  /// For the number behind the last one, all bytes.
  std::size_t start_of(std::size_t piece) const noexcept { return starts_[piece]; }
  /// The piece that the byte at `offset` belongs to.
  std::size_t piece_at(std::size_t offset) const noexcept;

 private:
  std::uint64_t sum_of(std::size_t first, std::uint64_t count) const noexcept;

  std::vector<std::size_t> starts_;
  std::size_t piece_bytes_ = 0;
};

/// Prepared pieces, such as frames, in one block: sent one behind the other, and after the last the
/// first again. A run of them is one view, and leaves in one call.
///
/// A place in it is an offset in bytes below `bytes()`.
class Round : public PieceSizes {
 public:
  /// There is at least one, and none is empty.
  explicit Round(const std::vector<std::string>& pieces);

  std::string_view piece(std::size_t number) const noexcept {
    return std::string_view(block_).substr(start_of(number),
                                           start_of(number + 1) - start_of(number));
  }

  /// What is to be sent from `offset` on: not empty, but at most `bytes_max`.
  std::string_view from(std::size_t offset, std::uint64_t bytes_max) const noexcept {
    return std::string_view(block_).substr(offset, bytes_max);
  }
  std::size_t behind(std::size_t offset, std::size_t bytes) const noexcept {
    offset += bytes;
    while (offset >= this->bytes()) offset -= this->bytes();
    return offset;
  }

 private:
  /// All pieces, twice where they are small, so that most runs don't end at the last piece.
  std::string block_;
};

}  // namespace duplex::app::bench

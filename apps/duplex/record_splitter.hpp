#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace duplex::app {

/// Cuts what comes in pieces of any size into records that end with one character: lines, or what
/// `find -print0` writes.
class RecordSplitter {
 public:
  /// A record that exceeds `bytes_max` is too long.
  RecordSplitter(char delimiter, std::size_t bytes_max) noexcept
      : bytes_max_(bytes_max), delimiter_(delimiter) {}

  /// Takes the next piece and calls `take` with each record that is complete, without its end, as a
  /// view that holds during the call. False when a record is too long; feed nothing more then.
  bool feed(std::string_view piece, const std::function<void(std::string_view)>& take);

  /// At the end of the input: the last record, when it has begun and has no end of its own.
  std::optional<std::string> rest();

  /// How many records were complete so far.
  std::size_t count() const noexcept { return count_; }

 private:
  std::string incomplete_;
  std::size_t bytes_max_;
  std::size_t count_ = 0;
  char delimiter_;
};

}  // namespace duplex::app

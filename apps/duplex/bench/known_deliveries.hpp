#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "compression.hpp"
#include "delivery.hpp"

namespace duplex::app::bench {

/// Compressed messages that came of late, and what they are. A server compresses what is published
/// once, and sends the same bytes to all: so that they are inflated once, too. That is of no use
/// where windows are kept, since there bytes depend on the connection.
class KnownDeliveries {
 public:
  /// What the message is; holds until the next call.
  const Delivered& read(const DeliveryRules& rules, std::string_view compressed);

  /// Whether it was asked for before, and is not forgotten.
  bool knows(std::string_view compressed) const noexcept;
  /// How many it remembers, and what these take.
  std::size_t count() const noexcept { return known_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  /// Where several are under way, a subscriber gets some in a row, and then another one does, so
  /// that more are known than that. A thread has no more bytes than these, or one message.
  static constexpr std::size_t count_max = 64;
  static constexpr std::size_t bytes_max = std::size_t{4} * 1024 * 1024;

 private:
  struct Known {
    std::string compressed;
    Delivered delivered;
  };

  const Delivered* find(std::string_view compressed);
  Delivered inflated(const DeliveryRules& rules, std::string_view compressed);

  Inflater inflater_{false};
  /// As they came.
  std::deque<Known> known_;
  std::size_t bytes_ = 0;
  /// Which was asked for last: this one or the next is the most likely.
  std::size_t last_ = 0;
};

}  // namespace duplex::app::bench

#include "known_deliveries.hpp"

#include <algorithm>
#include <utility>

namespace duplex::app::bench {

const Delivered& KnownDeliveries::read(const DeliveryRules& rules, std::string_view compressed) {
  if (const Delivered* const known = find(compressed)) return *known;
  while (known_.size() >= count_max ||
         (!known_.empty() && bytes_ + compressed.size() > bytes_max)) {
    bytes_ -= known_.front().compressed.size();
    known_.pop_front();
  }
  Delivered delivered = inflated(rules, compressed);
  known_.push_back({std::string(compressed), std::move(delivered)});
  bytes_ += compressed.size();
  last_ = known_.size() - 1;
  return known_.back().delivered;
}

bool KnownDeliveries::knows(std::string_view compressed) const noexcept {
  return std::ranges::find(known_, compressed, &Known::compressed) != known_.end();
}

const Delivered* KnownDeliveries::find(std::string_view compressed) {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const std::size_t at = (last_ + i) % known_.size();
    if (known_[at].compressed == compressed) {
      last_ = at;
      return &known_[at].delivered;
    }
  }
  return nullptr;
}

Delivered KnownDeliveries::inflated(const DeliveryRules& rules, std::string_view compressed) {
  std::string message;
  if (!inflater_.inflate(compressed, rules.messages->kind().bytes, message)) {
    return std::unexpected(not_inflatable());
  }
  return read_inflated(rules, message);
}

}  // namespace duplex::app::bench

#include "opening_queue.hpp"

#include <algorithm>

namespace duplex::app::bench {

std::optional<std::uint32_t> OpeningQueue::take(Time now) {
  if (waiting_.empty() || opening_.size() >= at_once_max || waiting_.front().not_before > now) {
    return std::nullopt;
  }
  if (pace_ > 0 &&
      static_cast<double>(begun_) >= pace_ * 1e-9 * static_cast<double>(now - started_)) {
    return std::nullopt;
  }
  const std::uint32_t number = waiting_.front().number;
  waiting_.pop_front();
  opening_.push_back({number, now + opening_time_max});
  ++begun_;
  return number;
}

void OpeningQueue::ended(std::uint32_t number) {
  // There are few, and those that began first mostly end first.
  opening_.erase(std::ranges::find(opening_, number, &Opening::number));
}

std::optional<std::uint32_t> OpeningQueue::overdue(Time now) const noexcept {
  if (opening_.empty() || opening_.front().deadline > now) return std::nullopt;
  return opening_.front().number;
}

Time OpeningQueue::due(Time now) const noexcept {
  constexpr Time moment = second / 1000;
  Time due = opening_.empty() ? never : opening_.front().deadline;
  if (!waiting_.empty() && opening_.size() < at_once_max) {
    due = std::min(due, std::max(waiting_.front().not_before, now + moment));
  }
  return due;
}

}  // namespace duplex::app::bench

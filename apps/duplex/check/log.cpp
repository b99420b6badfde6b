#include "log.hpp"

#include <utility>

namespace duplex::app::check {

void Log::add(Direction direction, std::string text) {
  if (entries_.size() == entries_max) {
    ++left_out_;
    return;
  }
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin_);
  entries_.push_back({direction, time, std::move(text)});
}

}  // namespace duplex::app::check

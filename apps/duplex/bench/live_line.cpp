#include "live_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "progress_line.hpp"
#include "readable.hpp"

namespace duplex::app::bench {
namespace {

/// Carriage return, and clear to the end of the line (ECMA-48 section 8.3.41).
constexpr auto over_the_last = "\r\x1b[K";

std::string activity(Mode mode, const RunState& state) {
  const Now& now = state.now;
  if (mode == Mode::idle || !state.left) {
    return fmt::format("{} of {} connections open", readable_count(now.connections),
                       readable_count(state.connections));
  }
  std::string text =
      fmt::format("{} {}/s", readable_number(now.messages_per_second), messages_name(mode));
  if (now.messages_per_second > 0) {
    text += fmt::format(", p50 {}, p99 {}", readable_duration(now.p50_ns),
                        readable_duration(now.p99_ns));
  }
  return text;
}

}  // namespace

std::optional<std::string> LiveLine::update(const RunState& state, Time time) {
  if (shown_ && time - *shown_ < interval) return std::nullopt;
  shown_ = time;
  std::string text = over_the_last + activity(mode_, state);
  if (state.now.errors > 0) {
    text += fmt::format(", {} {}", readable_count(state.now.errors),
                        state.now.errors == 1 ? "error" : "errors");
  }
  if (state.left) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*state.left);
    text += fmt::format(", {} left", readable_wait(std::max(left, std::chrono::seconds(0))));
  }
  return text;
}

std::string LiveLine::clear() {
  return std::exchange(shown_, std::nullopt) ? over_the_last : std::string();
}

}  // namespace duplex::app::bench

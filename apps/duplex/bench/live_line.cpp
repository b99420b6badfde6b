#include "live_line.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "overwritten_line.hpp"
#include "progress_line.hpp"
#include "readable.hpp"

namespace duplex::app::bench {
namespace {

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
  std::string text = activity(mode_, state);
  if (state.now.errors > 0) {
    text += fmt::format(", {} {}", readable_count(state.now.errors),
                        state.now.errors == 1 ? "error" : "errors");
  }
  if (state.left) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*state.left);
    text += left.count() > 0 ? fmt::format(", {} left", readable_wait(left))
                             : ", waiting for the last answers";
  }
  return over_the_last_line(text);
}

std::string LiveLine::clear() {
  return std::string(std::exchange(shown_, std::nullopt) ? no_line : std::string_view());
}

}  // namespace duplex::app::bench

#include "progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "overwritten_line.hpp"
#include "transcript.hpp"

namespace duplex::app {
namespace {

/// The rate is that of so long.
constexpr std::chrono::seconds window{5};
/// Nobody waits for longer; and a second is too rough a measure to divide by less.
constexpr double wait_s_max = 99.0 * 3600;
constexpr double rate_min = 1;

std::string percentage(std::uint64_t bytes, std::uint64_t total) {
  if (total == 0) return "100 %";
  const double share = 100.0 * static_cast<double>(bytes) / static_cast<double>(total);
  // Only what is complete is 100 %.
  return fmt::format("{:3.0f} %", bytes < total ? std::min(std::floor(share), 99.0) : 100.0);
}

std::string time_left(double bytes, double per_second) {
  if (per_second < rate_min) return "";
  const double left_s = std::ceil(bytes / per_second);
  if (left_s > wait_s_max) return "";
  return fmt::format(", {} left", readable_wait(std::chrono::seconds(static_cast<int>(left_s))));
}

}  // namespace

std::optional<std::string> ProgressLine::update(std::uint64_t bytes,
                                                std::optional<std::uint64_t> total, Time now) {
  // What begins anew, as after a redirection, has a rate of its own.
  if (!samples_.empty() && bytes < samples_.back().bytes) samples_.clear();
  if (samples_.empty() || now - samples_.back().time >= interval) samples_.push_back({now, bytes});
  while (samples_.size() > 2 && now - samples_.front().time > window) samples_.pop_front();
  if (now - begin_ < first_after) return std::nullopt;
  const bool complete = total && bytes >= *total;
  if (shown_ && now - *shown_ < interval && !complete) return std::nullopt;
  shown_ = now;
  std::string text;
  if (total) {
    text = fmt::format("{}  {} of {}", percentage(bytes, *total), readable_size(bytes),
                       readable_size(*total));
  } else {
    text = readable_size(bytes);
  }
  if (const std::optional<double> per_second = rate()) {
    text += fmt::format(", {}/s", readable_size(static_cast<std::uint64_t>(*per_second)));
    if (total && !complete) text += time_left(static_cast<double>(*total - bytes), *per_second);
  }
  return over_the_last_line(text);
}

std::string ProgressLine::clear() {
  return std::string(std::exchange(shown_, std::nullopt) ? no_line : std::string_view());
}

std::optional<double> ProgressLine::rate() const {
  if (samples_.size() < 2) return std::nullopt;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const std::chrono::duration<double> duration = last.time - first.time;
  return static_cast<double>(last.bytes - first.bytes) / duration.count();
}

std::string readable_wait(std::chrono::seconds duration) {
  const std::chrono::hh_mm_ss parts(duration);
  if (parts.hours().count() > 0) {
    return fmt::format("{} h {} min", parts.hours().count(), parts.minutes().count());
  }
  if (parts.minutes().count() > 0) {
    return fmt::format("{} min {} s", parts.minutes().count(), parts.seconds().count());
  }
  return fmt::format("{} s", parts.seconds().count());
}

}  // namespace duplex::app

#include "case_progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace duplex::app::check {
namespace {

/// Carriage return, and clear to the end of the line (ECMA-48 section 8.3.41).
constexpr auto over_the_last = "\r\x1b[K";

}  // namespace

std::optional<std::string> CaseProgress::add(Verdict verdict, Time now) {
  counts_.add(verdict);
  if (shown_ && now - *shown_ < interval) return std::nullopt;
  shown_ = now;
  // A client may run a case twice.
  const std::size_t done = std::min(counts_.all(), total_);
  std::string text = fmt::format("{}{:3} %  {} of {} cases", over_the_last,
                                 100 * done / std::max<std::size_t>(total_, 1), done, total_);
  if (counts_.wrong > 0) text += fmt::format(", {} wrong", counts_.wrong);
  if (counts_.acceptable > 0) text += fmt::format(", {} acceptable", counts_.acceptable);
  return text;
}

std::string CaseProgress::clear() {
  return std::exchange(shown_, std::nullopt) ? over_the_last : std::string();
}

}  // namespace duplex::app::check

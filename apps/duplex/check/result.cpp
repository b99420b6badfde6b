#include "result.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace duplex::app::check {

void Counts::add(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::right: ++right; break;
    case Verdict::acceptable: ++acceptable; break;
    case Verdict::wrong: ++wrong; break;
    case Verdict::not_applicable: ++not_applicable; break;
  }
}

std::size_t Counts::of(Verdict verdict) const noexcept {
  switch (verdict) {
    case Verdict::right: return right;
    case Verdict::acceptable: return acceptable;
    case Verdict::wrong: return wrong;
    case Verdict::not_applicable: return not_applicable;
  }
  return 0;
}

Counts Report::counts() const {
  Counts counts;
  for (const Result& result : results) counts.add(result.finding.verdict);
  return counts;
}

bool Report::good() const {
  const Counts all = counts();
  return failure.empty() && not_run.empty() && all.wrong == 0 && all.right + all.acceptable > 0;
}

std::vector<GroupCounts> counts_by_group(const Report& report) {
  std::vector<GroupCounts> groups;
  const auto group_of = [&groups](const Case& what) -> GroupCounts& {
    auto found = std::ranges::find(groups, what.group(), &GroupCounts::group);
    if (found == groups.end()) {
      groups.push_back({.group = std::string(what.group())});
      found = groups.end() - 1;
    }
    return *found;
  };
  for (const Result& result : report.results) {
    group_of(*result.what).counts.add(result.finding.verdict);
  }
  for (const Case* const what : report.not_run) ++group_of(*what).not_run;
  return groups;
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", std::chrono::floor<std::chrono::seconds>(time));
}

}  // namespace duplex::app::check

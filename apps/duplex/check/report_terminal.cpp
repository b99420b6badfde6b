#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "case_words.hpp"
#include "color.hpp"
#include "printable.hpp"
#include "report.hpp"

namespace duplex::app::check {
namespace {

std::string table(const Report& report) {
  const auto groups = counts_by_group(report);
  std::size_t width = 5;
  for (const GroupCounts& group : groups) width = std::max(width, group.group.size());
  const auto row = [width](std::string_view group, const Counts& counts) {
    return fmt::format("{:<{}} {:>7} {:>11} {:>6} {:>15}\n", group, width, counts.right,
                       counts.acceptable, counts.wrong, counts.not_applicable);
  };
  std::string text = fmt::format("{:<{}} {:>7} {:>11} {:>6} {:>15}\n", "group", width, "right",
                                 "acceptable", "wrong", "not applicable");
  for (const GroupCounts& group : groups) text += row(group.group, group.counts);
  if (groups.size() > 1) text += row("all", report.counts());
  return text;
}

std::string log_of(const Result& result) {
  std::string text;
  for (const Log::Entry& entry : result.log.entries()) {
    text += "    " + printable(log_line(entry)) + "\n";
  }
  if (result.log.left_out() > 0) {
    text += fmt::format("    and {} more\n", result.log.left_out());
  }
  return text;
}

/// Cases that a reason is told for once.
struct Reason {
  std::string why;
  std::vector<const Result*> results = {};
};

/// In the order in which they first appear.
std::vector<Reason> reasons_for(const Report& report, Verdict verdict) {
  std::vector<Reason> reasons;
  for (const Result& result : report.results) {
    if (result.finding.verdict != verdict) continue;
    std::string why = printable(result.finding.why);
    auto found = std::ranges::find(reasons, why, &Reason::why);
    if (found == reasons.end()) {
      reasons.push_back({.why = std::move(why)});
      found = reasons.end() - 1;
    }
    found->results.push_back(&result);
  }
  return reasons;
}

std::string list_of(std::span<const Result* const> results, TerminalStyle style) {
  std::string text;
  for (const Result* const result : results) {
    text += fmt::format("  {}\n", result->what->id);
    if (style.with_logs) text += styled(log_of(*result), Style::faint, style.color);
  }
  return text;
}

/// The first case of each reason in full.
std::string wrong_ones(const Report& report, TerminalStyle style) {
  std::string text;
  for (const auto& [why, results] : reasons_for(report, Verdict::wrong)) {
    const Result& first = *results.front();
    const Case& what = *first.what;
    text += "\n" + styled("wrong: " + what.id, Style::warning, style.color) + "\n";
    text += fmt::format("  {}: {} ({}).\n", what.title, what.expected, what.rule);
    text += fmt::format("  {}.\n", sentence(why));
    if (style.with_logs) text += styled(log_of(first), Style::faint, style.color);
    if (results.size() == 1) continue;
    text += fmt::format("and for the same reason ({}):\n", cases_text(results.size() - 1));
    text += list_of(std::span(results).subspan(1), style);
  }
  return text;
}

std::string acceptable_ones(const Report& report, TerminalStyle style) {
  std::string text;
  for (const auto& [why, results] : reasons_for(report, Verdict::acceptable)) {
    text += fmt::format("\nacceptable: {}\n{}", why, list_of(results, style));
  }
  return text;
}

/// A line for each reason, up to its colon: what follows differs from case to case.
std::string not_applicable_ones(const Report& report) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const auto& [why, results] : reasons_for(report, Verdict::not_applicable)) {
    const std::string begin = why.substr(0, why.find(": "));
    auto found = std::ranges::find(counts, begin, &std::pair<std::string, std::size_t>::first);
    if (found == counts.end()) found = counts.insert(found, {begin, 0});
    found->second += results.size();
  }
  std::string text = counts.empty() ? "" : "\n";
  for (const auto& [why, count] : counts) {
    text += fmt::format("not applicable: {} ({})\n", why, cases_text(count));
  }
  return text;
}

}  // namespace

std::string terminal_report(const Report& report, TerminalStyle style) {
  std::string text = table(report);
  text += wrong_ones(report, style);
  text += acceptable_ones(report, style);
  text += not_applicable_ones(report);
  text += fmt::format("\n{}: {}", printable(report.subject), summary(report.counts()));
  if (!report.not_run.empty()) text += fmt::format(", {} not run", report.not_run.size());
  return text + fmt::format(", in {:.1f} s\n", static_cast<double>(report.duration.count()) / 1000);
}

}  // namespace duplex::app::check

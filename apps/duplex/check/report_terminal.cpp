#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

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

std::string wrong_ones(const Report& report, TerminalStyle style) {
  std::string text;
  for (const Result& result : report.results) {
    if (result.finding.verdict != Verdict::wrong) continue;
    const Case& what = *result.what;
    text += "\n" + styled("wrong: " + what.id, Style::warning, style.color) + "\n";
    text += fmt::format("  {}: {} ({}).\n", what.title, what.expected, what.rule);
    text += fmt::format("  {}.\n", printable(sentence(result.finding.why)));
    if (style.with_logs) text += styled(log_of(result), Style::faint, style.color);
  }
  return text;
}

/// One paragraph for each reason, which often is that of many cases.
std::string acceptable_ones(const Report& report, TerminalStyle style) {
  std::vector<std::pair<std::string, std::string>> reasons;
  for (const Result& result : report.results) {
    if (result.finding.verdict != Verdict::acceptable) continue;
    const std::string why = printable(result.finding.why);
    auto found = std::ranges::find(reasons, why, &std::pair<std::string, std::string>::first);
    if (found == reasons.end()) {
      reasons.emplace_back(why, "");
      found = reasons.end() - 1;
    }
    found->second += fmt::format("  {}\n", result.what->id);
    if (style.with_logs) found->second += styled(log_of(result), Style::faint, style.color);
  }
  std::string text;
  for (const auto& [why, cases] : reasons) text += fmt::format("\nacceptable: {}\n{}", why, cases);
  return text;
}

}  // namespace

std::string terminal_report(const Report& report, TerminalStyle style) {
  std::string text = table(report);
  text += wrong_ones(report, style);
  text += acceptable_ones(report, style);
  text += fmt::format("\n{}: {}", printable(report.subject), summary(report.counts()));
  if (!report.not_run.empty()) text += fmt::format(", {} not run", report.not_run.size());
  return text + fmt::format(", in {:.1f} s\n", static_cast<double>(report.duration.count()) / 1000);
}

}  // namespace duplex::app::check

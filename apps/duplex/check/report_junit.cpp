#include <fmt/format.h>

#include <string>

#include "markup.hpp"
#include "report.hpp"

namespace duplex::app::check {
namespace {

double seconds(std::chrono::milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

std::string log_of(const Result& result) {
  std::string text =
      fmt::format("{}: {} ({})\n", result.what->title, result.what->expected, result.what->rule);
  for (const Log::Entry& entry : result.log.entries()) text += log_line(entry) + "\n";
  if (result.log.left_out() > 0) text += fmt::format("and {} more\n", result.log.left_out());
  return escape_markup(text);
}

std::string outcome_of(const Result& result) {
  const std::string why = escape_markup(result.finding.why);
  switch (result.finding.verdict) {
    case Verdict::right: return "";
    case Verdict::acceptable:
      return fmt::format("      <system-out>acceptable: {}&#10;{}</system-out>\n", why,
                         log_of(result));
    case Verdict::wrong:
      return fmt::format("      <failure message=\"{}\">{}</failure>\n", why, log_of(result));
    case Verdict::not_applicable: return fmt::format("      <skipped message=\"{}\"/>\n", why);
  }
  return "";
}

std::string suite_of(const Report& report, const GroupCounts& group) {
  std::string cases;
  std::chrono::milliseconds time{};
  for (const Result& result : report.results) {
    if (result.what->group() != group.group) continue;
    time += result.duration;
    const std::string outcome = outcome_of(result);
    cases += fmt::format("    <testcase classname=\"websocket.{}\" name=\"{}\" time=\"{:.3f}\"",
                         escape_markup(group.group), escape_markup(result.what->id),
                         seconds(result.duration));
    cases += outcome.empty() ? "/>\n" : ">\n" + outcome + "    </testcase>\n";
  }
  // An error, not a skip: a run that was cut short must not look as if it had gone well.
  for (const Case* const what : report.not_run) {
    if (what->group() != group.group) continue;
    cases += fmt::format(
        "    <testcase classname=\"websocket.{}\" name=\"{}\" time=\"0\">\n"
        "      <error message=\"it was not run\"/>\n    </testcase>\n",
        escape_markup(group.group), escape_markup(what->id));
  }
  return fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\" timestamp=\"{}\">\n{}  </testsuite>\n",
      escape_markup(group.group), group.counts.all() + group.not_run, group.counts.wrong,
      group.not_run, group.counts.not_applicable, seconds(time), report.began, cases);
}

/// As a test case of its own, which is there whatever else is.
std::string suite_of_failure(const Report& report) {
  if (report.failure.empty()) return {};
  return fmt::format(
      "  <testsuite name=\"run\" tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" "
      "time=\"{:.3f}\" timestamp=\"{}\">\n"
      "    <testcase classname=\"websocket.run\" name=\"run\" time=\"{:.3f}\">\n"
      "      <error message=\"{}\"/>\n    </testcase>\n  </testsuite>\n",
      seconds(report.duration), report.began, seconds(report.duration),
      escape_markup(report.failure));
}

}  // namespace

std::string junit_report(const Report& report) {
  const Counts counts = report.counts();
  const std::size_t errors = report.not_run.size() + (report.failure.empty() ? 0 : 1);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format(
      "<testsuites name=\"duplex check {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\" time=\"{:.3f}\">\n",
      escape_markup(report.subject), counts.all() + errors, counts.wrong, errors,
      counts.not_applicable, seconds(report.duration));
  for (const GroupCounts& group : counts_by_group(report)) text += suite_of(report, group);
  return text + suite_of_failure(report) + "</testsuites>\n";
}

}  // namespace duplex::app::check

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "embedded_file.hpp"
#include "markup.hpp"
#include "report.hpp"
#include "version.hpp"

namespace duplex::app::check {
namespace {

/// What goes between the braces of the template; already escaped.
using Parts = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Each `{{name}}` of the template by its part. Braces in a part mean nothing.
std::string fill(std::string_view page, Parts parts) {
  std::string filled;
  while (true) {
    const std::size_t begin = page.find("{{");
    const std::size_t end = page.find("}}", begin);
    if (end == std::string_view::npos) return filled.append(page);
    filled += page.substr(0, begin);
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    const auto* const part = std::ranges::find(parts, name, &Parts::value_type::first);
    if (part != parts.end()) filled += part->second;
    page.remove_prefix(end + 2);
  }
}

std::string row_of(std::string_view group, const Counts& counts) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                     escape_markup(group), counts.right, counts.acceptable, counts.wrong,
                     counts.not_applicable);
}

std::string_view class_of(Verdict verdict) {
  return verdict == Verdict::not_applicable ? "not-applicable" : name(verdict);
}

std::string case_of(const Result& result) {
  const Case& what = *result.what;
  std::string lines;
  for (const Log::Entry& entry : result.log.entries()) {
    lines += escape_markup(log_line(entry)) + "\n";
  }
  if (result.log.left_out() > 0) lines += fmt::format("and {} more\n", result.log.left_out());
  const std::string why =
      result.finding.why.empty()
          ? ""
          : fmt::format("<p>{}.</p>\n", escape_markup(sentence(result.finding.why)));
  return fmt::format(
      "<details id=\"{}\" class=\"{}\" data-group=\"{}\"><summary><b>{}</b><code>{}</code>"
      "<span>{}</span><span class=\"faint\">{} ms</span></summary><div>\n"
      "{}<p class=\"faint\">Right: {} ({}).</p>\n<pre>{}</pre></div></details>\n",
      escape_markup(what.id), class_of(result.finding.verdict), escape_markup(what.group()),
      name(result.finding.verdict), escape_markup(what.id), escape_markup(what.title),
      result.duration.count(), why, escape_markup(what.expected), escape_markup(what.rule), lines);
}

}  // namespace

std::string html_report(const Report& report) {
  std::string groups;
  std::string options;
  for (const GroupCounts& group : counts_by_group(report)) {
    groups += row_of(group.group, group.counts);
    options += fmt::format("<option>{}</option>", escape_markup(group.group));
  }
  groups += row_of("all", report.counts());
  std::string cases;
  // What people look for comes first.
  for (const Verdict verdict :
       {Verdict::wrong, Verdict::acceptable, Verdict::not_applicable, Verdict::right}) {
    for (const Result& result : report.results) {
      if (result.finding.verdict == verdict) cases += case_of(result);
    }
  }
  std::string about =
      fmt::format("A WebSocket {}, checked by duplex {} at {}, in {:.1f} s",
                  report.checked == End::server ? "server" : "client", version(), report.began,
                  static_cast<double>(report.duration.count()) / 1000);
  if (!report.not_run.empty()) {
    about += fmt::format("; {} cases were not run", report.not_run.size());
  }
  const std::string failure =
      report.failure.empty()
          ? ""
          : fmt::format("<p class=\"failure\">{}.</p>\n", escape_markup(sentence(report.failure)));
  // Where something is wrong, that is what people came for.
  const std::string calm = report.counts().wrong == 0 ? " checked" : "";
  return fill(check_report_files().front().content, {{"subject", escape_markup(report.subject)},
                                                     {"summary", summary(report.counts())},
                                                     {"about", escape_markup(about)},
                                                     {"failure", failure},
                                                     {"groups", groups},
                                                     {"calm", calm},
                                                     {"options", options},
                                                     {"cases", cases}});
}

}  // namespace duplex::app::check

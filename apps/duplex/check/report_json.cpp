#include <nlohmann/json.hpp>
#include <string>

#include "report.hpp"
#include "version.hpp"

namespace duplex::app::check {
namespace {

using nlohmann::ordered_json;

ordered_json counts_of(const Counts& counts) {
  return {{"right", counts.right},
          {"acceptable", counts.acceptable},
          {"wrong", counts.wrong},
          {"not_applicable", counts.not_applicable}};
}

/// As in the counts.
std::string key_of(Verdict verdict) {
  return verdict == Verdict::not_applicable ? "not_applicable" : std::string(name(verdict));
}

ordered_json case_of(const Result& result) {
  const Case& what = *result.what;
  ordered_json one = {{"id", what.id},
                      {"group", what.group()},
                      {"title", what.title},
                      {"expected", what.expected},
                      {"rule", what.rule},
                      {"verdict", key_of(result.finding.verdict)},
                      {"why", result.finding.why},
                      {"duration_ms", result.duration.count()}};
  if (result.finding.verdict == Verdict::right) return one;
  ordered_json lines = ordered_json::array();
  for (const Log::Entry& entry : result.log.entries()) lines.push_back(log_line(entry));
  one["log"] = std::move(lines);
  if (result.log.left_out() > 0) one["log_lines_left_out"] = result.log.left_out();
  return one;
}

}  // namespace

std::string json_report(const Report& report) {
  ordered_json groups = ordered_json::object();
  for (const GroupCounts& group : counts_by_group(report)) {
    groups[group.group] = counts_of(group.counts);
  }
  ordered_json cases = ordered_json::array();
  for (const Result& result : report.results) cases.push_back(case_of(result));
  const ordered_json all = {{"duplex", version()},
                            {"subject", report.subject},
                            {"checked", report.checked == End::server ? "server" : "client"},
                            {"began", report.began},
                            {"duration_ms", report.duration.count()},
                            {"good", report.good()},
                            {"failure", report.failure},
                            {"counts", counts_of(report.counts())},
                            {"not_run", report.not_run.size()},
                            {"groups", groups},
                            {"cases", cases}};
  // What a peer has said need not be UTF-8.
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace duplex::app::check

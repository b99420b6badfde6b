#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "report.hpp"
#include "version.hpp"

namespace duplex::app::bench {
namespace {

using nlohmann::ordered_json;
using Unit = Requirement::Unit;

double microseconds(std::uint64_t ns) noexcept {
  return static_cast<double>(ns) / 1000;
}

/// To six decimals, which is more than was measured, and what people can read.
double rounded(double figure) noexcept {
  return std::round(figure * 1e6) / 1e6;
}

std::vector<double> rounded(std::vector<double> figures) {
  for (double& figure : figures) figure = rounded(figure);
  return figures;
}

double ratio(double of, double to) noexcept {
  return to > 0 ? of / to : 0;
}

ordered_json durations_of(const Histogram& histogram) {
  if (histogram.empty()) return nullptr;
  return {{"min", microseconds(histogram.min())},
          {"mean", rounded(histogram.mean() / 1000)},
          {"p50", microseconds(histogram.at_percentile(50))},
          {"p90", microseconds(histogram.at_percentile(90))},
          {"p99", microseconds(histogram.at_percentile(99))},
          {"p99.9", microseconds(histogram.at_percentile(99.9))},
          {"p99.99", microseconds(histogram.at_percentile(99.99))},
          {"max", microseconds(histogram.max())},
          {"relative_error", Histogram::relative_error}};
}

ordered_json options_of(const Result& result) {
  ordered_json options = ordered_json::object();
  for (const Option& option : result.options) {
    std::visit([&](const auto& value) { options[option.name] = value; }, option.value);
  }
  return options;
}

ordered_json errors_of(const Result& result) {
  ordered_json errors = ordered_json::array();
  for (const ErrorCount& error : result.total.errors.kinds()) {
    errors.push_back({{"kind", error.kind}, {"count", error.count}, {"example", error.example}});
  }
  return errors;
}

ordered_json statuses_of(const Result& result) {
  ordered_json statuses = ordered_json::object();
  for (const auto& [status, count] : result.total.statuses) {
    statuses[std::to_string(status)] = count;
  }
  return statuses;
}

ordered_json load_of(const LoadCost& load) {
  return {{"threads", load.busy.size()},
          {"cpu_seconds", rounded(load.cpu_seconds)},
          {"busy", rounded(load.busiest())},
          {"busy_by_thread", rounded(load.busy)},
          {"waiting", rounded(load.waiting)}};
}

ordered_json server_of(const ServerCost& server, const Result& result) {
  ordered_json all = {{"pid", server.pid},
                      {"user_seconds", rounded(server.user_seconds)},
                      {"system_seconds", rounded(server.system_seconds)},
                      {"busy", rounded(server.busy)}};
  if (const auto cost = result.message_cost()) {
    all["user_us_per_message"] = rounded(cost->user_ns / 1000);
    all["cpu_us_per_message"] = rounded(cost->cpu_ns() / 1000);
  }
  all["memory_before_bytes"] = server.memory_before_bytes;
  all["memory_bytes"] = server.memory_bytes;
  if (const auto each = server.memory_bytes_per_connection()) {
    all["memory_bytes_per_connection"] = rounded(*each);
  }
  return all;
}

/// Durations are in microseconds here, as all of them.
std::string_view unit_name(Unit unit) noexcept {
  switch (unit) {
    case Unit::per_second: return "per_second";
    case Unit::nanoseconds: return "us";
    case Unit::bytes: return "bytes";
    case Unit::count: return "count";
    case Unit::share: return "share";
  }
  return "";
}

/// `at` is the end of the slice, in seconds since the beginning of what is measured.
ordered_json slice_of(const Slice& slice) {
  ordered_json one = {{"at", rounded(slice.from_s + slice.seconds)},
                      {"seconds", rounded(slice.seconds)},
                      {"messages", slice.messages},
                      {"bytes", slice.bytes},
                      {"errors", slice.errors},
                      {"connections", slice.connections}};
  if (slice.messages > 0) {
    one["p50_us"] = microseconds(slice.p50_ns);
    one["p99_us"] = microseconds(slice.p99_ns);
    one["max_us"] = microseconds(slice.max_ns);
  }
  if (slice.memory_bytes) one["memory_bytes"] = *slice.memory_bytes;
  return one;
}

ordered_json judgement_of(const Judgement& judgement) {
  const Requirement& requirement = judgement.requirement;
  const Unit unit = requirement.unit();
  const auto in_unit = [unit](double figure) {
    // A share may be required to be smaller than anything rounded.
    if (unit == Unit::share) return figure;
    return rounded(unit == Unit::nanoseconds ? figure / 1000 : figure);
  };
  ordered_json one = {{"requirement", requirement.text},
                      {"held", judgement.held()},
                      {"unit", unit_name(unit)},
                      {"limit", in_unit(requirement.limit)},
                      {"actual", nullptr}};
  if (judgement.actual) one["actual"] = in_unit(*judgement.actual);
  return one;
}

}  // namespace

std::string json_report(const Result& result) {
  const Tally& total = result.total;
  ordered_json all = {
      {"duplex", version()},
      {"url", result.url},
      {"mode", name(result.mode)},
      {"started", result.started},
      {"options", options_of(result)},
      {"seconds", rounded(result.seconds)},
      {"interrupted", result.interrupted},
      {"good", result.good()},
      {"limited_by", name(result.limited_by)},
      {"messages",
       {{"sent", total.sent},
        {"received", total.received},
        {"late", total.late},
        {"unanswered", total.unanswered},
        {"per_second", rounded(result.messages_per_second())}}},
      {"bytes",
       {{"sent", total.bytes_sent},
        {"received", total.bytes_received},
        {"received_per_second",
         rounded(ratio(static_cast<double>(total.bytes_received), result.seconds))}}},
      {"latency_us", durations_of(total.latency)},
      {"connections",
       {{"opened", total.connections_opened},
        {"resumed", total.connections_resumed},
        {"failed", total.connections_failed},
        {"closed", total.connections_closed},
        {"per_second", rounded(result.connections_per_second())},
        {"handshake_us", durations_of(total.handshake)}}},
      {"errors", errors_of(result)},
      {"statuses", statuses_of(result)},
      {"load", load_of(result.load)}};
  if (!result.title.empty()) all["title"] = result.title;
  if (result.server) all["server"] = server_of(*result.server, result);
  if (result.compressed) {
    all["compression"] = {{"bytes_sent", total.compressed_bytes_sent},
                          {"bytes_received", total.compressed_bytes_received}};
  }
  if (result.fanout) {
    all["fanout"] = {{"published", result.fanout->published},
                     {"delivered", result.fanout->delivered},
                     {"lost", result.fanout->lost}};
  }
  ordered_json required = ordered_json::array();
  for (const Judgement& judgement : result.required) required.push_back(judgement_of(judgement));
  all["required"] = std::move(required);
  ordered_json timeline = ordered_json::array();
  for (const Slice& slice : result.timeline) timeline.push_back(slice_of(slice));
  all["timeline"] = std::move(timeline);
  // What a user or a peer has written need not be UTF-8.
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace duplex::app::bench

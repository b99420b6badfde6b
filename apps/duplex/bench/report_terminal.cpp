#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "color.hpp"
#include "error_kind.hpp"
#include "printable.hpp"
#include "readable.hpp"
#include "report.hpp"
#include "transcript.hpp"

namespace duplex::app::bench {
namespace {

constexpr std::size_t label_width = 13;
/// No server answers so many without taking ten milliseconds, the least that the system counts.
constexpr std::uint64_t messages_that_cost = 50'000;
/// Of handshakes: fewer full ones do not change what was measured.
constexpr double notable_share = 0.01;

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", readable_count(count), noun, count == 1 ? "" : "s");
}

std::string size_text(double bytes) {
  return readable_size(static_cast<std::uint64_t>(std::llround(std::max(bytes, 0.0))));
}

std::string duration_text(double ns) {
  return readable_duration(static_cast<std::uint64_t>(std::llround(ns)));
}

/// Seconds as a user gives them: `10 s`, `0.52 s`.
std::string seconds_text(double seconds) {
  return seconds > 0 ? short_duration(seconds * 1e9) : "0 s";
}

constexpr std::string_view nothing_measured =
    "Nothing was measured: nothing that was asked for came in the measured time.";

/// Text that grows by lines, each with a label or, below it, without.
class Lines {
 public:
  explicit Lines(bool color) : color_(color) {}

  void add(std::string_view label, std::string_view text, Style style = Style::plain) {
    // Padded first: the codes for colors have no width.
    text_ += styled(fmt::format("{:<{}}", label, label_width), Style::faint, color_);
    text_ += styled(text, style, color_) + "\n";
  }
  void add(std::string_view text, Style style = Style::plain) {
    text_ += styled(text, style, color_) + "\n";
  }
  void space() { text_ += "\n"; }

  std::string take() { return std::move(text_); }

 private:
  bool color_;
  std::string text_;
};

void add_rate(Lines& lines, const Result& result) {
  const Tally& total = result.total;
  if (result.mode == Mode::idle) return;
  const double bytes_per_second =
      result.seconds > 0 ? static_cast<double>(total.bytes_received) / result.seconds : 0;
  std::string rate = fmt::format("{} {}/s", readable_number(result.messages_per_second()),
                                 messages_name(result.mode));
  if (total.bytes_received > 0) rate += fmt::format(", {}/s", size_text(bytes_per_second));
  rate +=
      fmt::format("   ({} in {})", readable_count(total.received), seconds_text(result.seconds));
  lines.add("rate", rate, Style::incoming);
  if (total.late > 0) {
    lines.add("late", fmt::format("{} more behind the end", readable_count(total.late)),
              Style::warning);
  }
  if (total.unanswered > 0) {
    lines.add("unanswered",
              fmt::format("{}, which count for the latencies with the time they waited",
                          readable_count(total.unanswered)),
              Style::warning);
  }
  if (!result.fanout) return;
  const Fanout& fanout = *result.fanout;
  lines.add("fan-out",
            fmt::format("{} published, {} delivered, {} lost", readable_count(fanout.published),
                        readable_count(fanout.delivered), readable_count(fanout.lost)),
            fanout.lost > 0 ? Style::warning : Style::plain);
}

void add_compression(Lines& lines, const Result& result) {
  if (!result.compressed) return;
  std::string_view label = "compression";
  const auto add = [&](std::string_view direction, std::uint64_t bytes, std::uint64_t compressed) {
    if (bytes == 0) return;
    const double share = static_cast<double>(compressed) / static_cast<double>(bytes);
    lines.add(label, fmt::format("{} {} as {} ({})", direction, readable_size(bytes),
                                 readable_size(compressed), precise_share(share)));
    label = "";
  };
  add("sent", result.total.bytes_sent, result.total.compressed_bytes_sent);
  add("received", result.total.bytes_received, result.total.compressed_bytes_received);
}

std::string row(const Histogram& histogram) {
  std::string text = fmt::format("{:>8}{:>8}", readable_duration(histogram.min()),
                                 duration_text(histogram.mean()));
  for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99}) {
    text += fmt::format("{:>8}", readable_duration(histogram.at_percentile(percent)));
  }
  return text + fmt::format("{:>8}", readable_duration(histogram.max()));
}

void add_durations(Lines& lines, const Result& result) {
  const Tally& total = result.total;
  // Where the messages are handshakes, these are the same.
  const bool shows_handshake = !total.handshake.empty() && result.mode != Mode::connect;
  if (total.latency.empty() && !shows_handshake) return;
  lines.space();
  lines.add("",
            fmt::format("{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}", "min", "mean", "p50", "p90",
                        "p99", "p99.9", "p99.99", "max"),
            Style::faint);
  if (!total.latency.empty()) lines.add("latency", row(total.latency));
  if (shows_handshake) lines.add("handshake", row(total.handshake));
}

void add_connections(Lines& lines, const Result& result) {
  const Tally& total = result.total;
  std::string text = fmt::format("{} opened", readable_count(result.opening_count));
  if (result.opening_seconds > 0) {
    text += fmt::format(" in {} ({}/s)", seconds_text(result.opening_seconds),
                        readable_number(result.connections_per_second()));
  }
  if (total.connections_opened > result.opening_count) {
    text +=
        fmt::format(", {} later", readable_count(total.connections_opened - result.opening_count));
  }
  if (total.connections_resumed > 0) {
    text += fmt::format(", {} resumed", readable_count(total.connections_resumed));
  }
  if (total.connections_failed > 0) {
    text += fmt::format(", {} failed", readable_count(total.connections_failed));
  }
  if (total.connections_closed > 0) {
    text += fmt::format(", {} lost", readable_count(total.connections_closed));
  }
  lines.add("connections", text);
  const std::uint64_t full = result.not_resumed();
  if (full > 0 && total.connections_resumed == 0) {
    lines.add("", "the server resumes nothing: full handshakes were measured", Style::warning);
  } else if (static_cast<double>(full) > notable_share * static_cast<double>(result.resumable)) {
    lines.add("",
              fmt::format("{} of {} that could resume were full handshakes: both were measured",
                          readable_count(full), readable_count(result.resumable)),
              Style::warning);
  }
}

void add_statuses(Lines& lines, const Result& result) {
  std::string text;
  for (const auto& [status, count] : result.total.statuses) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", status, readable_count(count));
  }
  if (!text.empty()) lines.add("statuses", text);
}

void add_costs(Lines& lines, const Result& result) {
  if (!result.load.busy.empty()) {
    const std::size_t threads = result.load.busy.size();
    lines.add("load", fmt::format("{}, {}{} busy", plural(threads, "thread"),
                                  threads > 1 ? "the busiest " : "",
                                  readable_share(result.load.busiest())));
  }
  if (!result.server) return;
  const ServerCost& server = *result.server;
  lines.add("server", fmt::format("busiest thread {} busy", readable_share(server.busy)));
  if (server.cpu_seconds() == 0 && result.total.received >= messages_that_cost) {
    lines.add("", fmt::format("none of the CPU: is {} the process that answers?", server.pid),
              Style::warning);
  } else if (const auto cost = result.message_cost()) {
    lines.add("",
              fmt::format("{} of CPU a message: {} user, {} system", duration_text(cost->cpu_ns()),
                          duration_text(cost->user_ns), duration_text(cost->system_ns)));
  }
  if (server.memory_bytes == 0) return;
  std::string memory = size_text(static_cast<double>(server.memory_bytes));
  if (const auto each = server.memory_bytes_per_connection()) {
    memory += fmt::format(", {} a connection", size_text(*each));
  }
  lines.add("memory", memory);
}

void add_errors(Lines& lines, const Result& result) {
  const ErrorCounts& errors = result.total.errors;
  if (errors.empty()) {
    lines.add("errors", "none");
    return;
  }
  const bool some_are_allowed = result.is_required(Requirement::Figure::errors);
  std::string_view label = "errors";
  for (const ErrorCount& error : errors.kinds()) {
    const bool spoils = some_are_allowed && error_kind::is_never_allowed(error.kind);
    lines.add(label,
              fmt::format("{:>8}  {}{}", readable_count(error.count), printable(error.kind),
                          spoils ? ", which no requirement allows" : ""),
              Style::warning);
    label = "";
    if (!error.example.empty())
      lines.add("", "          " + printable(error.example), Style::faint);
  }
}

/// What kept the rate from being higher, as far as it can be told.
std::string limit_as_text(const Result& result) {
  const std::string load = readable_share(result.load.busiest());
  const std::string waiting = readable_share(result.load.waiting);
  switch (result.limited_by) {
    case LimitedBy::load:
      return fmt::format(
          "Limited by the load: a thread of it was {} busy. The server may do more;\n"
          "--threads, or another machine, may show it.",
          load);
    case LimitedBy::server:
      return fmt::format("Limited by the server: a thread of it was {} busy.",
                         readable_share(result.server ? result.server->busy : 0));
    case LimitedBy::rate:
      if (!result.load.waits()) return "Limited by --rate, which was kept.";
      return fmt::format(
          "Limited by --rate, which was kept. But the load waited for a processor for {} of the\n"
          "time, and that is in the latencies.",
          waiting);
    case LimitedBy::machine:
      return fmt::format(
          "Limited by the machine: the load waited for a processor for {} of the time, as others\n"
          "run, too. Let them end, or put the load, or the server, on a machine of its own.",
          waiting);
    case LimitedBy::unknown: break;
  }
  if (!result.server) {
    return fmt::format(
        "The load was {} busy and not the limit. Whether the server was, --pid tells.", load);
  }
  return fmt::format(
      "Neither the load ({} busy) nor the server ({} busy) was at its limit:\n"
      "more --connections{} may show more.",
      load, readable_share(result.server->busy), result.deepens ? ", or more --depth," : "");
}

void add_required(Lines& lines, std::span<const Judgement> required) {
  std::size_t width = 0;
  for (const Judgement& each : required) width = std::max(width, each.requirement.text.size());
  std::string_view label = "required";
  for (const Judgement& each : required) {
    lines.add(label,
              fmt::format("{:<{}}  {}", printable(each.requirement.text), width,
                          readable_judgement(each)),
              each.held() ? Style::plain : Style::warning);
    label = "";
  }
}

}  // namespace

std::string terminal_report(const Result& result, bool color) {
  Lines lines(color);
  if (!result.title.empty()) lines.add(printable(result.title), Style::outgoing);
  lines.add(fmt::format("{} {}", name(result.mode), printable(result.url)),
            result.title.empty() ? Style::outgoing : Style::plain);
  const std::string options = readable_options(result);
  if (!options.empty()) lines.add(printable(options), Style::faint);
  lines.space();
  add_rate(lines, result);
  add_compression(lines, result);
  add_connections(lines, result);
  add_statuses(lines, result);
  add_durations(lines, result);
  lines.space();
  add_costs(lines, result);
  add_errors(lines, result);
  add_required(lines, result.required);
  if (result.interrupted) {
    lines.space();
    lines.add("Ended early by the user: it is of the time until then.", Style::warning);
  }
  const std::string limit = limit_sentence(result);
  if (!limit.empty()) {
    lines.space();
    lines.add(limit, result.limited_by == LimitedBy::load ? Style::note : Style::plain);
  }
  return lines.take();
}

std::string terminal_problems(const Result& result, bool color) {
  Lines lines(color);
  // Errors that a requirement allows are none to speak of.
  if (result.good()) return "";
  if (!result.total.errors.empty()) add_errors(lines, result);
  std::vector<Judgement> broken;
  std::ranges::remove_copy_if(result.required, std::back_inserter(broken), &Judgement::held);
  add_required(lines, broken);
  if (!result.has_measured() && result.total.errors.empty()) {
    lines.add(nothing_measured, Style::warning);
  }
  return lines.take();
}

std::string limit_sentence(const Result& result) {
  const bool faultless = result.total.errors.empty();
  // Errors say why.
  if (!result.has_measured()) return std::string(faultless ? nothing_measured : "");
  if (result.mode == Mode::idle) return "";
  if (result.lost() > 0 && !result.rate) {
    return "Limited by losses: who publishes waits for a second for what does not come.\n"
           "With --rate the next messages go in any case.";
  }
  // More of what goes wrong shows nothing.
  if (result.limited_by == LimitedBy::unknown && !faultless && !result.rate) return "";
  // Of one that has ended, its limit is not known.
  const bool ended = result.total.errors.of(error_kind::server_ended) > 0;
  std::string limit = ended ? std::string() : limit_as_text(result);
  if (result.rate && result.limited_by != LimitedBy::rate) {
    return fmt::format("--rate was not kept: of {1} a second, {0} were answered in time.{2}{3}",
                       readable_number(result.kept_rate()), readable_number(*result.rate),
                       ended ? "" : "\n", limit);
  }
  return limit;
}

}  // namespace duplex::app::bench

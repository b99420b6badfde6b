#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "markup.hpp"
#include "plot_axis.hpp"
#include "plot_canvas.hpp"
#include "printable.hpp"
#include "readable.hpp"
#include "report.hpp"
#include "version.hpp"

namespace duplex::app::bench {
namespace {

/// The page, and where its parts are, in pixels.
constexpr double width = 960;
constexpr double height = 944;
constexpr double margin = 36;
/// Between the labels of the axes on both sides.
constexpr double plot_left = 104;
constexpr double plot_right = width - 104;
constexpr double figures_top = 140;
constexpr double first_panel = 230;
constexpr double first_height = 250;
constexpr double second_panel = 592;
constexpr double second_height = 210;
/// From a panel's title to its plot.
constexpr double below_title = 26;

/// The colors are blue and orange, which everybody can tell apart, in tones for a light and a dark
/// page. Fonts are the reader's.
constexpr std::string_view look = R"(<style>
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-size: 13px; fill: #1f2328; }
.page { fill: #ffffff; }
.title { font-size: 23px; font-weight: 650; }
.address { font-size: 15px; }
.faint, .mark, .unit { fill: #59636e; }
.panel { font-size: 16px; font-weight: 600; }
.figure { font-size: 23px; font-weight: 650; }
.wrong { fill: #b3261e; }
.mark, .value { font-variant-numeric: tabular-nums; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.value { font-weight: 600; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
.grid { stroke: #e4e7eb; }
.axis { stroke: #8c959f; }
.rule { stroke: #d1d9e0; }
.first { fill: none; stroke: #0969b5; stroke-width: 2; stroke-linejoin: round; }
.below { fill: #0969b5; fill-opacity: 0.14; }
.second { fill: none; stroke: #c2500a; stroke-width: 2; stroke-linejoin: round; }
.most { stroke: #c2500a; stroke-width: 1.5; stroke-dasharray: 2 4; }
.dot { fill: #c2500a; stroke: #ffffff; stroke-width: 1.5; }
.first-text { fill: #0969b5; font-weight: 600; }
.second-text { fill: #b04506; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .page { fill: #0d1117; }
  .faint, .mark, .unit { fill: #9aa4af; }
  .wrong { fill: #ff8f85; }
  .value { stroke: #0d1117; }
  .grid { stroke: #21272f; }
  .axis { stroke: #6e7681; }
  .rule { stroke: #30363d; }
  .first { stroke: #58b4ff; }
  .below { fill: #58b4ff; fill-opacity: 0.18; }
  .second, .most { stroke: #ffa657; }
  .dot { fill: #ffa657; stroke: #0d1117; }
  .first-text { fill: #58b4ff; }
  .second-text { fill: #ffa657; }
}
</style>
)";

using Label = std::string (*)(double);

std::string seconds_label(double seconds) {
  // Milliseconds where there is less than a second, but never more digits than there are.
  return fmt::format("{:g}", std::round(seconds * 1000) / 1000);
}

/// What the first panel is about.
const Histogram& durations_of(const Result& result) noexcept {
  const Tally& total = result.total;
  return total.latency.empty() && result.mode != Mode::echo ? total.handshake : total.latency;
}

std::string_view durations_name(const Result& result) noexcept {
  switch (result.mode) {
    case Mode::idle:
    case Mode::connect: return "Time to connect, by percentile";
    case Mode::fanout: return "Latency of deliveries, by percentile";
    case Mode::request: return "Latency of responses, by percentile";
    case Mode::echo: break;
  }
  return "Latency, by percentile";
}

/// A number that stands out, and what it is.
struct Figure {
  std::string name;
  std::string value;
  bool wrong = false;
};

std::vector<Figure> figures_of(const Result& result) {
  std::vector<Figure> figures;
  const auto add_percentile = [&](double percent, std::string_view of) {
    const Histogram& histogram = durations_of(result);
    if (histogram.empty()) return;
    figures.push_back(
        {fmt::format("p{:g}{}", percent, of), readable_duration(histogram.at_percentile(percent))});
  };
  if (result.mode == Mode::idle) {
    figures.push_back({"connections", readable_count(result.total.connections_opened)});
    figures.push_back({"opened a second", readable_number(result.connections_per_second())});
    const auto each = result.server ? result.server->memory_bytes_per_connection() : std::nullopt;
    if (each) figures.push_back({"memory a connection", short_size(*each)});
    add_percentile(99, " to connect");
  } else {
    figures.push_back({fmt::format("{} a second", messages_name(result.mode)),
                       readable_number(result.messages_per_second())});
    for (const double percent : {50.0, 99.0, 99.9}) add_percentile(percent, "");
  }
  const std::uint64_t errors = result.total.errors.total();
  figures.push_back({"errors", readable_count(errors), errors > 0});
  if (result.fanout && result.fanout->lost > 0) {
    figures.push_back({"lost", readable_count(result.fanout->lost), true});
  }
  return figures;
}

/// On as many lines as there is room for.
void add_options(Canvas& canvas, const Result& result) {
  constexpr double font_px = 13;
  constexpr double room = width - 2 * margin;
  constexpr double first_line = 92;
  constexpr double line_height = 18;
  const std::string options = printable(readable_options(result));
  std::string_view rest = options;
  std::string_view first = rest;
  while (text_width(first, font_px) > room && first.rfind(", ") != std::string_view::npos) {
    first = first.substr(0, first.rfind(", "));
  }
  rest.remove_prefix(first.size());
  const bool has_more = rest.starts_with(", ");
  canvas.text({margin, first_line}, "faint", fit(first, font_px, room) + (has_more ? "," : ""));
  if (has_more) {
    canvas.text({margin, first_line + line_height}, "faint", fit(rest.substr(2), font_px, room));
  }
}

void add_head(Canvas& canvas, const Result& result) {
  constexpr double room = width - 2 * margin;
  const std::string title = result.title.empty()
                                ? fmt::format("duplex bench: {}", name(result.mode))
                                : printable(result.title);
  canvas.text({margin, 46}, "title", fit(title, 23, room));
  const std::string address =
      result.title.empty() ? result.url : fmt::format("{} {}", name(result.mode), result.url);
  canvas.text({margin, 70}, "address", fit(printable(address), 15, room));
  add_options(canvas, result);
  const std::vector<Figure> figures = figures_of(result);
  const double step = room / static_cast<double>(std::max<std::size_t>(figures.size(), 5));
  for (std::size_t index = 0; index < figures.size(); ++index) {
    const Figure& figure = figures[index];
    const double x = margin + static_cast<double>(index) * step;
    canvas.text({x, figures_top + 8}, "faint", figure.name);
    canvas.text({x, figures_top + 36}, figure.wrong ? "figure wrong" : "figure", figure.value);
  }
}

void add_foot(Canvas& canvas, const Result& result) {
  constexpr double font_px = 13;
  constexpr double line_height = 18;
  const double top = height - 52;
  canvas.line({margin, top}, {width - margin, top}, "rule");
  std::string made = fmt::format("duplex {}", version());
  if (!result.started.empty()) made += ", " + result.started;
  const double room = width - 2 * margin - text_width(made, font_px);
  const std::string limit = limit_sentence(result);
  double y = top + 22;
  for (const auto line : std::views::split(limit, '\n')) {
    canvas.text({margin, y}, "faint", fit(std::string_view(line), font_px, room));
    y += line_height;
  }
  canvas.text({width - margin, top + 22}, "faint end", made);
}

/// Lines across the plot with marks at its left side.
void add_left_marks(Canvas& canvas, const Axis& axis, const Marks& marks, Label label) {
  for (const double mark : marks) {
    const double y = axis.at(mark);
    canvas.line({plot_left, y}, {plot_right, y}, "grid");
    canvas.text({plot_left - 10, y + 4.5}, "mark end", label(mark));
  }
}

void add_right_marks(Canvas& canvas, const Axis& axis, const Marks& marks, Label label) {
  for (const double mark : marks) {
    canvas.text({plot_right + 10, axis.at(mark) + 4.5}, "mark", label(mark));
  }
}

void add_nothing(Canvas& canvas, double top, double panel_height) {
  canvas.text({width / 2, top + panel_height / 2}, "faint middle", "Nothing was measured.");
}

/// On an axis where each next nine is as far away: 1 / (1 - p).
double rarity(double percent) noexcept {
  return 100 / (100 - percent);
}

void add_durations(Canvas& canvas, const Result& result) {
  const double top = first_panel + below_title;
  const double bottom = top + first_height;
  const Histogram& histogram = durations_of(result);
  canvas.text({margin, first_panel}, "panel", durations_name(result));
  if (histogram.empty()) {
    add_nothing(canvas, top, first_height);
    return;
  }
  constexpr double last_percent = 99.99;
  // As wide as a bold font of 13 pixels.
  constexpr double bold_px = 15;
  const Axis across{.low = 1,
                    .high = rarity(last_percent),
                    .from = plot_left,
                    .to = plot_right,
                    .logarithmic = true};
  const auto value = [&histogram](double percent) {
    // Less than the clock's step is 0, which a logarithm has no place for.
    return std::max(static_cast<double>(histogram.at_percentile(percent)), 1.0);
  };
  const double most = std::max(static_cast<double>(histogram.max()), 1.0);
  const LogarithmicMarks marks = logarithmic_marks(value(0), most, 9);
  const Axis up{
      .low = marks.low, .high = marks.high, .from = bottom, .to = top, .logarithmic = true};
  add_left_marks(canvas, up, marks.marks, short_duration);

  constexpr std::array percents = {0.0, 50.0, 90.0, 99.0, 99.9, last_percent};
  for (const double percent : percents) {
    const double x = across.at(rarity(percent));
    canvas.line({x, top}, {x, bottom}, "grid");
    canvas.text({x, bottom + 20}, "mark middle", fmt::format("{:g}", percent));
  }
  canvas.line({plot_left, bottom}, {plot_right, bottom}, "axis");
  canvas.text({(plot_left + plot_right) / 2, bottom + 40}, "unit middle",
              fmt::format("% of {} that took no longer",
                          result.mode == Mode::idle ? "connections" : messages_name(result.mode)));

  const double y = up.at(most);
  canvas.line({plot_left, y}, {plot_right, y}, "most");
  canvas.text({plot_left + 8, y > top + 20 ? y - 7 : y + 17}, "value",
              "max " + readable_duration(histogram.max()));

  std::vector<Point> curve;
  constexpr int curve_points = 376;
  for (int point = 0; point <= curve_points; ++point) {
    const double share = static_cast<double>(point) / curve_points;
    const double percent = 100 - 100 / std::pow(across.high, share);
    curve.push_back({across.at(rarity(percent)), up.at(value(percent))});
  }
  canvas.path(curve, "second");
  for (const double percent : percents) {
    const Point at{across.at(rarity(percent)), up.at(value(percent))};
    canvas.dot(at, "dot");
    if (percent == 0) continue;
    const std::string label = readable_duration(histogram.at_percentile(percent));
    // Left of the curve, which rises, but not beyond the axis.
    const double end = std::max(at.x - 6, plot_left + 6 + text_width(label, bold_px));
    canvas.text({end, at.y - 9}, "value end", label);
  }
}

/// Slices, or many of them as one where there are more than can be told apart.
std::vector<Slice> plotted(const std::vector<Slice>& timeline, std::size_t slices_max) {
  const std::size_t each = (timeline.size() + slices_max - 1) / slices_max;
  if (each <= 1) return timeline;
  std::vector<Slice> merged;
  for (std::size_t index = 0; index < timeline.size(); ++index) {
    const Slice& slice = timeline[index];
    if (index % each == 0) {
      merged.push_back(slice);
      continue;
    }
    Slice& all = merged.back();
    all.seconds += slice.seconds;
    all.messages += slice.messages;
    all.bytes += slice.bytes;
    all.errors += slice.errors;
    // Of percentiles, the worst: what is bad must not disappear in a long run.
    all.p50_ns = std::max(all.p50_ns, slice.p50_ns);
    all.p99_ns = std::max(all.p99_ns, slice.p99_ns);
    all.max_ns = std::max(all.max_ns, slice.max_ns);
    all.connections = slice.connections;
    if (slice.memory_bytes) all.memory_bytes = slice.memory_bytes;
  }
  return merged;
}

/// Memory is looked at less often than slices end, and holds until it is looked at again.
void hold_memory(std::vector<Slice>& slices) {
  std::optional<std::uint64_t> last;
  for (Slice& slice : slices) {
    if (slice.memory_bytes) last = slice.memory_bytes;
    slice.memory_bytes = last;
  }
}

/// A quantity that changes in time.
struct Series {
  std::string name;
  std::function<std::optional<double>(const Slice&)> value;
  Label label;
  Marks (*marks)(double high, std::size_t steps_max);
};

double highest(const std::vector<Slice>& slices, const Series& series) {
  double high = 0;
  for (const Slice& slice : slices) high = std::max(high, series.value(slice).value_or(0));
  return high;
}

/// The parts without a gap: a value holds for its slice.
std::vector<std::vector<Point>> steps_of(const std::vector<Slice>& slices, const Series& series,
                                         const Axis& across, const Axis& up) {
  std::vector<std::vector<Point>> parts;
  bool gap = true;
  for (const Slice& slice : slices) {
    const std::optional<double> value = series.value(slice);
    if (value) {
      if (gap) parts.emplace_back();
      parts.back().push_back({across.at(slice.from_s), up.at(*value)});
      parts.back().push_back({across.at(slice.from_s + slice.seconds), up.at(*value)});
    }
    gap = !value;
  }
  return parts;
}

Series first_series(const Result& result) {
  if (result.mode == Mode::idle) {
    return {.name = "open connections",
            .value = [](const Slice& slice) { return static_cast<double>(slice.connections); },
            .label = short_number,
            .marks = linear_marks};
  }
  return {.name = fmt::format("{} a second", messages_name(result.mode)),
          .value =
              [](const Slice& slice) {
                return slice.seconds > 0 ? static_cast<double>(slice.messages) / slice.seconds : 0;
              },
          .label = short_number,
          .marks = linear_marks};
}

Series second_series(const Result& result, const std::vector<Slice>& slices) {
  if (result.mode == Mode::idle) {
    return {.name = "memory of the server",
            .value = [](const Slice& slice) -> std::optional<double> {
              if (!slice.memory_bytes) return std::nullopt;
              return static_cast<double>(*slice.memory_bytes);
            },
            .label = short_size,
            .marks = binary_marks};
  }
  const bool is_worst = slices.size() < result.timeline.size();
  return {.name = is_worst ? "the worst p99 of 0.1 s" : "p99 of each 0.1 s",
          .value = [](const Slice& slice) -> std::optional<double> {
            if (slice.messages == 0) return std::nullopt;
            return static_cast<double>(slice.p99_ns);
          },
          .label = short_duration,
          .marks = linear_marks};
}

void add_timeline(Canvas& canvas, const Result& result) {
  const double top = second_panel + below_title;
  const double bottom = top + second_height;
  constexpr std::size_t slices_max = 300;
  constexpr std::size_t steps_max = 5;
  std::vector<Slice> slices = plotted(result.timeline, slices_max);
  hold_memory(slices);
  const Series first = first_series(result);
  const Series second = second_series(result, slices);
  canvas.text({margin, second_panel}, "panel", "Over time");
  const double duration = slices.empty() ? 0 : slices.back().from_s + slices.back().seconds;
  if (duration <= 0) {
    add_nothing(canvas, top, second_height);
    return;
  }
  canvas.text({plot_left + 60, second_panel}, "first-text", "← " + first.name);

  const Axis across{.high = duration, .from = plot_left, .to = plot_right};
  const Marks left = first.marks(highest(slices, first), steps_max);
  const Axis up{.high = left.back(), .from = bottom, .to = top};
  add_left_marks(canvas, up, left, first.label);
  for (const double mark : linear_marks(duration, 10)) {
    if (mark > duration * (1 + 1e-9)) continue;
    canvas.text({across.at(mark), bottom + 20}, "mark middle", seconds_label(mark));
  }
  for (const auto& part : steps_of(slices, first, across, up)) {
    canvas.area(part, bottom, "below");
    canvas.path(part, "first");
  }

  const double most = highest(slices, second);
  if (most > 0) {
    // Where it stays below the first, so that the two can be told apart.
    constexpr double headroom = 1.6;
    Marks right = second.marks(headroom * most, left.size() - 1);
    // As many as at the left side, so that the lines across serve both.
    while (right.size() < left.size()) right.push_back(right.back() + right[1]);
    const Axis second_up{.high = right.back(), .from = bottom, .to = top};
    canvas.text({plot_right, second_panel}, "second-text end", second.name + " →");
    add_right_marks(canvas, second_up, right, second.label);
    for (const auto& part : steps_of(slices, second, across, second_up)) {
      canvas.path(part, "second");
    }
  }
  bool has_errors = false;
  for (const Slice& slice : slices) {
    if (slice.errors == 0) continue;
    has_errors = true;
    canvas.pin({across.at(slice.from_s + slice.seconds / 2), top}, "wrong");
  }
  if (has_errors) canvas.text({width / 2, second_panel}, "wrong middle", "▼ errors");
  canvas.line({plot_left, bottom}, {plot_right, bottom}, "axis");
  canvas.text({(plot_left + plot_right) / 2, bottom + 40}, "unit middle", "seconds");
}

}  // namespace

std::string svg_report(const Result& result) {
  Canvas canvas;
  add_head(canvas, result);
  add_durations(canvas, result);
  add_timeline(canvas, result);
  add_foot(canvas, result);
  const std::string title = result.title.empty() ? result.url : result.title;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" "
      "viewBox=\"0 0 {0:g} {1:g}\" role=\"img\">\n"
      "<title>{2}</title>\n{3}<rect width=\"{0:g}\" height=\"{1:g}\" class=\"page\"/>\n{4}</svg>\n",
      width, height, escape_markup(title), look, canvas.elements());
}

}  // namespace duplex::app::bench

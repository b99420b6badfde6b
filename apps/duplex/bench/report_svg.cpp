#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "markup.hpp"
#include "plot_canvas.hpp"
#include "plot_durations.hpp"
#include "plot_findings.hpp"
#include "plot_panel.hpp"
#include "plot_timeline.hpp"
#include "printable.hpp"
#include "readable.hpp"
#include "report.hpp"
#include "version.hpp"

namespace duplex::app::bench {
namespace {

/// Where the parts of the page are, from top to bottom, in pixels.
constexpr double figures_top = 140;
constexpr Panel durations_panel{.title = 230, .plot_height = 250};
constexpr Panel timeline_panel{.title = 592, .plot_height = 210};
constexpr double findings_top = 872;
constexpr double foot_gap = 20;
constexpr double foot_height_min = 40;
constexpr double page_end_gap = 12;

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
  constexpr double room = page_width - 2 * page_margin;
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
  canvas.text({page_margin, first_line}, "faint",
              fit(first, font_px, room) + (has_more ? "," : ""));
  if (has_more) {
    canvas.text({page_margin, first_line + line_height}, "faint",
                fit(rest.substr(2), font_px, room));
  }
}

void add_head(Canvas& canvas, const Result& result) {
  constexpr double room = page_width - 2 * page_margin;
  const std::string title = result.title.empty()
                                ? fmt::format("duplex bench: {}", name(result.mode))
                                : printable(result.title);
  canvas.text({page_margin, 46}, "title", fit(title, 23, room));
  const std::string address =
      result.title.empty() ? result.url : fmt::format("{} {}", name(result.mode), result.url);
  canvas.text({page_margin, 70}, "address", fit(printable(address), 15, room));
  add_options(canvas, result);
  const std::vector<Figure> figures = figures_of(result);
  const double step = room / static_cast<double>(std::max<std::size_t>(figures.size(), 5));
  for (std::size_t index = 0; index < figures.size(); ++index) {
    const Figure& figure = figures[index];
    const double x = page_margin + static_cast<double>(index) * step;
    canvas.text({x, figures_top + 8}, "faint", figure.name);
    canvas.text({x, figures_top + 36}, figure.wrong ? "figure wrong" : "figure", figure.value);
  }
}

/// Where it ends.
double add_foot(Canvas& canvas, double top, const Result& result) {
  constexpr double font_px = 13;
  constexpr double line_height = 18;
  canvas.line({page_margin, top}, {page_width - page_margin, top}, "rule");
  std::string made = fmt::format("duplex {}", version());
  if (!result.started.empty()) made += ", " + result.started;
  const double room = page_width - 2 * page_margin - text_width(made, font_px);
  double y = top + 22;
  canvas.text({page_width - page_margin, y}, "faint end", made);
  for (const std::string& line : wrap(limit_sentence(result), font_px, room)) {
    canvas.text({page_margin, y}, "faint", line);
    y += line_height;
  }
  return std::max(y, top + foot_height_min);
}

}  // namespace

std::string svg_report(const Result& result) {
  Canvas canvas;
  add_head(canvas, result);
  add_durations(canvas, durations_panel, result);
  add_timeline(canvas, timeline_panel, result);
  const double foot_top = add_findings(canvas, findings_top, result) + foot_gap;
  const double height = add_foot(canvas, foot_top, result) + page_end_gap;
  const std::string title = result.title.empty() ? result.url : result.title;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" "
      "viewBox=\"0 0 {0:g} {1:g}\" role=\"img\">\n"
      "<title>{2}</title>\n{3}<rect width=\"{0:g}\" height=\"{1:g}\" class=\"page\"/>\n{4}</svg>\n",
      page_width, height, escape_markup(title), look, canvas.elements());
}

}  // namespace duplex::app::bench

#include "plot_durations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "plot_axis.hpp"
#include "readable.hpp"

namespace duplex::app::bench {
namespace {

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

/// On an axis where each next nine is as far away: 1 / (1 - p).
double rarity(double percent) noexcept {
  return 100 / (100 - percent);
}

}  // namespace

const Histogram& durations_of(const Result& result) noexcept {
  const Tally& total = result.total;
  return total.latency.empty() && result.mode != Mode::echo ? total.handshake : total.latency;
}

void add_durations(Canvas& canvas, const Panel& panel, const Result& result) {
  const double top = panel.top();
  const double bottom = panel.bottom();
  const Histogram& histogram = durations_of(result);
  canvas.text({page_margin, panel.title}, "panel", durations_name(result));
  if (histogram.empty()) {
    add_nothing(canvas, panel);
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

}  // namespace duplex::app::bench

#include "plot_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plot_panel.hpp"
#include "printable.hpp"
#include "readable.hpp"

namespace duplex::app::bench {
namespace {

struct Line {
  std::string name;
  std::string text;
  bool wrong = false;
};

/// More kinds than this only say that nothing went well.
constexpr std::size_t errors_max = 12;

std::vector<Line> errors_of(const Result& result) {
  const std::vector<ErrorCount>& kinds = result.total.errors.kinds();
  std::vector<Line> lines;
  for (const ErrorCount& error : kinds) {
    const std::size_t left = kinds.size() - lines.size();
    if (lines.size() == errors_max && left > 1) {
      lines.push_back({"", fmt::format("and {} more kinds", left), true});
      break;
    }
    std::string text = printable(error.kind);
    if (!error.example.empty()) text += ": " + printable(error.example);
    lines.push_back({readable_count(error.count), std::move(text), true});
  }
  return lines;
}

std::vector<Line> required_of(const Result& result) {
  std::vector<Line> lines;
  lines.reserve(result.required.size());
  for (const Judgement& judgement : result.required) {
    lines.push_back(
        {printable(judgement.requirement.text), readable_judgement(judgement), !judgement.held()});
  }
  return lines;
}

double add_lines(Canvas& canvas, double top, std::string_view title,
                 const std::vector<Line>& lines) {
  constexpr double font_px = 13;
  constexpr double title_height = 30;
  constexpr double line_height = 20;
  constexpr double below = 12;
  constexpr double room = plot_right - plot_left;
  if (lines.empty()) return top;
  double y = top + title_height;
  canvas.text({page_margin, y}, "panel", title);
  // The texts stand in a column, beside the longest name, if that leaves them half of the line.
  double names = 0;
  for (const Line& line : lines) names = std::max(names, text_width(line.name, font_px));
  names = std::min(names + 2 * font_px, room / 2);
  for (const Line& line : lines) {
    y += line_height;
    canvas.text({plot_left, y}, line.wrong ? "wrong" : "faint",
                fit(line.name, font_px, names - font_px));
    canvas.text({plot_left + names, y}, line.wrong ? "wrong" : "plain",
                fit(line.text, font_px, room - names));
  }
  return y + below;
}

}  // namespace

double add_findings(Canvas& canvas, double top, const Result& result) {
  const double below = add_lines(canvas, top, "Errors", errors_of(result));
  return add_lines(canvas, below, "Required", required_of(result));
}

}  // namespace duplex::app::bench

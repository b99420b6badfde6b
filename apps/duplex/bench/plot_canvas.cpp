#include "plot_canvas.hpp"

#include <fmt/format.h>

#include <iterator>
#include <sstream>
#include <utility>

#include "markup.hpp"
#include "printable.hpp"

namespace duplex::app::bench {
namespace {

/// `M1 2L3 4`: a tenth of a pixel is enough.
std::string commands(const std::vector<Point>& points) {
  std::string text;
  for (const Point& point : points) {
    fmt::format_to(std::back_inserter(text), "{}{:.1f} {:.1f}", text.empty() ? "M" : "L", point.x,
                   point.y);
  }
  return text;
}

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

void Canvas::text(Point at, std::string_view look, std::string_view text) {
  fmt::format_to(std::back_inserter(elements_),
                 "<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\">{}</text>\n", at.x, at.y, look,
                 escape_markup(text));
}

void Canvas::line(Point from, Point to, std::string_view look) {
  fmt::format_to(std::back_inserter(elements_),
                 "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n",
                 from.x, from.y, to.x, to.y, look);
}

void Canvas::path(const std::vector<Point>& points, std::string_view look) {
  if (points.empty()) return;
  fmt::format_to(std::back_inserter(elements_), "<path d=\"{}\" class=\"{}\"/>\n", commands(points),
                 look);
}

void Canvas::area(const std::vector<Point>& points, double base, std::string_view look) {
  if (points.empty()) return;
  fmt::format_to(std::back_inserter(elements_),
                 "<path d=\"{}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\" class=\"{}\"/>\n", commands(points),
                 points.back().x, base, points.front().x, base, look);
}

void Canvas::dot(Point at, std::string_view look) {
  fmt::format_to(std::back_inserter(elements_),
                 "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" class=\"{}\"/>\n", at.x, at.y, look);
}

void Canvas::pin(Point at, std::string_view look) {
  fmt::format_to(std::back_inserter(elements_),
                 "<path d=\"M{:.1f} {:.1f}l-4 -7h8Z\" class=\"{}\"/>\n", at.x, at.y, look);
}

double text_width(std::string_view text, double font_px) noexcept {
  // Of wide fonts: too little room shows, too much does not.
  constexpr double average_em = 0.6;
  std::size_t characters = 0;
  for (const char byte : text) characters += continues_character(byte) ? 0U : 1U;
  return static_cast<double>(characters) * average_em * font_px;
}

std::string fit(std::string_view text, double font_px, double width_px) {
  if (text_width(text, font_px) <= width_px) return std::string(text);
  std::size_t bytes = text.size();
  while (bytes > 0 && text_width(text.substr(0, bytes), font_px) + font_px > width_px) {
    bytes = cut_text(text, bytes - 1).size();
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::vector<std::string> wrap(std::string_view text, double font_px, double width_px) {
  std::vector<std::string> lines;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    if (!lines.empty() && text_width(lines.back() + ' ' + word, font_px) <= width_px) {
      lines.back() += ' ' + word;
    } else {
      lines.push_back(std::move(word));
    }
  }
  return lines;
}

}  // namespace duplex::app::bench

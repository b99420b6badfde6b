#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duplex::app::bench {

struct Point {
  double x = 0;
  double y = 0;
};

/// The elements of an SVG, one after another. What they look like, their classes say.
class Canvas {
 public:
  /// `text` is escaped here.
  void text(Point at, std::string_view look, std::string_view text);
  void line(Point from, Point to, std::string_view look);
  void path(const std::vector<Point>& points, std::string_view look);
  /// The surface between the path and a line at the height `base`.
  void area(const std::vector<Point>& points, double base, std::string_view look);
  void dot(Point at, std::string_view look);
  /// A triangle that stands on its tip.
  void pin(Point at, std::string_view look);

  const std::string& elements() const noexcept { return elements_; }

 private:
  std::string elements_;
};

/// Of text in a font of this size, about: the font is the reader's own.
double text_width(std::string_view text, double font_px) noexcept;

/// `text`, or its beginning and an ellipsis, where it would be wider than `width_px`.
std::string fit(std::string_view text, double font_px, double width_px);

/// The words of `text` in lines that are no wider, but for single words that are.
std::vector<std::string> wrap(std::string_view text, double font_px, double width_px);

}  // namespace duplex::app::bench

#pragma once

#include <string>

#include "plot_axis.hpp"
#include "plot_canvas.hpp"

/// What the plots of a page have in common.
namespace duplex::app::bench {

/// Of the page, and where plots are on it from left to right, in pixels.
inline constexpr double page_width = 960;
inline constexpr double page_margin = 36;
/// Between the labels of the axes on both sides.
inline constexpr double plot_left = 104;
inline constexpr double plot_right = page_width - 104;

/// The part of the page that a plot has, with its title.
struct Panel {
  /// Where the title stands.
  double title = 0;
  double plot_height = 0;

  /// From the title to the plot.
  static constexpr double below_title = 26;
  constexpr double top() const noexcept { return title + below_title; }
  constexpr double bottom() const noexcept { return top() + plot_height; }
};

/// How a value is written beside its mark.
using Label = std::string (*)(double);

/// Lines across the plot with marks at its left side.
void add_left_marks(Canvas& canvas, const Axis& axis, const Marks& marks, Label label);

/// Instead of a plot.
void add_nothing(Canvas& canvas, const Panel& panel);

}  // namespace duplex::app::bench

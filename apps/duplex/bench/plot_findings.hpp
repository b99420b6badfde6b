#pragma once

#include "plot_canvas.hpp"
#include "result.hpp"

namespace duplex::app::bench {

/// Lines about what went wrong, by kind, and what became of each requirement: from `top` down.
/// Where they end, in pixels; `top`, when there is nothing to tell.
double add_findings(Canvas& canvas, double top, const Result& result);

}  // namespace duplex::app::bench

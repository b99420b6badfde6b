#pragma once

#include "histogram.hpp"
#include "plot_canvas.hpp"
#include "plot_panel.hpp"
#include "result.hpp"

namespace duplex::app::bench {

/// The durations that a run is about: latencies, or where it has none, how long it took to connect.
const Histogram& durations_of(const Result& result) noexcept;

/// These by percentile, on an axis where each next nine is as far away.
void add_durations(Canvas& canvas, const Panel& panel, const Result& result);

}  // namespace duplex::app::bench

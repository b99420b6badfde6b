#pragma once

#include "plot_canvas.hpp"
#include "plot_panel.hpp"
#include "result.hpp"

namespace duplex::app::bench {

/// What happened over time: throughput and latency, or in an idle run, connections and memory, each
/// with an axis of its own.
void add_timeline(Canvas& canvas, const Panel& panel, const Result& result);

}  // namespace duplex::app::bench

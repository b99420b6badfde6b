#include "plot_timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plot_axis.hpp"
#include "readable.hpp"

namespace duplex::app::bench {
namespace {

std::string seconds_label(double seconds) {
  // Milliseconds where there is less than a second, but never more digits than there are.
  return fmt::format("{:g}", std::round(seconds * 1000) / 1000);
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

void add_right_marks(Canvas& canvas, const Axis& axis, const Marks& marks, Label label) {
  for (const double mark : marks) {
    canvas.text({plot_right + 10, axis.at(mark) + 4.5}, "mark", label(mark));
  }
}

}  // namespace

void add_timeline(Canvas& canvas, const Panel& panel, const Result& result) {
  const double top = panel.top();
  const double bottom = panel.bottom();
  constexpr std::size_t slices_max = 300;
  constexpr std::size_t steps_max = 5;
  std::vector<Slice> slices = plotted(result.timeline, slices_max);
  hold_memory(slices);
  const Series first = first_series(result);
  const Series second = second_series(result, slices);
  canvas.text({page_margin, panel.title}, "panel", "Over time");
  const double duration = slices.empty() ? 0 : slices.back().from_s + slices.back().seconds;
  if (duration <= 0) {
    add_nothing(canvas, panel);
    return;
  }
  canvas.text({plot_left + 60, panel.title}, "first-text", "← " + first.name);

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
    canvas.text({plot_right, panel.title}, "second-text end", second.name + " →");
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
  if (has_errors) canvas.text({page_width / 2, panel.title}, "wrong middle", "▼ errors");
  canvas.line({plot_left, bottom}, {plot_right, bottom}, "axis");
  canvas.text({(plot_left + plot_right) / 2, bottom + 40}, "unit middle", "seconds");
}

}  // namespace duplex::app::bench

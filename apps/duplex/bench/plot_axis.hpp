#pragma once

#include <cstddef>
#include <vector>

namespace duplex::app::bench {

/// Where values are on one side of a plot.
struct Axis {
  /// The values at its ends, and where these are on the page.
  double low = 0;
  double high = 1;
  double from = 0;
  double to = 1;
  /// Equal ratios are equally far apart. Then both ends are above 0.
  bool logarithmic = false;

  /// What is beyond an end is put there.
  double at(double value) const noexcept;
};

/// Which values an axis has marks at.
using Marks = std::vector<double>;

/// From 0 to `high` or a little more, which is the axis's end, in at most `steps_max` steps of 1,
/// 2, 2.5 or 5 and zeros.
Marks linear_marks(double high, std::size_t steps_max);

/// The same in steps that are powers of two.
Marks binary_marks(double high, std::size_t steps_max);

struct LogarithmicMarks {
  /// The ends of the axis, which need not have marks.
  double low = 1;
  double high = 10;
  Marks marks = {};
};

/// For values between the two, above 0. The ends are 1, 2 or 5 times a power of ten, and so are the
/// marks, where these are at most `marks_max`; otherwise they are the powers of ten.
LogarithmicMarks logarithmic_marks(double low, double high, std::size_t marks_max);

}  // namespace duplex::app::bench

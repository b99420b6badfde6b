#include "plot_axis.hpp"

#include <algorithm>
#include <cmath>

namespace duplex::app::bench {
namespace {

Marks in_steps(double step, double high) {
  // A rounding error is no reason for one more step.
  const auto steps = static_cast<std::size_t>(std::ceil(high / step - 1e-9));
  Marks marks;
  for (std::size_t index = 0; index <= std::max<std::size_t>(steps, 1); ++index) {
    marks.push_back(static_cast<double>(index) * step);
  }
  return marks;
}

}  // namespace

double Axis::at(double value) const noexcept {
  value = std::clamp(value, low, high);
  const double share =
      logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

Marks linear_marks(double high, std::size_t steps_max) {
  if (high <= 0) return {0, 1};
  const double least = high / static_cast<double>(steps_max);
  const double power = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double digit : {5.0, 2.5, 2.0, 1.0}) {
    if (digit * power >= least * (1 - 1e-9)) step = digit * power;
  }
  return in_steps(step, high);
}

Marks binary_marks(double high, std::size_t steps_max) {
  if (high <= 0) return {0, 1};
  const double least = high / static_cast<double>(steps_max);
  return in_steps(std::exp2(std::ceil(std::log2(least) - 1e-9)), high);
}

LogarithmicMarks logarithmic_marks(double low, double high, std::size_t marks_max) {
  high = std::max(high, low);
  const auto from = static_cast<int>(std::floor(std::log10(low)));
  const auto to = static_cast<int>(std::ceil(std::log10(high)));
  Marks fine;
  Marks powers;
  for (int exponent = from - 1; exponent <= to + 1; ++exponent) {
    const double power = std::pow(10, exponent);
    powers.push_back(power);
    for (const double digit : {1.0, 2.0, 5.0}) fine.push_back(digit * power);
  }
  // The last that is not above, and the first that is not below.
  const auto first = std::ranges::find_if(fine, [low](double mark) { return mark > low; }) - 1;
  auto last = std::ranges::find_if(fine, [high](double mark) { return mark >= high; });
  if (last == first) ++last;
  LogarithmicMarks result{.low = *first, .high = *last, .marks = {first, last + 1}};
  if (result.marks.size() <= marks_max) return result;
  result.marks.clear();
  for (const double power : powers) {
    if (power >= result.low && power <= result.high) result.marks.push_back(power);
  }
  return result;
}

}  // namespace duplex::app::bench

#include "plot_panel.hpp"

namespace duplex::app::bench {

void add_left_marks(Canvas& canvas, const Axis& axis, const Marks& marks, Label label) {
  for (const double mark : marks) {
    const double y = axis.at(mark);
    canvas.line({plot_left, y}, {plot_right, y}, "grid");
    canvas.text({plot_left - 10, y + 4.5}, "mark end", label(mark));
  }
}

void add_nothing(Canvas& canvas, const Panel& panel) {
  canvas.text({page_width / 2, panel.top() + panel.plot_height / 2}, "faint middle",
              "Nothing was measured.");
}

}  // namespace duplex::app::bench

#include "bench/plot_canvas.hpp"

#include <gtest/gtest.h>

namespace duplex::app::bench {
namespace {

TEST(PlotCanvas, DrawsElementsToATenthOfAPixel) {
  Canvas canvas;
  canvas.line({1, 2.26}, {3, 4}, "grid");
  canvas.path({{1, 2}, {3, 4}}, "first");
  canvas.area({{1, 2}, {3, 4}}, 9, "below");
  canvas.dot({5, 6}, "dot");
  canvas.pin({7, 8}, "wrong");
  canvas.path({}, "first");
  canvas.area({}, 9, "below");
  EXPECT_EQ(canvas.elements(),
            "<line x1=\"1.0\" y1=\"2.3\" x2=\"3.0\" y2=\"4.0\" class=\"grid\"/>\n"
            "<path d=\"M1.0 2.0L3.0 4.0\" class=\"first\"/>\n"
            "<path d=\"M1.0 2.0L3.0 4.0L3.0 9.0L1.0 9.0Z\" class=\"below\"/>\n"
            "<circle cx=\"5.0\" cy=\"6.0\" r=\"4\" class=\"dot\"/>\n"
            "<path d=\"M7.0 8.0l-4 -7h8Z\" class=\"wrong\"/>\n");
}

TEST(PlotCanvas, EscapesText) {
  Canvas canvas;
  canvas.text({1, 2}, "title", "</text><script>");
  EXPECT_EQ(canvas.elements(),
            "<text x=\"1.0\" y=\"2.0\" class=\"title\">&lt;/text&gt;&lt;script&gt;</text>\n");
}

TEST(PlotCanvas, CutsTextThatIsTooWideBetweenCharacters) {
  EXPECT_EQ(fit("short", 10, 1000), "short");
  EXPECT_EQ(fit("µµµµµµµµµµ", 10, 60), "µµµµµµµµµµ");
  EXPECT_EQ(fit("µµµµµµµµµµ", 10, 59), "µµµµµµµµ…");
  EXPECT_EQ(fit("text", 10, 0), "…");
  EXPECT_EQ(fit("", 10, 0), "");
  for (int width = 10; width < 60; ++width) {
    EXPECT_LE(text_width(fit("µaµaµaµaµa", 10, width), 10), width);
  }
}

TEST(PlotCanvas, WrapsTextBetweenWords) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(wrap("", 10, 60), Lines());
  EXPECT_EQ(wrap("one line\nof two", 10, 1000), Lines{"one line of two"});
  EXPECT_EQ(wrap("µµµµ µµµµµ µ", 10, 60), (Lines{"µµµµ µµµµµ", "µ"}));
  EXPECT_EQ(wrap("a longest-of-all b", 10, 60), (Lines{"a", "longest-of-all", "b"}));
}

}  // namespace
}  // namespace duplex::app::bench

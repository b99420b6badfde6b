#include "color.hpp"

#include <gtest/gtest.h>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

TEST(Color, IsUsedWhereTheTerminalHasIt) {
  const struct {
    ColorEnvironment environment;
    bool expected;
  } cases[] = {
      {{.is_terminal = true, .term = "xterm-256color", .no_color = false}, true},
      {{.is_terminal = true, .term = "xterm-256color", .no_color = true}, false},
      {{.is_terminal = true, .term = "dumb", .no_color = false}, false},
      {{.is_terminal = true, .term = "", .no_color = false}, false},
      {{.is_terminal = false, .term = "xterm-256color", .no_color = false}, false},
  };
  for (const auto& [environment, expected] : cases) {
    EXPECT_EQ(wants_color(ColorChoice::automatic, environment), expected) << environment.term;
    EXPECT_TRUE(wants_color(ColorChoice::always, environment));
    EXPECT_FALSE(wants_color(ColorChoice::never, environment));
  }
}

TEST(Color, IsChosenByWord) {
  EXPECT_EQ(parse_color_choice("auto"), ColorChoice::automatic);
  EXPECT_EQ(parse_color_choice("always"), ColorChoice::always);
  EXPECT_EQ(parse_color_choice("never"), ColorChoice::never);
  EXPECT_THROW(parse_color_choice("yes"), UsageError);
}

TEST(Color, EndsWhereTheTextEnds) {
  EXPECT_EQ(styled("x", Style::incoming, true), "\x1b[32mx\x1b[0m");
  EXPECT_EQ(styled("x", Style::incoming, false), "x");
  EXPECT_EQ(styled("x", Style::plain, true), "x");
  EXPECT_EQ(styled("", Style::note, true), "");
}

}  // namespace
}  // namespace duplex::app

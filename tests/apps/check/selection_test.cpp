#include "check/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace duplex::app::check {
namespace {

using testing::ElementsAre;

TEST(CheckSelection, MatchesGlobs) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool expected;
  } cases[] = {
      {"a/b", "a/b", true},   {"a/b", "a/bc", false},  {"a/*", "a/bc", true},
      {"*", "", true},        {"*", "a/b", true},      {"a*c", "abbc", true},
      {"a*c", "abcb", false}, {"*b*b*", "abab", true}, {"*b*b*", "aba", false},
      {"a?c", "abc", true},   {"a?c", "ac", false},    {"", "", true},
      {"", "a", false},       {"**a", "a", true},      {"*aab", "aaab", true},
      {"a*?", "a", false},    {"*-1*", "x-11", true},
  };
  for (const auto& [pattern, text, expected] : cases) {
    EXPECT_EQ(matches(pattern, text), expected) << pattern << " " << text;
  }
}

std::vector<std::string> selected(End checked, const std::vector<std::string>& only,
                                  const std::vector<std::string>& without) {
  const Cases cases{{.id = "framing/a"},
                    {.id = "framing/b", .checks = Checks::servers},
                    {.id = "ping/a", .checks = Checks::clients},
                    {.id = "ping/b"}};
  std::vector<std::string> ids;
  for (const Case* const what : select(cases, checked, only, without)) ids.push_back(what->id);
  return ids;
}

TEST(CheckSelection, TakesCasesForThePeer) {
  EXPECT_THAT(selected(End::server, {}, {}), ElementsAre("framing/a", "framing/b", "ping/b"));
  EXPECT_THAT(selected(End::client, {}, {}), ElementsAre("framing/a", "ping/a", "ping/b"));
}

TEST(CheckSelection, TakesWhatIsAskedForAndLeavesTheRest) {
  EXPECT_THAT(selected(End::server, {"ping"}, {}), ElementsAre("ping/b"));
  EXPECT_THAT(selected(End::server, {"*/a", "ping/*"}, {}), ElementsAre("framing/a", "ping/b"));
  EXPECT_THAT(selected(End::server, {}, {"framing/b"}), ElementsAre("framing/a", "ping/b"));
  EXPECT_THAT(selected(End::server, {"framing"}, {"*b"}), ElementsAre("framing/a"));
  EXPECT_THAT(selected(End::server, {"none"}, {}), ElementsAre());
  EXPECT_THAT(selected(End::client, {"ping/"}, {}), ElementsAre("ping/a", "ping/b"));
  EXPECT_THAT(selected(End::client, {}, {"p*g/"}), ElementsAre("framing/a"));
  EXPECT_THAT(selected(End::client, {"pin/"}, {}), ElementsAre());
}

}  // namespace
}  // namespace duplex::app::check

#include "check/selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "check/cases.hpp"

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
}

TEST(CheckCases, AreToldApartAndExplained) {
  std::set<std::string> ids;
  for (const Case& what : all_cases()) {
    EXPECT_TRUE(ids.insert(what.id).second) << what.id << " is there twice";
    EXPECT_EQ(what.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-/_"),
              std::string::npos)
        << what.id;
    EXPECT_EQ(std::ranges::count(what.id, '/'), 1) << what.id;
    EXPECT_FALSE(what.title.empty() || what.expected.empty() || what.rule.empty()) << what.id;
    EXPECT_FALSE(what.title.ends_with('.') || what.expected.ends_with('.')) << what.id;
    EXPECT_TRUE(what.run) << what.id;
  }
}

}  // namespace
}  // namespace duplex::app::check

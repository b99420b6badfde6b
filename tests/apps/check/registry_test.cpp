#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <string_view>

#include "check/cases.hpp"
#include "check/deflate.hpp"

namespace duplex::app::check {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::IsEmpty;
using testing::Not;

TEST(Registry, GivesEachCaseAnIdOfItsOwn) {
  std::set<std::string> ids;
  for (const Case& one : all_cases()) EXPECT_TRUE(ids.insert(one.id).second) << one.id;
}

TEST(Registry, NamesEachCaseByAGroupAndWordsInLowerCase) {
  const std::regex form("[a-z0-9]+/[a-z0-9]+(-[a-z0-9]+)*");
  for (const Case& one : all_cases()) EXPECT_TRUE(std::regex_match(one.id, form)) << one.id;
}

TEST(Registry, SaysWhatEachCaseSendsAndWhatIsRight) {
  for (const Case& one : all_cases()) {
    SCOPED_TRACE(one.id);
    EXPECT_THAT(one.title, AllOf(Not(IsEmpty()), Not(EndsWith("."))));
    EXPECT_FALSE(std::islower(static_cast<unsigned char>(one.title.front()))) << one.title;
    EXPECT_THAT(one.expected, AllOf(Not(IsEmpty()), Not(EndsWith("."))));
    EXPECT_FALSE(std::isupper(static_cast<unsigned char>(one.expected.front()))) << one.expected;
  }
}

TEST(Registry, NamesTheSectionsOfTheRulesOfEachCase) {
  const std::string number = R"(\d+(\.\d+)*)";
  const std::string rule =
      "RFC \\d+ (section " + number + "|sections " + number + "(, " + number + ")+)";
  const std::regex form(rule + "(, " + rule + ")*");
  for (const Case& one : all_cases()) {
    EXPECT_TRUE(std::regex_match(one.rule, form)) << one.id << ": " << one.rule;
  }
}

TEST(Registry, GivesEachCaseAScript) {
  for (const Case& one : all_cases()) {
    EXPECT_TRUE(one.run) << one.id;
    EXPECT_GE(one.time_factor, 1) << one.id;
  }
}

// What is sent to open differs too much: only one end can be meant.
TEST(Registry, ChecksOneEndWhereTheCaseOpensTheWebSocketItself) {
  for (const Case& one : all_cases()) {
    if (one.begin == Begin::connected) {
      EXPECT_NE(one.checks, Checks::both) << one.id;
    }
  }
}

TEST(Registry, AnswersClientsWithWhatCanBeAnAnswer) {
  for (const Case& one : all_cases()) {
    if (!one.compression || one.checks == Checks::servers) continue;
    const std::string& answer =
        one.compression->answer.empty() ? one.compression->offer : one.compression->answer;
    EXPECT_TRUE(allows("permessage-deflate; client_max_window_bits", answer)) << one.id;
  }
}

TEST(Registry, HasAllGroupsForServersAndForClients) {
  for (const End checked : {End::server, End::client}) {
    std::map<std::string, int, std::less<>> counts;
    for (const Case& one : all_cases()) {
      if (one.is_for(checked)) ++counts[std::string(one.group())];
    }
    for (const std::string_view group :
         {"framing", "ping", "fragments", "utf8", "close", "limits", "handshake", "deflate"}) {
      EXPECT_GE(counts[std::string(group)], 50) << group;
    }
    EXPECT_EQ(counts.size(), 8U);
  }
}

}  // namespace
}  // namespace duplex::app::check

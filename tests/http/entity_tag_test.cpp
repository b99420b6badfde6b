#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include <duplex/http/entity_tag.hpp>

namespace duplex::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> tags(std::string_view list) {
  std::vector<std::string> result;
  while (const auto tag = next_entity_tag(list)) result.push_back(format_entity_tag(*tag));
  return result;
}

TEST(EntityTag, ParsesStrongAndWeak) {
  EXPECT_EQ(parse_entity_tag("\"abc\"")->opaque, "abc");
  EXPECT_FALSE(parse_entity_tag("\"abc\"")->weak);
  EXPECT_TRUE(parse_entity_tag(" W/\"\" ")->weak);
  EXPECT_EQ(parse_entity_tag("\"a\\\"")->opaque, "a\\");
  EXPECT_EQ(parse_entity_tag("\"\xc3\xa9!#\"")->opaque, "\xc3\xa9!#");
}

TEST(EntityTag, RefusesAllElse) {
  for (const char* text : {"", "abc", "\"abc", "abc\"", "w/\"a\"", "W/abc", "W/ \"a\"", "\"a b\"",
                           "\"a\"b", "\"a\", \"b\"", "*", "\"\x7f\"", "'a'"}) {
    EXPECT_FALSE(parse_entity_tag(text)) << text;
  }
}

TEST(EntityTag, ListsAreReadUpToTheFirstThingThatIsNoTag) {
  EXPECT_THAT(tags(""), IsEmpty());
  EXPECT_THAT(tags(" , "), IsEmpty());
  EXPECT_THAT(tags("\"a\", W/\"b\" ,,\"c,d\""), ElementsAre("\"a\"", "W/\"b\"", "\"c,d\""));
  EXPECT_THAT(tags("\"a\\\", \"b\""), ElementsAre("\"a\\\"", "\"b\""));
  EXPECT_THAT(tags("\"a\", b, \"c\""), ElementsAre("\"a\""));
  EXPECT_THAT(tags("\"a\" \"b\""), IsEmpty());
  EXPECT_THAT(tags("\"a"), IsEmpty());
}

TEST(EntityTag, ComparesAsTheTableOfRfc9110Does) {
  const struct {
    EntityTag left, right;
    bool strong, weak;
  } cases[] = {
      {{"1", true}, {"1", true}, false, true},
      {{"1", true}, {"2", true}, false, false},
      {{"1", true}, {"1", false}, false, true},
      {{"1", false}, {"1", false}, true, true},
  };
  for (const auto& [left, right, strong, weak] : cases) {
    EXPECT_EQ(match_strongly(left, right), strong);
    EXPECT_EQ(match_strongly(right, left), strong);
    EXPECT_EQ(match_weakly(left, right), weak);
  }
}

}  // namespace
}  // namespace duplex::http

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <duplex/http/query.hpp>

namespace duplex::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

std::vector<QueryView::Pair> pairs(std::string_view query) {
  std::vector<QueryView::Pair> result;
  for (const auto& pair : QueryView(query)) result.push_back(pair);
  return result;
}

TEST(QueryView, IteratesOverEncodedPairs) {
  using Pair = QueryView::Pair;
  EXPECT_THAT(pairs(""), IsEmpty());
  EXPECT_THAT(pairs("&&"), IsEmpty());
  EXPECT_THAT(pairs("a=1&b=2"), ElementsAre(Pair{"a", "1"}, Pair{"b", "2"}));
  EXPECT_THAT(pairs("&a&&b=&=c&d=e=f&"),
              ElementsAre(Pair{"a", ""}, Pair{"b", ""}, Pair{"", "c"}, Pair{"d", "e=f"}));
  EXPECT_THAT(pairs("a%3D=%26"), ElementsAre(Pair{"a%3D", "%26"}));
  EXPECT_THAT(pairs("a=1;b=2"), ElementsAre(Pair{"a", "1;b=2"}));
}

TEST(QueryView, FindsAndDecodesValues) {
  const QueryView query("q=two+words&na%6De=caf%C3%A9&q=second&flag&bad=%zz&a+b=c");
  EXPECT_EQ(query.find("q"), "two words");
  EXPECT_EQ(query.find("name"), "caf\xc3\xa9");
  EXPECT_EQ(query.find("flag"), "");
  EXPECT_EQ(query.find("a b"), "c");
  EXPECT_EQ(query.find("bad"), std::nullopt);
  EXPECT_EQ(query.find("nam"), std::nullopt);
  EXPECT_EQ(query.find("names"), std::nullopt);
  EXPECT_TRUE(query.contains("bad"));
  EXPECT_FALSE(query.contains(""));
  EXPECT_THAT(query.all("q"), ElementsAre("two words", "second"));
  EXPECT_THAT(query.all("bad"), IsEmpty());
}

TEST(ParseForm, DecodesAllPairs) {
  EXPECT_THAT(parse_form("name=J%C3%BCrgen+M&x=%26%3D&empty=&alone"),
              Optional(ElementsAre(FormEntry{"name", "J\xc3\xbcrgen M"}, FormEntry{"x", "&="},
                                   FormEntry{"empty", ""}, FormEntry{"alone", ""})));
  EXPECT_THAT(parse_form(""), Optional(IsEmpty()));
}

TEST(ParseForm, RefusesBadEscapesAndTooManyPairs) {
  EXPECT_EQ(parse_form("a=%"), std::nullopt);
  EXPECT_EQ(parse_form("%4=a"), std::nullopt);
  EXPECT_TRUE(parse_form("a&b&c", 3));
  EXPECT_EQ(parse_form("a&b&c&d", 3), std::nullopt);
}

TEST(ParseForm, ReadsWhatFormatFormWrites) {
  const std::vector<FormEntry> form = {{"a b", "c+d%"}, {"", "x"}, {"\xff", ""}};
  EXPECT_EQ(format_form(form), "a+b=c%2Bd%25&=x&%FF=");
  EXPECT_EQ(parse_form(format_form(form)), form);
}

}  // namespace
}  // namespace duplex::http

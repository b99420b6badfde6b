#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include <duplex/http/fields.hpp>

namespace duplex::http {
namespace {

constexpr std::array<FieldView, 5> lines = {{{"Host", "example.com"},
                                             {"Accept", "text/html"},
                                             {"connection", "keep-alive, Upgrade"},
                                             {"ACCEPT", "text/plain;q=0.5"},
                                             {"X-Empty", ""}}};

TEST(FieldsView, FindsTheFirstLineInAnyCase) {
  const FieldsView fields(lines);
  EXPECT_EQ(fields.find("host"), "example.com");
  EXPECT_EQ(fields.find("accept"), "text/html");
  EXPECT_EQ(fields.find("x-empty"), "");
  EXPECT_EQ(fields.find("hos"), std::nullopt);
  EXPECT_EQ(FieldsView().find("host"), std::nullopt);
}

TEST(FieldsView, CountsLinesNotElements) {
  const FieldsView fields(lines);
  EXPECT_EQ(fields.count("accept"), 2u);
  EXPECT_EQ(fields.count("connection"), 1u);
  EXPECT_EQ(fields.count("cookie"), 0u);
  EXPECT_EQ(fields.size(), 5u);
}

TEST(FieldsView, ListsLooksAtEveryLineAndElement) {
  const FieldsView fields(lines);
  EXPECT_TRUE(fields.lists("Connection", "upgrade"));
  EXPECT_TRUE(fields.lists("Connection", "keep-alive"));
  EXPECT_TRUE(fields.lists("accept", "text/plain;q=0.5"));
  EXPECT_FALSE(fields.lists("Connection", "keep"));
  EXPECT_FALSE(fields.lists("Upgrade", "upgrade"));
}

TEST(FieldsView, JoinsTheLinesOfOneName) {
  const FieldsView fields(lines);
  EXPECT_EQ(fields.joined("Accept"), "text/html, text/plain;q=0.5");
  EXPECT_EQ(fields.joined("Cookie"), "");
}

TEST(Fields, KeepsTheOrderAndTheSpelling) {
  Fields fields;
  fields.add("B", "1");
  fields.add("a", "2");
  fields.add("b", "3");
  ASSERT_EQ(fields.lines().size(), 3u);
  EXPECT_EQ(fields.lines()[0].name, "B");
  EXPECT_EQ(fields.lines()[2].value, "3");
  EXPECT_EQ(fields.find("b"), "1");
}

TEST(Fields, SetReplacesAllLinesOfTheName) {
  Fields fields;
  fields.add("a", "1");
  fields.add("other", "2");
  fields.add("A", "3");
  fields.set("A", *fields.find("a"));
  ASSERT_EQ(fields.lines().size(), 2u);
  EXPECT_EQ(fields.find("a"), "1");
  fields.remove("OTHER");
  EXPECT_FALSE(fields.contains("other"));
}

TEST(Fields, RefusesWhatWouldAddFieldsToTheMessage) {
  Fields fields;
  for (std::string_view name : {"", "a b", "a:", "a\r\n", "\xc3\xa9", "a(", "a\x7f"}) {
    EXPECT_THROW(fields.add(name, "value"), std::invalid_argument) << name;
    EXPECT_THROW(fields.set(name, "value"), std::invalid_argument) << name;
  }
  using namespace std::string_view_literals;
  for (std::string_view value :
       {"a\r\nSet-Cookie: b"sv, "a\n"sv, "\r"sv, "a\0b"sv, "\x1b"sv, "\x7f"sv}) {
    EXPECT_THROW(fields.add("name", value), std::invalid_argument);
    EXPECT_THROW(fields.set("name", value), std::invalid_argument);
  }
  EXPECT_TRUE(fields.lines().empty());
}

TEST(Fields, AcceptsTabsAndBytesAboveAscii) {
  Fields fields;
  fields.add("name", "a\tb \xc3\xa9\xff");
  EXPECT_EQ(fields.find("name"), "a\tb \xc3\xa9\xff");
}

TEST(IsFieldValue, KnowsEveryByteAtEachPlace) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool fits = (byte >= 0x20 && byte != 0x7f) || byte == '\t';
    for (std::size_t place = 0; place < 20; ++place) {
      std::string text(20, 'a');
      text[place] = static_cast<char>(byte);
      EXPECT_EQ(is_field_value(text), fits) << byte << " at " << place;
      // Neighbours that a borrow could reach.
      if (place > 0) text[place - 1] = ' ';
      if (place + 1 < text.size()) text[place + 1] = '\x80';
      EXPECT_EQ(is_field_value(text), fits) << byte << " at " << place;
    }
  }
  EXPECT_TRUE(is_field_value(""));
}

TEST(IsToken, KnowsEveryByte) {
  constexpr std::string_view token_characters =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    EXPECT_EQ(is_token({&character, 1}), token_characters.find(character) != std::string_view::npos)
        << byte;
  }
}

}  // namespace
}  // namespace duplex::http

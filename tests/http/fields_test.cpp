#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <duplex/base/ascii.hpp>
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

std::string written(const Fields& fields) {
  std::string text;
  for (const auto [name, value] : fields) text.append(name).append(": ").append(value) += '\n';
  return text;
}

TEST(Fields, OfNothingAreEmpty) {
  Fields fields;
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(written(fields), "");
  EXPECT_EQ(fields.find("a"), std::nullopt);
  fields.remove("a");
  fields.add("a", "");
  EXPECT_FALSE(fields.empty());
  const Fields taken = std::move(fields);
  EXPECT_EQ(written(taken), "a: \n");
}

TEST(Fields, TakesViewsOfItself) {
  // As many as it takes to grow in each of the ways.
  Fields fields;
  std::string expected = "name-0: " + std::string(40, 'x') + "\n";
  fields.add("name-0", std::string(40, 'x'));
  for (int i = 0; i < 20; ++i) {
    const FieldView first = *fields.begin();
    fields.add(first.name, first.value);
    expected += expected.substr(0, expected.find('\n') + 1);
  }
  EXPECT_EQ(written(fields), expected);
  const FieldView first = *fields.begin();
  fields.set(first.name, first.value);
  EXPECT_EQ(written(fields), expected.substr(0, expected.find('\n') + 1));
  fields.add("other", "1");
  fields.remove((*fields.begin()).name);
  EXPECT_EQ(written(fields), "other: 1\n");
}

/// The same by simpler means.
struct Model {
  std::vector<std::pair<std::string, std::string>> lines;

  void remove(const std::string& name) {
    std::erase_if(lines, [&](const auto& line) { return equals_ignoring_case(line.first, name); });
  }
  std::string written() const {
    std::string text;
    for (const auto& [name, value] : lines) text += name + ": " + value + "\n";
    return text;
  }
};

TEST(Fields, AreWhatALongRowOfChangesLeaves) {
  std::mt19937 random(1);
  const auto below = [&random](std::size_t end) { return random() % end; };
  for (int round = 0; round < 200; ++round) {
    Fields fields;
    Model model;
    for (int step = 0; step < 40; ++step) {
      const std::string name = std::string(1, "aAbBcC"[below(6)]) + std::string(below(3), 'n');
      const std::string value(below(5) == 0 ? below(300) : below(20), 'v');
      switch (below(5)) {
        case 0:
          fields.remove(name);
          model.remove(name);
          break;
        case 1:
          fields.set(name, value);
          model.remove(name);
          model.lines.emplace_back(name, value);
          break;
        case 2:
          // By views of what is there.
          if (!model.lines.empty()) {
            const std::size_t line = below(model.lines.size());
            const auto at = std::next(fields.begin(), static_cast<std::ptrdiff_t>(line));
            fields.add((*at).name, (*at).value);
            model.lines.push_back(model.lines[line]);
          }
          break;
        default:
          fields.add(name, value);
          model.lines.emplace_back(name, value);
          break;
      }
      ASSERT_EQ(written(fields), model.written());
      ASSERT_EQ(fields.empty(), model.lines.empty());
    }
    Fields moved = std::move(fields);
    ASSERT_EQ(written(moved), model.written());
  }
}

TEST(Fields, RemovesLinesWhereverTheyStand) {
  Fields fields;
  for (const char* name : {"x", "a", "X", "x", "b", "x"}) fields.add(name, name);
  fields.remove("X");
  EXPECT_EQ(written(fields), "a: a\nb: b\n");
  fields.remove("b");
  fields.remove("a");
  EXPECT_TRUE(fields.empty());
}

TEST(Fields, KeepsTheOrderAndTheSpelling) {
  Fields fields;
  fields.add("B", "1");
  fields.add("a", "2");
  fields.add("b", "3");
  EXPECT_EQ(written(fields), "B: 1\na: 2\nb: 3\n");
  EXPECT_EQ(fields.find("b"), "1");
}

TEST(Fields, TakesConstants) {
  static constexpr ConstantField constant("X-Constant", "of the program; q=1");
  Fields fields;
  fields.add("a", "1");
  fields.add(constant);
  EXPECT_EQ(written(fields), "a: 1\nX-Constant: of the program; q=1\n");
}

TEST(Fields, SetReplacesAllLinesOfTheName) {
  Fields fields;
  fields.add("a", "1");
  fields.add("other", "2");
  fields.add("A", "3");
  fields.set("A", *fields.find("a"));
  EXPECT_EQ(written(fields), "other: 2\nA: 1\n");
  fields.remove("OTHER");
  EXPECT_EQ(written(fields), "A: 1\n");
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
  EXPECT_TRUE(fields.empty());
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

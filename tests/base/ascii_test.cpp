#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <duplex/base/ascii.hpp>

namespace duplex {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> result;
  while (const auto element = next_element(list)) result.emplace_back(*element);
  return result;
}

TEST(Ascii, LowersLettersOnly) {
  for (int byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    const bool upper = byte >= 'A' && byte <= 'Z';
    EXPECT_EQ(to_lower(character), upper ? static_cast<char>(byte + 32) : character) << byte;
  }
}

TEST(Ascii, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_TRUE(equals_ignoring_case("Keep-Alive", "kEEP-aLIVE"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST(Ascii, TrimsSpacesAndTabsOnly) {
  EXPECT_EQ(trim(" \t a b \t"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("\ra\n"), "\ra\n");
}

TEST(Ascii, ParsesDecimalsUpToSixtyFourBits) {
  const struct {
    std::string_view text;
    std::optional<std::uint64_t> value;
  } cases[] = {
      {"0", 0},
      {"007", 7},
      {"18446744073709551615", UINT64_MAX},
      {"18446744073709551616", std::nullopt},
      {"18446744073709551620", std::nullopt},
      {"99999999999999999999", std::nullopt},
      {"", std::nullopt},
      {"+1", std::nullopt},
      {"-1", std::nullopt},
      {" 1", std::nullopt},
      {"1 ", std::nullopt},
      {"0x1", std::nullopt},
      {"1.", std::nullopt},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(parse_decimal(text), value) << text;
}

TEST(Ascii, SplitsListsAtCommas) {
  EXPECT_THAT(elements("a, b\t ,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(elements(""), IsEmpty());
  EXPECT_THAT(elements(" , ,, \t"), IsEmpty());
  EXPECT_THAT(elements(",a,,b,"), ElementsAre("a", "b"));
}

TEST(Ascii, CommasInQuotedStringsSeparateNothing) {
  EXPECT_THAT(elements(R"("a,b", c;d="e,f")"), ElementsAre(R"("a,b")", R"(c;d="e,f")"));
  EXPECT_THAT(elements(R"("a\",b",c)"), ElementsAre(R"("a\",b")", "c"));
  EXPECT_THAT(elements(R"("a\\",b)"), ElementsAre(R"("a\\")", "b"));
  EXPECT_THAT(elements(R"(a,"open,b)"), ElementsAre("a", R"("open,b)"));
  EXPECT_THAT(elements(R"("a\)"), ElementsAre(R"("a\)"));
}

TEST(Ascii, FindsTokensInLists) {
  EXPECT_TRUE(list_contains("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(list_contains("upgrade", "Upgrade"));
  EXPECT_FALSE(list_contains("upgrades, keep", "upgrade"));
  EXPECT_FALSE(list_contains("", "upgrade"));
  EXPECT_FALSE(list_contains("\"a, upgrade\"", "upgrade"));
}

}  // namespace
}  // namespace duplex

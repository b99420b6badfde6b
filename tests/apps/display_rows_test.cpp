#include "display_rows.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <string>

namespace duplex::app {
namespace {

class DisplayRows : public testing::Test {
 protected:
  // The width of characters is a matter of the locale.
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
  void TearDown() override { std::setlocale(LC_CTYPE, "C"); }
};

TEST_F(DisplayRows, CountsFullRows) {
  const struct {
    std::size_t characters;
    std::size_t rows;
  } cases[] = {{0, 0}, {1, 0}, {9, 0}, {10, 1}, {11, 1}, {19, 1}, {20, 2}, {25, 2}};
  for (const auto& [characters, rows] : cases) {
    EXPECT_EQ(display_rows(std::wstring(characters, L'x'), 10), rows) << characters;
  }
}

TEST_F(DisplayRows, GivesWideCharactersTwoColumnsThatStayTogether) {
  EXPECT_EQ(display_rows(L"漢漢漢漢", 10), 0U);
  EXPECT_EQ(display_rows(L"漢漢漢漢漢", 10), 1U);
  EXPECT_EQ(display_rows(L"x漢漢漢漢", 10), 0U);
  EXPECT_EQ(display_rows(L"x漢漢漢漢漢", 10), 1U);
  // Two of nine columns are lost, one in each row.
  EXPECT_EQ(display_rows(L"漢漢漢漢漢漢漢漢漢", 9), 2U);
}

TEST_F(DisplayRows, CountsCombiningMarksAsNothing) {
  EXPECT_EQ(display_rows(L"e\u0301e\u0301e\u0301", 4), 0U);
}

TEST_F(DisplayRows, CountsWhatStandsForControlCharacters) {
  EXPECT_EQ(display_rows(L"\x01\x02\x03\x04", 10), 0U);  // ^A^B^C^D
  EXPECT_EQ(display_rows(L"\x01\x02\x03\x04\x05", 10), 1U);
  EXPECT_EQ(display_rows(L"\t", 10), 0U);
  EXPECT_EQ(display_rows(L"\t12", 10), 1U);
}

TEST_F(DisplayRows, KnowsNothingOfATerminalWithoutColumns) {
  EXPECT_EQ(display_rows(L"hello", 0), 0U);
}

}  // namespace
}  // namespace duplex::app

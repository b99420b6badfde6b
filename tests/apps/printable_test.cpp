#include "printable.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const std::string_view text : {"", "hello", "{\"a\": 1}", "é 漢字 🙂", "C:\\path"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatATerminalObeys) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } cases[] = {
      {"\x1b[2Jgone", R"(\x1b[2Jgone)"},
      {"\x1b]0;title\x07", R"(\x1b]0;title\x07)"},
      {"a\r\nb\tc", R"(a\r\nb\tc)"},
      {std::string_view("a\0b", 3), R"(a\x00b)"},
      {"\x7f", R"(\x7f)"},
      {"\xc2\x9b"
       "31m",
       R"(\u{009b}31m)"},
      {"abc\xe2\x80\xae"
       "cba",
       R"(abc\u{202e}cba)"},
      {"\xe2\x81\xa6", R"(\u{2066})"},
      {"\xe2\x80\xa8", R"(\u{2028})"},
      {"\xd8\x9c", R"(\u{061c})"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(printable(text), expected);
}

TEST(Printable, EscapesEachByteThatIsNotUtf8) {
  EXPECT_EQ(printable("a\xff\x80z"), R"(a\xff\x80z)");
  EXPECT_EQ(printable("\xc3"), R"(\xc3)");                  // cut off
  EXPECT_EQ(printable("\xe6\xbc"), R"(\xe6\xbc)");          // cut off
  EXPECT_EQ(printable("\xc0\x9b"), R"(\xc0\x9b)");          // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), R"(\xed\xa0\x80)");  // surrogate
  EXPECT_EQ(printable("\x9b\xc3\xa9"), "\\x9bé");
}

TEST(Printable, LetsNoControlThrough) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const char character : printable(all)) {
    EXPECT_TRUE(character >= ' ' && character <= '~') << static_cast<int>(character);
  }
}

TEST(Printable, KeepsLinesAndTabsWhereAskedTo) {
  EXPECT_EQ(printable("a\tb\r\nc\x1b", LineBreaks::keep), "a\tb\\r\nc\\x1b");
}

TEST(Printable, CutsNoCharacter) {
  const std::string_view text = "aé漢🙂";  // 1, 2, 3 and 4 bytes
  const std::size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t bytes = 0; bytes < std::size(expected); ++bytes) {
    EXPECT_EQ(cut_text(text, bytes).size(), expected[bytes]) << bytes;
  }
}

}  // namespace
}  // namespace duplex::app

#include "client/printable.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace duplex::client {
namespace {

using namespace std::string_view_literals;

TEST(Printable, LeavesTextAsItIs) {
  for (const std::string_view text : {""sv, "plain"sv, " spaces and \"quotes\" and \\ too ~"sv,
                                      "größer, 大きい, \U0001F600"sv, "\u00A0\u00A1\u00FF"sv}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatHasPowerOverATerminal) {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  for (const auto& [text, expected] : {
           Case{"\x1B[31mred"sv, "\\x1b[31mred"sv},
           Case{"two\r\nlines\t"sv, "two\\x0d\\x0alines\\x09"sv},
           Case{"\0"sv, "\\x00"sv},
           Case{"\x1F \x7F"sv, "\\x1f \\x7f"sv},
           // The second set of control characters, in UTF-8; U+009B begins sequences as ESC [ does.
           Case{"ä\u0080\u009B31m\u009F\u00A0"sv, "ä\\xc2\\x80\\xc2\\x9b31m\\xc2\\x9f\u00A0"sv},
       }) {
    EXPECT_EQ(printable(text), expected);
  }
}

TEST(Printable, EscapesAllBytesBeyondAsciiOfWhatIsNoUtf8) {
  struct Case {
    std::string_view text;
    std::string_view expected;
  };
  for (const auto& [text, expected] : {
           Case{"caf\xE9"sv, "caf\\xe9"sv},
           Case{"\xC2"sv, "\\xc2"sv},
           Case{"\xC2\xC2\x80"sv, "\\xc2\\xc2\\x80"sv},
           Case{"ä\xFF"sv, "\\xc3\\xa4\\xff"sv},
           Case{"\xED\xA0\x80"sv, "\\xed\\xa0\\x80"sv},
           Case{"\xFE\n~"sv, "\\xfe\\x0a~"sv},
       }) {
    EXPECT_EQ(printable(text), expected);
  }
}

TEST(Printable, LeavesNoByteThatControlsAnything) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      for (const char byte : printable(text)) {
        const auto value = static_cast<unsigned char>(byte);
        ASSERT_TRUE(value >= 0x20 && value != 0x7F) << first << " " << second;
      }
    }
  }
}

}  // namespace
}  // namespace duplex::client

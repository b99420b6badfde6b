#include "hex.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

using testing::HasSubstr;

TEST(Hex, DumpsOffsetBytesAndAscii) {
  EXPECT_EQ(hex_dump(as_bytes(std::string_view("Hello, world!\n\x00\xff~", 17))),
            "00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 0a 00 ff  |Hello, world!...|\n"
            "00000010  7e                                                |~|\n");
}

TEST(Hex, DumpsNothingOfNothing) {
  EXPECT_EQ(hex_dump({}), "");
}

TEST(Hex, IndentsEveryLine) {
  EXPECT_EQ(hex_dump(as_bytes("AB"), "  "),
            "  00000000  41 42                                             |AB|\n");
}

TEST(Hex, ReadsDigitsInPairs) {
  for (const std::string_view text : {"48656c6C6f", "48 65 6c 6C 6f", " 4865\t6c6c  6F "}) {
    EXPECT_EQ(parse_hex(text), "Hello") << text;
  }
  EXPECT_EQ(parse_hex(""), "");
  EXPECT_EQ(parse_hex("00 ff"), std::string("\0\xff", 2));
}

TEST(Hex, RefusesWhatIsNoPairOfDigits) {
  for (const std::string_view text : {"4", "4 8", "486", "48 6"}) {
    const auto bytes = parse_hex(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_THAT(bytes.error(), HasSubstr("two hexadecimal digits"));
  }
  for (const std::string_view text : {"0x48", "zz", "48,65"}) {
    const auto bytes = parse_hex(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_THAT(bytes.error(), HasSubstr("48 65 6c"));
  }
}

}  // namespace
}  // namespace duplex::app

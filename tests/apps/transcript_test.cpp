#include "transcript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using connection::Message;
using testing::HasSubstr;
using testing::Not;
using websocket::Opcode;

const Transcript::Time ten_past =
    Transcript::Time(std::chrono::sys_days(2026y / 11 / 22) + 10h + 22min + 3123ms);

class TranscriptLines : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  static Message text(std::string_view payload) { return {Opcode::text, as_bytes(payload)}; }
  static Message binary(std::string_view payload) { return {Opcode::binary, as_bytes(payload)}; }

  Transcript plain_{Transcript::Options{}};
};

TEST_F(TranscriptLines, TellDirectionTimeAndSize) {
  EXPECT_EQ(plain_.message(Direction::outgoing, text("hello"), ten_past),
            "10:22:03.123 >        5 B  hello\n");
  EXPECT_EQ(plain_.message(Direction::incoming, text(""), ten_past),
            "10:22:03.123 <        0 B  \n");
  EXPECT_EQ(plain_.note("connected", ten_past), "10:22:03.123 *             connected\n");
}

TEST_F(TranscriptLines, ShowBinaryInHexadecimal) {
  EXPECT_EQ(plain_.message(Direction::incoming, binary("\x01\x02"), ten_past),
            "10:22:03.123 <        2 B  binary\n"
            " 00000000  01 02                                             |..|\n");
}

TEST_F(TranscriptLines, CanNotBeForgedByAMessage) {
  const std::string shown =
      plain_.message(Direction::incoming, text("a\n10:22:03.124 > forged\x1b[1A"), ten_past);
  EXPECT_EQ(shown,
            "10:22:03.123 <       27 B  a\n"
            "                           10:22:03.124 > forged\\x1b[1A\n");
}

TEST_F(TranscriptLines, CutWhatIsLong) {
  const Transcript short_one({.color = false, .text_bytes_max = 4, .binary_bytes_max = 4});
  EXPECT_EQ(short_one.message(Direction::incoming, text("abcé"), ten_past),
            "10:22:03.123 <        5 B  abc\n"
            "                           ... 2 B more\n");
  EXPECT_THAT(short_one.message(Direction::incoming, binary("ABCDEFGH"), ten_past),
              HasSubstr("41 42 43 44   "));
  EXPECT_THAT(short_one.message(Direction::incoming, binary("ABCDEFGH"), ten_past),
              HasSubstr("... 4 B more\n"));
  EXPECT_THAT(short_one.message(Direction::incoming, text("abcd"), ten_past),
              Not(HasSubstr("more")));
}

TEST_F(TranscriptLines, TellDirectionsApartByColor) {
  const Transcript colored({.color = true});
  EXPECT_EQ(colored.message(Direction::incoming, text("a"), ten_past),
            "\x1b[2m10:22:03.123\x1b[0m \x1b[32m<\x1b[0m \x1b[2m       1 B  \x1b[0m"
            "\x1b[32ma\x1b[0m\n");
  EXPECT_THAT(colored.message(Direction::outgoing, text("a"), ten_past), HasSubstr("\x1b[36ma"));
  EXPECT_THAT(colored.note("a", ten_past), HasSubstr("\x1b[33ma"));
  EXPECT_THAT(colored.note("a", ten_past, Style::warning), HasSubstr("\x1b[31ma"));
}

TEST(Readable, SizesHaveAUnit) {
  const struct {
    std::uint64_t bytes;
    std::string_view text;
  } cases[] = {
      {0, "0 B"},
      {1023, "1023 B"},
      {1024, "1.0 KiB"},
      {1536, "1.5 KiB"},
      {1024 * 1024 - 1, "1.0 MiB"},
      {1024 * 1024, "1.0 MiB"},
      {std::uint64_t{5} << 30, "5.0 GiB"},
      {UINT64_MAX, "16.0 EiB"},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(readable_size(bytes), text);
}

TEST(Readable, DurationsHaveAUnit) {
  EXPECT_EQ(readable_duration(310us), "0.31 ms");
  EXPECT_EQ(readable_duration(12'345us), "12.3 ms");
  EXPECT_EQ(readable_duration(3'200ms), "3.2 s");
}

}  // namespace
}  // namespace duplex::app

#include "check/frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "check/payloads.hpp"

namespace duplex::app::check {
namespace {

constexpr MaskKey key{0x37, 0xfa, 0x21, 0x3d};

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

TEST(CheckFrame, IsEncodedAsTheRfcShows) {
  // RFC 6455 section 5.7.
  EXPECT_EQ(encode({.payload = "Hello"}, End::server, key), bytes({0x81, 0x05}) + "Hello");
  EXPECT_EQ(encode({.payload = "Hello"}, End::client, key),
            bytes({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  EXPECT_EQ(encode({.payload = "Hel", .fin = false}, End::server, key),
            bytes({0x01, 0x03}) + "Hel");
  EXPECT_EQ(encode({.opcode = Opcode::continuation, .payload = "lo"}, End::server, key),
            bytes({0x80, 0x02}) + "lo");
  EXPECT_EQ(encode({.opcode = Opcode::ping, .payload = "Hello"}, End::server, key),
            bytes({0x89, 0x05}) + "Hello");
  const std::string small(256, 'x');
  EXPECT_EQ(encode({.opcode = Opcode::binary, .payload = small}, End::server, key),
            bytes({0x82, 0x7e, 0x01, 0x00}) + small);
  const std::string large(65536, 'x');
  EXPECT_EQ(encode({.opcode = Opcode::binary, .payload = large}, End::server, key),
            bytes({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + large);
}

TEST(CheckFrame, MayBeWrongInEachWay) {
  EXPECT_EQ(encode({.reserved = rsv::one | rsv::three}, End::server, key), bytes({0xd1, 0x00}));
  EXPECT_EQ(encode({.opcode = Opcode{11}}, End::server, key), bytes({0x8b, 0x00}));
  EXPECT_EQ(encode({.payload = "a", .form = LengthForm::two_bytes}, End::server, key),
            bytes({0x81, 0x7e, 0, 1}) + "a");
  EXPECT_EQ(encode({.payload = "a", .form = LengthForm::eight_bytes}, End::server, key),
            bytes({0x81, 0x7f, 0, 0, 0, 0, 0, 0, 0, 1}) + "a");
  EXPECT_EQ(encode({.payload = "a", .claimed_length = 0x8000000000000001}, End::server, key),
            bytes({0x81, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 1}) + "a");
  EXPECT_EQ(encode({.payload = "a", .masking = Masking::never}, End::client, key),
            bytes({0x81, 0x01}) + "a");
  EXPECT_EQ(
      encode({.payload = "a", .masking = Masking::always, .mask_key = MaskKey{}}, End::server, key),
      bytes({0x81, 0x81, 0, 0, 0, 0}) + "a");
}

TEST(CheckFrame, IsDescribedInALine) {
  EXPECT_EQ(describe({.payload = "hello"}, true), "text, FIN, 5 bytes, masked  \"hello\"");
  EXPECT_EQ(describe({.opcode = Opcode::ping,
                      .payload = "\xff",
                      .fin = false,
                      .reserved = rsv::two,
                      .form = LengthForm::two_bytes},
                     false),
            "ping, RSV2, 1 byte, length in 16 bits  ff");
  EXPECT_EQ(describe({.opcode = Opcode{3}, .claimed_length = 7}, false),
            "reserved opcode 0x3, FIN, 0 bytes, said to be 7");
  EXPECT_EQ(describe({.opcode = Opcode::close, .payload = close_payload(1002, "no")}, false),
            "close, FIN, 4 bytes  1002 \"no\"");
  EXPECT_EQ(describe({.opcode = Opcode::close, .payload = "a"}, false),
            "close, FIN, 1 byte  \"a\"");
}

TEST(CheckFrame, ShowsTheBeginningOfALongPayload) {
  EXPECT_EQ(excerpt(std::string(48, 'a')), '"' + std::string(48, 'a') + '"');
  EXPECT_EQ(excerpt(std::string(49, 'a')), '"' + std::string(48, 'a') + "\" ...");
  EXPECT_EQ(excerpt("a\n"), "61 0a");
}

TEST(CheckPayloads, AreCutIntoFragments) {
  const auto frames = fragments(text("abcde"), 2);
  ASSERT_EQ(frames.size(), 3);
  EXPECT_EQ(frames[0].opcode, Opcode::text);
  EXPECT_EQ(frames[1].opcode, Opcode::continuation);
  EXPECT_EQ(frames[0].payload + frames[1].payload + frames[2].payload, "abcde");
  EXPECT_FALSE(frames[0].fin || frames[1].fin);
  EXPECT_TRUE(frames[2].fin);
  EXPECT_EQ(fragments(binary(""), 2).size(), 1);
}

TEST(CheckPayloads, HaveTheirSize) {
  for (const std::size_t size : {0UL, 1UL, 125UL, 65536UL}) {
    EXPECT_EQ(ascii_payload(size).size(), size);
    EXPECT_EQ(binary_payload(size).size(), size);
  }
  EXPECT_EQ(ascii_payload(20), "aA0, Bb5. qZ10; Xy16");
}

TEST(CheckPayloads, ShowWhetherCaseDigitsOrMarksAreChanged) {
  EXPECT_TRUE(std::isalpha(static_cast<unsigned char>(ascii_payload(2)[1])));
  const std::string payload = ascii_payload(125);
  for (const auto is : {&isupper, &islower, &isdigit, &ispunct}) {
    EXPECT_TRUE(std::ranges::any_of(payload, [is](unsigned char byte) { return is(byte) != 0; }));
  }
}

}  // namespace
}  // namespace duplex::app::check

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <duplex/http/percent.hpp>

namespace duplex::http {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(PercentDecode, DecodesEveryByte) {
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("caf%C3%A9"), "caf\xc3\xa9");
  EXPECT_EQ(percent_decode("%2f%2F%41"), "//A");
  EXPECT_EQ(percent_decode("a%00b"), std::string("a\0b", 3));
  EXPECT_EQ(percent_decode("%2541"), "%41");
}

TEST(PercentDecode, ReadsPlusAsItIsTold) {
  EXPECT_EQ(percent_decode("a+b%2B"), "a+b+");
  EXPECT_EQ(percent_decode("a+b%2B", Plus::space), "a b+");
}

TEST(PercentDecode, RefusesBadEscapes) {
  for (const char* text : {"%", "%4", "a%", "%4g", "%g4", "%%41", "% 41", "%+1", "%\xc3\xa9"}) {
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
  }
}

TEST(PercentEncode, KeepsTheUnreservedOnly) {
  EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(percent_encode("a b/c?\xff%"), "a%20b%2Fc%3F%FF%25");
  EXPECT_EQ(percent_encode("a b/c", "/"), "a%20b/c");
}

TEST(PercentEncode, IsUndoneByDecoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode(percent_encode(all), Plus::space), all);
}

TEST(PercentEncodeUri, KeepsWhatMayStandInAUri) {
  constexpr std::string_view kept = "https://[::1]:80/azAZ09-._~!$&'()*+,;=:@/?a=b%20c%c3%A9#d";
  EXPECT_EQ(percent_encode_uri(kept), kept);
  EXPECT_EQ(percent_encode_uri(""), "");
  EXPECT_EQ(percent_encode_uri("a b\"<>\\^`{|}\x7f\xff"), "a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%7F%FF");
  EXPECT_EQ(percent_encode_uri("%|%4|%4g|%%41|100%"), "%25%7C%254%7C%254g%7C%25%41%7C100%25");
}

// Twice is no more than once, and a decoder sees what was meant.
TEST(PercentEncodeUri, LeavesAloneWhatItHasEncoded) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string once = percent_encode_uri(all);
  EXPECT_EQ(percent_encode_uri(once), once);
  EXPECT_EQ(percent_decode(once), all);
}

TEST(DecodePath, SplitsAndDecodes) {
  EXPECT_THAT(decode_path("/"), Optional(ElementsAre("")));
  EXPECT_THAT(decode_path("/a/b%20c/"), Optional(ElementsAre("a", "b c", "")));
  EXPECT_THAT(decode_path("//a"), Optional(ElementsAre("", "a")));
  EXPECT_THAT(decode_path("/..a/...//.b"), Optional(ElementsAre("..a", "...", "", ".b")));
  EXPECT_THAT(decode_path("/%252e%252e/%252f"), Optional(ElementsAre("%2e%2e", "%2f")));
}

TEST(DecodePath, RefusesWhatIsReadInSeveralWays) {
  for (const char* path :
       {"", "a", "*", "/%", "/a%2", "/.", "/..", "/../a", "/a/../b", "/a/./b", "/a/..", "/%2e%2e/",
        "/%2E./a", "/.%2e", "/a%2fb", "/a%2Fb", "/%00", "/a%00.html"}) {
    EXPECT_EQ(decode_path(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace duplex::http

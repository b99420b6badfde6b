#include <gtest/gtest.h>

#include <string_view>

#include <duplex/base/base64.hpp>

namespace duplex {
namespace {

TEST(Base64, EncodesTheVectorsOfRfc4648) {
  // Section 10.
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, encoded] : vectors) EXPECT_EQ(encode_base64(as_bytes(text)), encoded);
}

TEST(Base64, EncodesEveryBit) {
  EXPECT_EQ(encode_base64(as_bytes(std::string_view("\0\xff\xfb\xef\xbe\0", 6))), "AP/7774A");
}

}  // namespace
}  // namespace duplex

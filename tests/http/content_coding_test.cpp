#include <gtest/gtest.h>

#include <set>

#include <duplex/http/content_coding.hpp>

namespace duplex::http {
namespace {

TEST(ContentCoding, ReadsTheNamesThatItWrites) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < content_coding_count; ++i) {
    const auto coding = static_cast<ContentCoding>(i);
    EXPECT_EQ(parse_content_coding(name(coding)), coding);
    names.insert(name(coding));
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"br", "deflate", "gzip", "identity", "zstd"}));
}

TEST(ContentCoding, KnowsOtherSpellings) {
  EXPECT_EQ(parse_content_coding("X-GZip"), ContentCoding::gzip);
  EXPECT_EQ(parse_content_coding("BR"), ContentCoding::br);
  for (const char* other : {"", "gz", "compress", "x-compress", "gzip ", "brotli"}) {
    EXPECT_FALSE(parse_content_coding(other)) << other;
  }
}

}  // namespace
}  // namespace duplex::http

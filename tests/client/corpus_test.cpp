#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/client/content_decoder_properties.hpp"
#include "fuzz/client/cookie_jar_properties.hpp"

namespace duplex::client {
namespace {

template <class Check>
int replay(const std::string& target, const Check& check) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(DUPLEX_CORPUS "/" + target)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string content(std::istreambuf_iterator<char>(file), {});
    check(content);
    ++count;
  }
  return count;
}

TEST(ContentDecoderCorpus, HoldsTheProperties) {
  EXPECT_GT(replay("content_decoder_fuzz", check_content_decoder), 0);
}

TEST(CookieJarCorpus, HoldsTheProperties) {
  EXPECT_GT(replay("cookie_jar_fuzz", check_cookie_jar), 0);
}

}  // namespace
}  // namespace duplex::client

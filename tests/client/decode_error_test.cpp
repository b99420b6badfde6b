#include <gtest/gtest.h>

#include <set>
#include <string>
#include <system_error>

#include <duplex/client/decode_error.hpp>

namespace duplex::client {
namespace {

TEST(DecodeError, HasASentenceOfItsOwnForEach) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 1; i <= decode_error_count; ++i) {
    const std::string_view sentence = describe(static_cast<DecodeError>(i));
    EXPECT_FALSE(sentence.empty() || sentence.ends_with('.')) << sentence;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
  EXPECT_FALSE(sentences.contains(describe(static_cast<DecodeError>(decode_error_count + 1))));
}

TEST(DecodeError, IsAnErrorCode) {
  const std::error_code error = DecodeError::unknown_coding;
  EXPECT_TRUE(error);
  EXPECT_EQ(error, DecodeError::unknown_coding);
  EXPECT_NE(error, DecodeError::incomplete);
  EXPECT_STREQ(error.category().name(), "content");
  EXPECT_EQ(error.message(), describe(DecodeError::unknown_coding));
}

}  // namespace
}  // namespace duplex::client

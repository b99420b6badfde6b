#include <gtest/gtest.h>

#include <stdexcept>

#include <duplex/http/authorization.hpp>

namespace duplex::http {
namespace {

TEST(Authorization, EncodesNameAndPassword) {
  // RFC 7617 sections 2 and 2.1.
  EXPECT_EQ(basic_authorization("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization("test", "123\xc2\xa3"), "Basic dGVzdDoxMjPCow==");
  EXPECT_EQ(basic_authorization("", ""), "Basic Og==");
  EXPECT_EQ(basic_authorization("a", "b:c"), "Basic YTpiOmM=");
}

TEST(Authorization, RefusesNamesAndPasswordsThatBasicCannotSay) {
  EXPECT_THROW(basic_authorization("a:b", "c"), std::invalid_argument);
  EXPECT_THROW(basic_authorization("a\n", "c"), std::invalid_argument);
  EXPECT_THROW(basic_authorization("a", "c\x7f"), std::invalid_argument);
}

TEST(Authorization, TakesTokens) {
  EXPECT_EQ(bearer_authorization("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM");
  EXPECT_EQ(bearer_authorization("a+/~=="), "Bearer a+/~==");
  for (const char* token : {"", "=", "a b", "a\r\nb", "a=b", "\"a\"", "\xc3\xa9"}) {
    EXPECT_THROW(bearer_authorization(token), std::invalid_argument) << token;
  }
}

}  // namespace
}  // namespace duplex::http

#include "origin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duplex::app {
namespace {

using testing::HasSubstr;

TEST(Origin, TakesWhatABrowserSendsAndWildcards) {
  for (const std::string text : {"https://example.com", "http://localhost:3000", "http://[::1]:80",
                                 "https://*.example.com", "null", "*"}) {
    EXPECT_EQ(parse_origin(text), text);
  }
}

TEST(Origin, RefusesWhatWouldNeverMatch) {
  const struct {
    std::string_view text;
    std::string_view advice;
  } cases[] = {
      {"", "write scheme and host"},
      {"example.com", "write scheme and host"},
      {"://example.com", "write scheme and host"},
      {"https://", "a host follows"},
      {"https://example.com/", "leave out what follows the host: https://example.com"},
      {"https://example.com/a/b?c", "leave out what follows the host: https://example.com"},
      {"https://a.example, https://b.example", "leave out"},
      {"https://a.example,b", "repeat --origin"},
      {"https://user@example.com", "no origin has"},
  };
  for (const auto& [text, advice] : cases) {
    const auto origin = parse_origin(text);
    ASSERT_FALSE(origin) << text;
    EXPECT_THAT(origin.error(), HasSubstr(advice)) << text;
  }
}

}  // namespace
}  // namespace duplex::app

#include <gtest/gtest.h>

#include <duplex/http/method.hpp>

namespace duplex::http {
namespace {

TEST(Method, EveryNameParsesToItsMethod) {
  for (std::size_t i = 0; i < method_count; ++i) {
    const auto method = static_cast<Method>(i);
    EXPECT_EQ(parse_method(name(method)), method) << name(method);
  }
  EXPECT_EQ(name(Method::delete_), "DELETE");
  EXPECT_EQ(name(Method::patch), "PATCH");
}

TEST(Method, NamesAreCaseSensitiveAndWhole) {
  for (const char* token : {"", "get", "Get", "GE", "GETS", "GET ", " GET", "PROPFIND"}) {
    EXPECT_EQ(parse_method(token), std::nullopt) << token;
  }
}

}  // namespace
}  // namespace duplex::http

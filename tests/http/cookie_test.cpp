#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include <duplex/http/cookie.hpp>

namespace duplex::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Cookie = CookiesView::Cookie;

std::vector<Cookie> cookies(std::string_view value) {
  std::vector<Cookie> result;
  for (const Cookie& cookie : CookiesView(value)) result.push_back(cookie);
  return result;
}

TEST(CookiesView, SplitsAtSemicolons) {
  EXPECT_THAT(cookies("a=1; b=2"), ElementsAre(Cookie{"a", "1"}, Cookie{"b", "2"}));
  EXPECT_THAT(cookies("a=1;b=x=y; c="),
              ElementsAre(Cookie{"a", "1"}, Cookie{"b", "x=y"}, Cookie{"c", ""}));
  EXPECT_THAT(cookies(" a = \"q\" ;; lone; =x;"), ElementsAre(Cookie{"a", "\"q\""}));
  EXPECT_THAT(cookies(""), IsEmpty());
}

TEST(FindCookie, LooksAtEveryCookieField) {
  constexpr std::array<FieldView, 3> lines = {
      {{"Cookie", "a=1; b=2"}, {"Set-Cookie", "d=9"}, {"cookie", "c=3; a=4"}}};
  const FieldsView fields(lines);
  EXPECT_EQ(find_cookie(fields, "a"), "1");
  EXPECT_EQ(find_cookie(fields, "c"), "3");
  EXPECT_EQ(find_cookie(fields, "A"), std::nullopt);
  EXPECT_EQ(find_cookie(fields, "d"), std::nullopt);
}

TEST(SetCookie, IsSafeByDefault) {
  EXPECT_EQ(format_set_cookie({.name = "id", .value = "42"}),
            "id=42; Path=/; HttpOnly; SameSite=Lax");
}

TEST(SetCookie, WritesEveryAttribute) {
  EXPECT_EQ(format_set_cookie({.name = "id",
                               .value = "",
                               .path = "/app",
                               .domain = "example.com",
                               .max_age_s = 0,
                               .secure = true,
                               .http_only = false,
                               .same_site = SameSite::none}),
            "id=; Path=/app; Domain=example.com; Max-Age=0; Secure; SameSite=None");
  EXPECT_EQ(format_set_cookie(
                {.name = "__Host-id", .value = "1", .secure = true, .same_site = SameSite::strict}),
            "__Host-id=1; Path=/; Secure; HttpOnly; SameSite=Strict");
}

TEST(SetCookie, RefusesWhatABrowserWouldNotTake) {
  const std::vector<SetCookie> cases = {
      {.name = "", .value = "a"},
      {.name = "a b", .value = "a"},
      {.name = "a=b", .value = "a"},
      {.name = "a", .value = "b;c"},
      {.name = "a", .value = "b c"},
      {.name = "a", .value = "b\r\nSet-Cookie: x=y"},
      {.name = "a", .value = "\xc3\xa9"},
      {.name = "a", .value = "b", .path = "x"},
      {.name = "a", .value = "b", .path = "/;Secure"},
      {.name = "a", .value = "b", .path = "/\n"},
      {.name = "a", .value = "b", .domain = "a;b"},
      {.name = "a", .value = "b", .same_site = SameSite::none},
      {.name = "__secure-a", .value = "b"},
      {.name = "__Host-a", .value = "b"},
      {.name = "__Host-a", .value = "b", .path = "/x", .secure = true},
      {.name = "__Host-a", .value = "b", .domain = "x", .secure = true},
  };
  for (const SetCookie& cookie : cases) {
    EXPECT_THROW(format_set_cookie(cookie), std::invalid_argument) << cookie.name;
  }
}

}  // namespace
}  // namespace duplex::http

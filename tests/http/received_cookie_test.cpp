#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/http/received_cookie_properties.hpp"
#include <duplex/http/received_cookie.hpp>

namespace duplex::http {
namespace {

TEST(ReceivedCookie, HasNameAndValueAndEveryAttribute) {
  const auto cookie = parse_set_cookie(
      "id=42; Domain=.Example.com; Path=/app; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT; "
      "Secure; HttpOnly; SameSite=Strict");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->name, "id");
  EXPECT_EQ(cookie->value, "42");
  EXPECT_EQ(cookie->domain, "Example.com");
  EXPECT_EQ(cookie->path, "/app");
  EXPECT_EQ(cookie->max_age_s, 60);
  EXPECT_EQ(cookie->expires_unix_s, 784111777);
  EXPECT_TRUE(cookie->secure);
  EXPECT_TRUE(cookie->http_only);
  EXPECT_EQ(cookie->same_site, SameSite::strict);
}

TEST(ReceivedCookie, SaysNothingThatIsNotThere) {
  EXPECT_EQ(parse_set_cookie("a=b"), (ReceivedCookie{.name = "a", .value = "b"}));
}

TEST(ReceivedCookie, IsReadLeniently) {
  const std::vector<std::pair<std::string_view, ReceivedCookie>> cases = {
      {"a=", {.name = "a"}},
      {" a\t = \tb c ;", {.name = "a", .value = "b c"}},
      {"a=\"b\"", {.name = "a", .value = "\"b\""}},
      {"a=b=c==", {.name = "a", .value = "b=c=="}},
      {"a b=c,d", {.name = "a b", .value = "c,d"}},
      {"a=\xc3\xa9", {.name = "a", .value = "\xc3\xa9"}},
      {"a=b\tc", {.name = "a", .value = "b\tc"}},
      {"a=b;;; ;=;=x;x;x=y", {.name = "a", .value = "b"}},
      {"a=b;SECURE=no;httponly=;", {.name = "a", .value = "b", .secure = true, .http_only = true}},
      {"a=b; secure; secured; insecure", {.name = "a", .value = "b", .secure = true}},
      {"a=b; path = /x ; DOMAIN = x.y ",
       {.name = "a", .value = "b", .domain = "x.y", .path = "/x"}},
      {"a=b; Path=\"/x\"", {.name = "a", .value = "b"}},
      {"a=b; Domain=..x", {.name = "a", .value = "b", .domain = ".x"}},
      {"a=b; Domain=.", {.name = "a", .value = "b"}},
  };
  for (const auto& [text, cookie] : cases) EXPECT_EQ(parse_set_cookie(text), cookie) << text;
}

TEST(ReceivedCookie, TakesTheLastOfSeveralAttributesAlike) {
  const auto cookie = parse_set_cookie(
      "a=b; Path=/x; Domain=x; SameSite=Lax; Max-Age=1; Path=/y; Domain=y; SameSite=None; "
      "Max-Age=2");
  ASSERT_TRUE(cookie);
  EXPECT_EQ(cookie->path, "/y");
  EXPECT_EQ(cookie->domain, "y");
  EXPECT_EQ(cookie->same_site, SameSite::none);
  EXPECT_EQ(cookie->max_age_s, 2);
  // Here a value that can't be takes the effect of the one before it.
  EXPECT_EQ(parse_set_cookie("a=b; Path=/x; Path=y; Domain=x; Domain; SameSite=Lax; SameSite=?"),
            (ReceivedCookie{.name = "a", .value = "b"}));
  // And here it doesn't.
  EXPECT_EQ(parse_set_cookie("a=b; Max-Age=1; Max-Age=x")->max_age_s, 1);
  EXPECT_EQ(parse_set_cookie("a=b; Expires=1 Jan 1970 0:0:1; Expires=soon")->expires_unix_s, 1);
}

TEST(ReceivedCookie, IsIgnoredWithoutNameOrEquals) {
  for (const std::string_view text : {"", ";", "a", "=", "=b", " =b", "a;b=c", "Secure; a=b"}) {
    EXPECT_FALSE(parse_set_cookie(text)) << text;
  }
}

TEST(ReceivedCookie, IsIgnoredWithAControlByteAnywhere) {
  for (int code = 0; code < 256; ++code) {
    const bool control = (code < 0x20 && code != '\t') || code == 0x7f;
    const std::string byte(1, static_cast<char>(code));
    EXPECT_EQ(parse_set_cookie("a=b" + byte + "c").has_value(), !control) << code;
    EXPECT_EQ(parse_set_cookie("a=b; x=" + byte).has_value(), !control) << code;
    EXPECT_EQ(parse_set_cookie("a" + byte + "=b").has_value(), !control && byte != ";") << code;
  }
}

TEST(ReceivedCookie, HasLimits) {
  const std::string most(4095, 'x');
  EXPECT_TRUE(parse_set_cookie("a=" + most));
  EXPECT_FALSE(parse_set_cookie("ab=" + most));
  EXPECT_FALSE(parse_set_cookie(most + "=bc"));
  // Space around them doesn't count.
  EXPECT_TRUE(parse_set_cookie("   a=   " + most + "   "));

  const std::string longest = "/" + std::string(1023, 'x');
  EXPECT_EQ(parse_set_cookie("a=b; Path=" + longest)->path, longest);
  EXPECT_EQ(parse_set_cookie("a=b; Path=/y; Path=" + longest + "x")->path, "/y");
  EXPECT_FALSE(parse_set_cookie("a=b; Secure=" + longest + "x")->secure);
}

TEST(ReceivedCookie, ReadsMaxAge) {
  const std::vector<std::pair<std::string_view, std::optional<std::int64_t>>> cases = {
      {"0", 0},   {"1", 1},    {"007", 7},
      {"-1", 0},  {"-0", 0},   {"9223372036854775807", INT64_MAX},
      {"", {}},   {"-", {}},   {"99999999999999999999999", INT64_MAX},
      {"+1", {}}, {"1.5", {}}, {"-99999999999999999999999", 0},
      {"1s", {}}, {"--1", {}}, {"0x10", {}},
  };
  for (const auto& [text, max_age] : cases) {
    EXPECT_EQ(parse_set_cookie("a=b; Max-Age=" + std::string(text))->max_age_s, max_age) << text;
  }
}

TEST(ReceivedCookie, ReadsSameSiteInAnyCase) {
  const std::vector<std::pair<std::string_view, std::optional<SameSite>>> cases = {
      {"strict", SameSite::strict},
      {"LAX", SameSite::lax},
      {"None", SameSite::none},
      {"default", {}},
      {"", {}},
  };
  for (const auto& [text, same_site] : cases) {
    EXPECT_EQ(parse_set_cookie("a=b; SameSite=" + std::string(text))->same_site, same_site) << text;
  }
}

TEST(ReceivedCookie, ReadsWhatWeWrite) {
  const std::string text = format_set_cookie({.name = "__Host-id",
                                              .value = "x",
                                              .max_age_s = 5,
                                              .secure = true,
                                              .same_site = SameSite::none});
  EXPECT_EQ(parse_set_cookie(text), (ReceivedCookie{.name = "__Host-id",
                                                    .value = "x",
                                                    .path = "/",
                                                    .max_age_s = 5,
                                                    .secure = true,
                                                    .http_only = true,
                                                    .same_site = SameSite::none}));
}

TEST(CookieDate, IsReadInAboutAnyForm) {
  constexpr std::int64_t date = 784111777;
  for (const std::string_view text : {
           "Sun, 06 Nov 1994 08:49:37 GMT",
           "Sunday, 06-Nov-94 08:49:37 GMT",
           "Sun Nov  6 08:49:37 1994",
           "6 Nov 1994 8:49:37",
           "1994-Nov-06 08:49:37",
           "08:49:37 6 november 94",
           "nov 06 1994 08:49:37 +0200 (what zone it is does not count)",
           "6th,Nov.1994/08:49:37Z",
           "94 6 Nov 8:49:37 99",
           "6 nOVember 1994 08:49:37.123",
           "6 1994 Nov 08:49:37 09:50:38",
           "Sun,%6 Nov 1994!08:49:37",
       }) {
    // Two digits are a day as long as there is none.
    const bool day_first = text.starts_with("94");
    EXPECT_EQ(parse_cookie_date(text), day_first ? std::nullopt : std::optional(date)) << text;
  }
}

TEST(CookieDate, KnowsTheCenturyOfTwoDigits) {
  EXPECT_EQ(parse_cookie_date("1 Jan 70 0:0:0"), 0);
  EXPECT_EQ(parse_cookie_date("1 Jan 99 0:0:0"), 915148800);
  EXPECT_EQ(parse_cookie_date("1 Jan 00 0:0:0"), 946684800);
  EXPECT_EQ(parse_cookie_date("1 Jan 69 0:0:0"), 3124224000);
  EXPECT_EQ(parse_cookie_date("1 Jan 100 0:0:0"), std::nullopt);
}

TEST(CookieDate, WantsAllThatADateHas) {
  for (const std::string_view text : {
           "",
           "Nov 1994 08:49:37",
           "06 1994 08:49:37",
           "06 Nov 08:49:37",
           "06 Nov 1994",
           "06 Nov 1994 08:49",
           "06 Nov 1994 08:49:",
           "06 Nov 1994 8h49:37",
           "06 Nov 1994 008:49:37",
           "06 Nov 1994 08:49:370",
           "006 Nov 1994 08:49:37",
           "06 No 1994 08:49:37",
           "06 Nov 19940 08:49:37",
           "06 Nov 9 08:49:37",
       }) {
    EXPECT_EQ(parse_cookie_date(text), std::nullopt) << text;
  }
}

TEST(CookieDate, WantsADateThatCanBe) {
  for (const std::string_view text : {
           "00 Nov 1994 08:49:37",
           "31 Nov 1994 08:49:37",
           "32 Dec 1994 08:49:37",
           "29 Feb 1994 08:49:37",
           "29 Feb 1900 08:49:37",
           "06 Nov 1600 08:49:37",
           "06 Nov 1994 24:49:37",
           "06 Nov 1994 08:60:37",
           "06 Nov 1994 08:49:60",
       }) {
    EXPECT_EQ(parse_cookie_date(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_cookie_date("29 Feb 2000 00:00:00"), 951782400);
  EXPECT_EQ(parse_cookie_date("1 Jan 1601 00:00:00"), -11644473600);
  EXPECT_EQ(parse_cookie_date("31 Dec 9999 23:59:59"), 253402300799);
}

TEST(ReceivedCookie, CorpusKeepsTheProperties) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(DUPLEX_CORPUS "/received_cookie_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string value(std::istreambuf_iterator<char>(file), {});
    ++count;
    for (std::size_t size = 0; size <= value.size(); ++size) {
      EXPECT_EQ(broken_received_cookie_property(value.substr(0, size)), "") << entry.path();
      EXPECT_EQ(broken_received_cookie_property(value.substr(size)), "") << entry.path();
    }
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace duplex::http

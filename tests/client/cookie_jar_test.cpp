#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <duplex/client/cookie_jar.hpp>

namespace duplex::client {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr CookieJar::Time now{seconds(1'795'000'000)};

http::Url url(std::string_view text) {
  return http::Url::parse(text).value();
}

/// A jar in which some servers have set some cookies; and what it says a second later.
class Jar {
 public:
  explicit Jar(const CookieJarLimits& limits = {}) : jar_(limits) {}

  Jar& receive(std::string_view from, std::string_view set_cookie, CookieJar::Time when = now) {
    const std::array<http::FieldView, 3> fields = {
        {{"Content-Type", "text/html"}, {"set-cookie", set_cookie}, {"Cookie", "no=1"}}};
    jar_.receive(url(from), http::FieldsView(fields), when);
    return *this;
  }
  std::string sent_to(std::string_view to, CookieJar::Time when = now + seconds(1)) {
    return jar_.cookie_field(url(to), when);
  }
  CookieJar* operator->() { return &jar_; }

 private:
  CookieJar jar_;
};

TEST(CookieJar, SendsWhatItWasGiven) {
  Jar jar;
  EXPECT_EQ(jar.sent_to("https://example.com/"), "");
  jar.receive("https://example.com/", "a=1").receive("https://example.com/", "b=");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "a=1; b=");
  EXPECT_EQ(jar.sent_to("https://example.com:8443/x?y"), "a=1; b=");
  EXPECT_EQ(jar.sent_to("http://example.com/"), "a=1; b=");
  EXPECT_EQ(jar.sent_to("https://other.com/"), "");
}

TEST(CookieJar, TakesEveryLineOfAResponse) {
  CookieJar jar;
  constexpr std::array<http::FieldView, 3> fields = {
      {{"Set-Cookie", "a=1"}, {"SET-COOKIE", "b=2, c=3"}, {"Set-Cookie", "malformed"}}};
  jar.receive(url("https://example.com/"), http::FieldsView(fields), now);
  EXPECT_EQ(jar.cookie_field(url("https://example.com/"), now), "a=1; b=2, c=3");
}

TEST(CookieJar, KeepsACookieWithoutDomainToItsHost) {
  Jar jar;
  jar.receive("https://example.com/", "a=1");
  EXPECT_EQ(jar.sent_to("https://www.example.com/"), "");
  EXPECT_EQ(jar.sent_to("https://com/"), "");
  EXPECT_TRUE(jar->cookies(now).at(0).host_only);
}

TEST(CookieJar, SendsACookieWithADomainToAllBelowIt) {
  Jar jar;
  jar.receive("https://www.example.com/", "a=1; Domain=.EXAMPLE.com");
  for (const auto* to :
       {"https://example.com/", "https://www.example.com/", "https://a.b.example.com/"}) {
    EXPECT_EQ(jar.sent_to(to), "a=1") << to;
  }
  for (const auto* to :
       {"https://badexample.com/", "https://example.com.evil.com/", "https://example.org/"}) {
    EXPECT_EQ(jar.sent_to(to), "") << to;
  }
}

TEST(CookieJar, RefusesADomainThatTheHostIsNotIn) {
  struct Case {
    std::string_view from, domain;
    bool taken;
  };
  for (const Case& c : std::vector<Case>{
           {"https://example.com/", "example.com", true},
           {"https://www.example.com/", "example.com", true},
           {"https://example.com/", "www.example.com", false},
           {"https://www.example.com/", "other.example.com", false},
           {"https://example.com/", "ample.com", false},
           {"https://example.com/", "other.com", false},
           {"https://example.com/", ".", true},  // none
           {"https://example.com/", "..example.com", false},
           {"https://example.com/", "example.com.", false},
           // Public suffixes.
           {"https://example.com/", "com", false},
           {"https://www.example.co.uk/", "co.uk", false},
           {"https://me.github.io/", "github.io", false},
           {"https://github.io/", "github.io", true},
           {"https://example.com./", "com.", false},
           {"https://a.intranet/", "intranet", false},
           {"http://localhost/", "localhost", true},
           // Addresses.
           {"https://192.0.2.1/", "192.0.2.1", true},
           {"https://192.0.2.1/", "2.1", false},
           {"https://192.0.2.1/", "0.2.1", false},
           {"https://[2001:db8::1]/", "2001:db8::1", true},
           {"https://[2001:db8::1]/", "[2001:db8::1]", false},
       }) {
    Jar jar;
    jar.receive(c.from, "a=1; Domain=" + std::string(c.domain));
    EXPECT_EQ(jar.sent_to(c.from), c.taken ? "a=1" : "") << c.from << ' ' << c.domain;
  }
}

TEST(CookieJar, KeepsACookieForAPublicSuffixOrAnAddressToItsHost) {
  Jar jar;
  jar.receive("https://github.io/", "a=1; Domain=github.io");
  EXPECT_EQ(jar.sent_to("https://me.github.io/"), "");
  EXPECT_TRUE(jar->cookies(now).at(0).host_only);
  Jar other;
  other.receive("https://192.0.2.1/", "a=1; Domain=192.0.2.1");
  EXPECT_EQ(other.sent_to("https://9.192.0.2.1/"), "");
  EXPECT_TRUE(other->cookies(now).at(0).host_only);
}

TEST(CookieJar, MatchesPathsBySegments) {
  struct Case {
    std::string_view path, to;
    bool sent;
  };
  for (const Case& c : std::vector<Case>{
           {"/", "/", true},
           {"/", "/a/b", true},
           {"/a", "/a", true},
           {"/a", "/a/", true},
           {"/a", "/a/b?c", true},
           {"/a", "/ab", false},
           {"/a", "/", false},
           {"/a", "/A", false},
           {"/a/", "/a/b", true},
           {"/a/", "/a", false},
       }) {
    Jar jar;
    jar.receive("https://example.com/", "a=1; Path=" + std::string(c.path));
    EXPECT_EQ(jar.sent_to("https://example.com" + std::string(c.to)), c.sent ? "a=1" : "")
        << c.path << ' ' << c.to;
  }
}

TEST(CookieJar, TakesTheFolderOfARequestForAPath) {
  for (const auto& [from, path] : std::vector<std::pair<std::string, std::string>>{
           {"https://example.com", "/"},
           {"https://example.com/", "/"},
           {"https://example.com/a", "/"},
           {"https://example.com/a/", "/a"},
           {"https://example.com/a/b", "/a"},
           {"https://example.com/a/b/c?d=/e/f", "/a/b"}}) {
    Jar jar;
    jar.receive(from, "a=1").receive(from, "b=1; Path=x").receive(from, "c=1; Path");
    for (const StoredCookie& cookie : jar->cookies(now)) EXPECT_EQ(cookie.path, path) << from;
    EXPECT_EQ(jar->cookies(now).size(), 3U);
  }
}

TEST(CookieJar, OrdersByPathAndThenByAge) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Path=/")
      .receive("https://example.com/", "b=2; Path=/x/y")
      .receive("https://example.com/", "c=3; Path=/x")
      .receive("https://example.com/", "d=4; Path=/", now - hours(1))  // the clock was put back
      .receive("https://example.com/", "e=5; Path=/x");
  EXPECT_EQ(jar.sent_to("https://example.com/x/y/z"), "b=2; c=3; e=5; a=1; d=4");
  // What is replaced keeps its place.
  jar.receive("https://example.com/", "a=9; Path=/");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "a=9; d=4");
}

TEST(CookieJar, ReplacesByNameDomainAndPath) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Domain=example.com; Max-Age=100")
      .receive("https://example.com/", "a=2")  // for the host alone: another
      .receive("https://example.com/", "a=3; Path=/x")
      .receive("https://example.com/", "A=4")
      .receive("https://example.com/", "a=5; Domain=example.com; HttpOnly");
  EXPECT_EQ(jar.sent_to("https://example.com/x"), "a=3; a=5; a=2; A=4");
  EXPECT_EQ(jar->cookies(now).at(0).expires, std::nullopt);
  EXPECT_TRUE(jar->cookies(now).at(0).http_only);
}

TEST(CookieJar, ForgetsWhatExpires) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Max-Age=60")
      .receive("https://example.com/", "b=2; Expires=Mon, 18 Jan 2038 03:14:07 GMT; Max-Age=30")
      .receive("https://example.com/", "c=3; Expires=Sun, 06 Nov 1994 08:49:37 GMT")
      .receive("https://example.com/", "d=4; Max-Age=0")
      .receive("https://example.com/", "e=5; Expires=1 Jan 1601 00:00:00")
      .receive("https://example.com/", "f=6");
  EXPECT_EQ(jar.sent_to("https://example.com/", now + seconds(29)), "a=1; b=2; f=6");
  EXPECT_EQ(jar.sent_to("https://example.com/", now + seconds(30)), "a=1; f=6");
  EXPECT_EQ(jar.sent_to("https://example.com/", now + seconds(60)), "f=6");
  EXPECT_EQ(jar->cookies(now + seconds(60)).size(), 1U);
}

TEST(CookieJar, DeletesByAnExpiredCookie) {
  Jar jar;
  jar.receive("https://example.com/", "a=1").receive("https://example.com/", "b=2");
  jar.receive("https://example.com/", "a=; Max-Age=0");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "b=2");
  jar.receive("https://example.com/", "b=; Max-Age=0; Path=/x");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "b=2");
  jar.receive("https://example.com/", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "");
  EXPECT_TRUE(jar->cookies(now).empty());
}

TEST(CookieJar, KeepsNothingForMoreThanFourHundredDays) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Max-Age=99999999999999999999")
      .receive("https://example.com/", "b=2; Expires=Fri, 31 Dec 9999 23:59:59 GMT")
      .receive("https://example.com/", "c=3; Max-Age=34560000");
  for (const StoredCookie& cookie : jar->cookies(now)) {
    EXPECT_EQ(cookie.expires, now + hours(400 * 24)) << cookie.name;
  }
}

TEST(CookieJar, SendsSecureCookiesToSecureOriginsOnly) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Secure").receive("https://example.com/", "b=2");
  EXPECT_EQ(jar.sent_to("https://example.com/"), "a=1; b=2");
  EXPECT_EQ(jar.sent_to("wss://example.com/"), "a=1; b=2");
  EXPECT_EQ(jar.sent_to("http://example.com/"), "b=2");
  EXPECT_EQ(jar.sent_to("ws://example.com/"), "b=2");
}

TEST(CookieJar, TakesSecureCookiesFromSecureOriginsOnly) {
  for (const auto& [from, taken] :
       std::vector<std::pair<std::string, bool>>{{"https://example.com/", true},
                                                 {"wss://example.com/", true},
                                                 {"http://example.com/", false},
                                                 {"ws://example.com/", false},
                                                 {"http://localhost/", true},
                                                 {"http://a.localhost:8080/", true},
                                                 {"http://127.0.0.1/", true},
                                                 {"http://127.9.9.9/", true},
                                                 {"ws://[::1]/", true},
                                                 {"http://127.0.0.1.example.com/", false},
                                                 {"http://notlocalhost/", false},
                                                 {"http://192.0.2.1/", false}}) {
    Jar jar;
    jar.receive(from, "a=1; Secure");
    EXPECT_EQ(jar.sent_to(from), taken ? "a=1" : "") << from;
  }
}

TEST(CookieJar, LeavesSecureCookiesAloneInClear) {
  const auto tries = [](std::string_view secure, std::string_view other) {
    Jar jar;
    jar.receive("https://www.example.com/", secure);
    jar.receive("http://www.example.com/", other);
    return jar->cookies(now).size() == 1 && jar->cookies(now).at(0).secure;
  };
  EXPECT_TRUE(tries("a=1; Secure", "a=2"));
  EXPECT_TRUE(tries("a=1; Secure", "a=; Max-Age=0"));
  EXPECT_TRUE(tries("a=1; Secure", "a=2; Domain=example.com"));
  EXPECT_TRUE(tries("a=1; Secure; Domain=example.com", "a=2"));
  EXPECT_TRUE(tries("a=1; Secure; Path=/x", "a=2; Path=/x/y"));
  // It would be sent behind the secure one, or with another name.
  EXPECT_FALSE(tries("a=1; Secure; Path=/x", "a=2; Path=/"));
  EXPECT_FALSE(tries("a=1; Secure", "b=2"));
  EXPECT_FALSE(tries("a=1", "a=2"));
  // Over https it is replaced.
  Jar jar;
  jar.receive("https://example.com/", "a=1; Secure").receive("https://example.com/", "a=2");
  EXPECT_EQ(jar.sent_to("http://example.com/"), "a=2");
}

TEST(CookieJar, HoldsNamesToWhatTheyPromise) {
  for (const auto& [text, taken] : std::vector<std::pair<std::string, bool>>{
           {"__Secure-a=1; Secure", true},
           {"__Secure-a=1; Secure; Path=/; Domain=example.com", true},
           {"__Secure-a=1", false},
           {"__SECURE-a=1", false},
           {"__Host-a=1; Secure; Path=/", true},
           {"__Host-a=1; Secure; Path=/; Domain", true},
           {"__Host-a=1; Secure", false},
           {"__Host-a=1; Secure; Path=/x", false},
           {"__Host-a=1; Path=/", false},
           {"__Host-a=1; Secure; Path=/; Domain=example.com", false},
           {"__host-a=1; Path=/", false},
           {"__Hosta=1", true}}) {
    Jar jar;
    jar.receive("https://example.com/", text);
    EXPECT_EQ(jar->cookies(now).size(), taken ? 1U : 0U) << text;
    Jar clear;
    clear.receive("http://example.com/", text);
    EXPECT_EQ(clear->cookies(now).size(), text.starts_with("__Hosta") ? 1U : 0U) << text;
  }
}

TEST(CookieJar, IgnoresATab) {
  Jar jar;
  jar.receive("https://example.com/", "a=1\t2")
      .receive("https://example.com/", "a\tb=1")
      .receive("https://example.com/", "a=1; Path=/\tx");
  EXPECT_TRUE(jar->cookies(now).empty());
}

TEST(CookieJar, IsSetByTheProgramUnderTheSameRules) {
  CookieJar jar;
  const http::Url https = url("https://example.com/x/y");
  EXPECT_TRUE(jar.set(https, {.name = "a", .value = "1", .secure = true}, now));
  EXPECT_TRUE(jar.set(https, {.name = "b", .value = "2", .path = ""}, now));
  EXPECT_FALSE(jar.set(https, {.name = "c", .value = "3", .domain = "other.com"}, now));
  EXPECT_FALSE(jar.set(url("http://example.com/"), {.name = "a", .value = "4"}, now));
  EXPECT_THROW(jar.set(https, {.name = "a b", .value = ""}, now), std::invalid_argument);
  EXPECT_EQ(jar.cookie_field(url("https://example.com/x"), now), "b=2; a=1");
  EXPECT_TRUE(jar.set(https, {.name = "a", .value = "", .max_age_s = 0}, now));
  EXPECT_EQ(jar.cookie_field(url("https://example.com/x"), now), "b=2");
}

TEST(CookieJar, TellsTheTimeItself) {
  CookieJar jar;
  EXPECT_TRUE(jar.set(url("https://example.com/"), {.name = "a", .value = "1", .max_age_s = 600}));
  EXPECT_EQ(jar.cookie_field(url("https://example.com/")), "a=1");
  EXPECT_EQ(jar.cookies().size(), 1U);
  EXPECT_EQ(jar.cookies(CookieJar::Clock::now() + hours(1)).size(), 0U);
}

TEST(CookieJar, Forgets) {
  Jar jar;
  for (const auto* from : {"https://example.com/", "https://www.example.com/",
                           "https://badexample.com/", "https://other.org/"}) {
    jar.receive(from, "a=1");
  }
  jar->clear("Example.com");
  EXPECT_EQ(jar->cookies(now).size(), 2U);
  EXPECT_EQ(jar.sent_to("https://www.example.com/"), "");
  EXPECT_EQ(jar.sent_to("https://badexample.com/"), "a=1");
  jar->clear();
  EXPECT_TRUE(jar->cookies(now).empty());
}

std::string names(Jar& jar) {
  std::string result;
  for (const StoredCookie& cookie : jar->cookies(now)) result += cookie.name;
  return result;
}

TEST(CookieJar, EvictsWhatWasUsedLeastRecently) {
  Jar jar({.cookies_per_domain_max = 3, .cookies_max = 100});
  // Of one owner, whatever the hosts.
  jar.receive("https://example.com/a/", "a=1")
      .receive("https://www.example.com/b/", "b=1")
      .receive("https://x.example.com/c/", "c=1")
      .receive("https://other.com/", "z=1");
  EXPECT_EQ(jar.sent_to("https://example.com/a"), "a=1");
  jar.receive("https://example.com/", "d=1");
  EXPECT_EQ(names(jar), "aczd");
  jar.receive("https://x.example.com/c/", "c=2").receive("https://example.com/", "e=1");
  EXPECT_EQ(names(jar), "czde");
}

TEST(CookieJar, EvictsExpiredAndThenInsecureCookiesOfADomain) {
  Jar jar({.cookies_per_domain_max = 3, .cookies_max = 100});
  jar.receive("https://example.com/", "a=1; Secure", now - hours(2))
      .receive("https://example.com/", "b=1", now - hours(2))
      .receive("https://example.com/", "c=1; Max-Age=60; Secure", now - hours(2))
      .receive("https://example.com/", "d=1");
  EXPECT_EQ(names(jar), "abd");
  jar.receive("https://example.com/", "e=1; Secure");
  EXPECT_EQ(names(jar), "ade");
  jar.receive("https://example.com/", "f=1; Secure");
  EXPECT_EQ(names(jar), "aef");
  // Nothing that is not secure drives a secure one out.
  jar.receive("https://example.com/", "g=1");
  EXPECT_EQ(names(jar), "aef");
  jar.receive("https://example.com/", "h=1; Secure");
  EXPECT_EQ(names(jar), "efh");
}

TEST(CookieJar, HasALimitInAll) {
  Jar jar({.cookies_per_domain_max = 100, .cookies_max = 3});
  jar.receive("https://a.com/", "a=1")
      .receive("https://b.com/", "b=1; Max-Age=60", now - hours(1))
      .receive("https://c.com/", "c=1")
      .receive("https://d.com/", "d=1");
  EXPECT_EQ(names(jar), "acd");
  EXPECT_EQ(jar.sent_to("https://a.com/"), "a=1");
  jar.receive("https://e.com/", "e=1");
  EXPECT_EQ(names(jar), "ade");
}

TEST(CookieJar, HoldsItsDefaultLimits) {
  Jar jar;
  for (int domain = 0; domain < 20; ++domain) {
    const std::string from = "https://site" + std::to_string(domain) + ".com/";
    for (int i = 0; i < 200; ++i) jar.receive(from, "n" + std::to_string(i) + "=x");
    EXPECT_EQ(jar->cookies(now).size(), std::min(3000, 180 * (domain + 1)));
  }
  // The last.
  EXPECT_TRUE(jar.sent_to("https://site19.com/").starts_with("n20=x; n21=x"));
}

TEST(CookieJar, SendsNoLongerFieldThanServersTake) {
  Jar jar({.field_bytes_max = 20});
  jar.receive("https://example.com/", "a=12345678; Path=/x")
      .receive("https://example.com/", "b=12345678")
      .receive("https://example.com/", "c=123456")
      .receive("https://example.com/", "d=1");
  const std::string field = jar.sent_to("https://example.com/x");
  EXPECT_EQ(field, "a=12345678; c=123456");
  EXPECT_EQ(field.size(), 20U);
}

TEST(CookieJar, WritesNetscapesFormat) {
  Jar jar;
  jar.receive("https://www.example.com/", "a=1; Domain=example.com; Max-Age=60; Secure")
      .receive("https://www.example.com/x/", "b=; Max-Age=60; HttpOnly")
      .receive("http://[2001:db8::1]/", "c=3; Max-Age=60")
      .receive("https://example.com/", "session=4");
  EXPECT_EQ(jar->text(SessionCookies::leave_out, now),
            "# Netscape HTTP Cookie File\n"
            ".example.com\tTRUE\t/\tTRUE\t1795000060\ta\t1\n"
            "#HttpOnly_www.example.com\tFALSE\t/x\tFALSE\t1795000060\tb\t\n"
            "2001:db8::1\tFALSE\t/\tFALSE\t1795000060\tc\t3\n");
  EXPECT_THAT(jar->text(SessionCookies::keep, now),
              testing::HasSubstr("\nexample.com\tFALSE\t/\tFALSE\t0\tsession\t4\n"));
  Jar other;
  EXPECT_EQ(other->add_text(jar->text(SessionCookies::keep, now), now), 4U);
  EXPECT_EQ(other->cookies(now), jar->cookies(now));
}

TEST(CookieJar, ReadsWhatOthersWrite) {
  Jar jar;
  EXPECT_EQ(jar->add_text("# Netscape HTTP Cookie File\r\n"
                          "# https://curl.se/docs/http-cookies.html\r\n"
                          "\r\n"
                          "#HttpOnly_.Example.com\tTRUE\t/\tFALSE\t1795000060\ta\t1\r\n"
                          "www.example.com\tFALSE\t/x\ttrue\t9999999999999999\tb\t2 3\r\n"
                          "example.com\tTRUE\t/\tFALSE\t0\tc\n"
                          "192.0.2.1\tTRUE\t/\tFALSE\t0\td\t4",
                          now),
            4U);
  const auto cookies = jar->cookies(now);
  ASSERT_EQ(cookies.size(), 4U);
  EXPECT_EQ(cookies[0], (StoredCookie{.name = "a",
                                      .value = "1",
                                      .domain = "example.com",
                                      .path = "/",
                                      .host_only = false,
                                      .http_only = true,
                                      .expires = now + seconds(60)}));
  EXPECT_EQ(cookies[1], (StoredCookie{.name = "b",
                                      .value = "2 3",
                                      .domain = "www.example.com",
                                      .path = "/x",
                                      .secure = true,
                                      .expires = now + hours(400 * 24)}));
  EXPECT_EQ(cookies[2].value, "");
  EXPECT_TRUE(cookies[3].host_only);
}

TEST(CookieJar, SkipsLinesThatAreNoCookies) {
  const std::string longest(4096, 'x');
  for (const std::string& line : std::vector<std::string>{
           "example.com",
           "example.com\tFALSE\t/\tFALSE\t0",
           "example.com\tFALSE\t/\tFALSE\t0\t\tb",
           "example.com\tFALSE\t/\tFALSE\t0\ta\tb\tc",
           "example.com\tFALSE\t/\tFALSE\t0\ta\tb\t",
           "example.com\tFALSE\t/\tFALSE\tsoon\ta\tb",
           "example.com\tFALSE\t/\tFALSE\t-1\ta\tb",
           "example.com\tFALSE\t/\tFALSE\t1000\ta\tb",
           "example.com\tFALSE\tx\tFALSE\t0\ta\tb",
           "example.com\tFALSE\t\tFALSE\t0\ta\tb",
           "example.com\tFALSE\t/;Secure\tFALSE\t0\ta\tb",
           "example.com\tFALSE\t/\tFALSE\t0\ta=b\tc",
           "example.com\tFALSE\t/\tFALSE\t0\ta\tb; Secure",
           "example.com\tFALSE\t/\tFALSE\t0\ta\t b",
           "example.com\tFALSE\t/\tFALSE\t0\ta\tb\x01",
           "example.com\tFALSE\t/\tFALSE\t0\ta\t" + longest,
           "example.com\tFALSE\t/" + longest + "\tFALSE\t0\ta\tb",
           "\tFALSE\t/\tFALSE\t0\ta\tb",
           "example.com:80\tFALSE\t/\tFALSE\t0\ta\tb",
           "[::1]\tFALSE\t/\tFALSE\t0\ta\tb",
           "exa mple.com\tFALSE\t/\tFALSE\t0\ta\tb",
           ".co.uk\tTRUE\t/\tFALSE\t0\ta\tb",
           "example.com\tFALSE\t/\tFALSE\t0\t__Secure-a\tb",
           ".example.com\tTRUE\t/\tTRUE\t0\t__Host-a\tb",
           "example.com\tFALSE\t/x\tTRUE\t0\t__Host-a\tb",
       }) {
    CookieJar jar;
    EXPECT_EQ(jar.add_text(line, now), 0U) << line;
    EXPECT_TRUE(jar.cookies(now).empty()) << line;
  }
}

class CookieFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "cookies.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = name + "/jar";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string content() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(CookieFile, IsItsOwnersAlone) {
  std::ofstream(file_) << "what was there before";
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  Jar jar;
  jar.receive("https://example.com/", "a=1; Max-Age=60");
  EXPECT_FALSE(jar->save(file_, SessionCookies::leave_out, now));
  EXPECT_EQ(content(), jar->text(SessionCookies::leave_out, now));
  struct stat facts{};
  ASSERT_EQ(::stat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  // Nothing else is left.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(CookieFile, IsReadBack) {
  Jar jar;
  jar.receive("https://example.com/", "a=1; Max-Age=60").receive("https://example.com/", "b=2");
  ASSERT_FALSE(jar->save(file_, SessionCookies::keep, now));
  CookieJar other;
  EXPECT_FALSE(other.load(file_, now));
  EXPECT_EQ(other.cookies(now), jar->cookies(now));
  ASSERT_FALSE(jar->save(file_, SessionCookies::leave_out, now));
  CookieJar third;
  EXPECT_FALSE(third.load(file_, now));
  EXPECT_EQ(third.cookies(now).size(), 1U);
}

TEST_F(CookieFile, ThatCanNotBeUsedIsAnError) {
  CookieJar jar;
  EXPECT_EQ(jar.load(file_, now), std::errc::no_such_file_or_directory);
  EXPECT_EQ(jar.load(folder_.string(), now), std::errc::is_a_directory);
  EXPECT_EQ(jar.load("/dev/zero", now), std::errc::file_too_large);
  EXPECT_EQ(jar.save(file_ + "/below", SessionCookies::keep, now),
            std::errc::no_such_file_or_directory);
  EXPECT_EQ(jar.save(folder_.string(), SessionCookies::keep, now), std::errc::is_a_directory);
  // Its draft, which is beside the folder then, is gone.
  for (const auto& entry : std::filesystem::directory_iterator(folder_.parent_path())) {
    EXPECT_FALSE(entry.path().string().starts_with(folder_.string() + ".")) << entry.path();
  }
}

TEST(CookieJar, IsForSeveralThreads) {
  CookieJar jar;
  const auto use = [&jar](int number) {
    const http::Url site = url("https://site" + std::to_string(number % 2) + ".com/");
    for (int i = 0; i < 200; ++i) {
      jar.set(site, {.name = "n" + std::to_string(number), .value = std::to_string(i)}, now);
      static_cast<void>(jar.cookie_field(site, now));
      static_cast<void>(jar.text(SessionCookies::keep, now));
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 4; ++number) threads.emplace_back(use, number);
  }
  EXPECT_EQ(jar.cookies(now).size(), 4U);
  for (const StoredCookie& cookie : jar.cookies(now)) EXPECT_EQ(cookie.value, "199");
}

}  // namespace
}  // namespace duplex::client

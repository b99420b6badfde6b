#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <duplex/http/redirect.hpp>

namespace duplex::http {
namespace {

using Outcome = std::expected<std::optional<Redirection>, RedirectError>;

Url url(std::string_view text) {
  return Url::parse(text).value();
}

Outcome follow(std::string_view from, std::string_view location, Method method = Method::get,
               Status status = Status::found, RedirectRules rules = {}) {
  const FieldView line{"Location", location};
  return redirect(url(from), method, status, FieldsView({&line, 1}), rules);
}

/// Where it leads, or the error's sentence.
std::string target(std::string_view from, std::string_view location, RedirectRules rules = {}) {
  const auto outcome = follow(from, location, Method::get, Status::found, rules);
  if (!outcome) return std::string(describe(outcome.error()));
  return *outcome ? (*outcome)->url.text() : "none";
}

TEST(Redirect, ChoosesTheMethodByTheStatus) {
  struct Case {
    int status;
    Method method;
    std::optional<Method> then;
    bool keeps_content;
  };
  using enum Method;
  const Case cases[] = {
      {301, get, get, true},   {301, post, get, false},  {301, put, put, true},
      {301, head, head, true}, {302, post, get, false},  {302, delete_, delete_, true},
      {303, post, get, false}, {303, put, get, false},   {303, head, head, false},
      {303, get, get, false},  {307, post, post, true},  {307, patch, patch, true},
      {308, post, post, true}, {308, get, get, true},    {300, get, {}, false},
      {304, get, {}, false},   {305, get, {}, false},    {306, get, {}, false},
      {200, get, {}, false},   {201, post, {}, false},   {302, connect, {}, false},
      {404, get, {}, false},   {307, connect, {}, false}};
  for (const Case& c : cases) {
    const auto outcome = follow("http://a/", "/b", c.method, static_cast<Status>(c.status));
    ASSERT_TRUE(outcome);
    ASSERT_EQ(outcome->has_value(), c.then.has_value()) << c.status << " " << name(c.method);
    if (!c.then) continue;
    EXPECT_EQ((*outcome)->method, *c.then) << c.status << " " << name(c.method);
    EXPECT_EQ((*outcome)->keeps_content, c.keeps_content) << c.status << " " << name(c.method);
  }
}

TEST(Redirect, IsNoneWithoutALocation) {
  const auto outcome = redirect(url("http://a/"), Method::get, Status::found, {});
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(*outcome);
}

TEST(Redirect, ResolvesTheLocation) {
  EXPECT_EQ(target("http://a/b/c?d", "e"), "http://a/b/e");
  EXPECT_EQ(target("http://a/b/c?d", "../../e?f#g"), "http://a/e?f");
  EXPECT_EQ(target("http://a:81/", "//b/c"), "http://b/c");
  EXPECT_EQ(target("http://a/", "https://b:444/c"), "https://b:444/c");
  EXPECT_EQ(target("http://a/b?c", ""), "http://a/b?c");
}

TEST(Redirect, EncodesWhatNoUrlMayHold) {
  EXPECT_EQ(target("http://a/", "/caf\xc3\xa9 au lait%20\"<\\>^`{|}"),
            "http://a/caf%C3%A9%20au%20lait%20%22%3C%5C%3E%5E%60%7B%7C%7D");
}

TEST(Redirect, RefusesLocationsThatCannotBeDialled) {
  for (std::string_view location :
       {"ftp://a/", "mailto:a@b", "javascript:alert(1)", "file:///etc/passwd", "http://u:p@b/",
        "http://", "http:///x", "http://a:0/", "http://a:99999/", "/%zz", "/a\tb",
        "http://\xc3\xa9/", "ws://a/", "//", "http:b"}) {
    const auto outcome = follow("http://a/", location);
    ASSERT_FALSE(outcome) << location;
    EXPECT_EQ(outcome.error(), RedirectError::invalid_location) << location;
  }
  EXPECT_FALSE(follow("http://a/", std::string_view("/\0", 2)));
  EXPECT_FALSE(follow("http://a/", "/" + std::string(Url::size_max, 'b')));
}

TEST(Redirect, RefusesSeveralLocations) {
  const FieldView lines[] = {{"Location", "/a"}, {"location", "/b"}};
  const auto outcome = redirect(url("http://a/"), Method::get, Status::found, FieldsView(lines));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), RedirectError::several_locations);
}

TEST(Redirect, LeavesEncryptionOnlyWhenAllowed) {
  for (const auto& [from, to] :
       {std::pair("https://a/", "http://a/"), std::pair("wss://a/", "ws://a/"),
        std::pair("wss://a/", "http://a/")}) {
    const auto refused = follow(from, to);
    ASSERT_FALSE(refused) << from;
    EXPECT_EQ(refused.error(), RedirectError::downgrade);
    const auto allowed = follow(from, to, Method::get, Status::found, {.allow_downgrade = true});
    ASSERT_TRUE(allowed && *allowed);
    EXPECT_FALSE((*allowed)->same_origin);
    EXPECT_FALSE((*allowed)->url.is_secure());
  }
  EXPECT_EQ(target("http://a/", "https://a/"), "https://a/");
}

TEST(Redirect, StaysWithWebSockets) {
  EXPECT_EQ(target("ws://a/b", "/c"), "ws://a/c");
  EXPECT_EQ(target("ws://a/b", "http://c/d"), "ws://c/d");
  EXPECT_EQ(target("ws://a/b", "https://c/d"), "wss://c/d");
  EXPECT_EQ(target("wss://a/b", "wss://c:444/d"), "wss://c:444/d");
}

TEST(Redirect, TellsOriginsApart) {
  const struct {
    const char* from;
    const char* to;
    bool same;
  } cases[] = {
      {"http://a/", "/b", true},
      {"http://a/", "http://A:80/b", true},
      {"http://a/", "http://a:81/", false},
      {"http://a/", "https://a/", false},
      {"http://a/", "http://b.a/", false},
      {"http://a/", "http://a./", false},
      {"https://a/", "//a:443/", true},
      {"https://a:444/", "https://a/", false},
      {"wss://a/", "https://a/", true},
  };
  for (const auto& [from, to, same] : cases) {
    const auto outcome = follow(from, to);
    ASSERT_TRUE(outcome && *outcome) << to;
    EXPECT_EQ((*outcome)->same_origin, same) << from << " to " << to;
  }
}

TEST(Redirect, AdaptsTheFields) {
  const auto left = [](const Redirection& redirection) {
    Fields fields;
    for (const char* name :
         {"Host", "accept", "authorization", "Cookie", "content-type", "Content-Encoding", "Range",
          "Origin", "Referer", "Proxy-Authorization", "X-Mine"}) {
      fields.add(name, "x");
    }
    adapt_fields(fields, redirection);
    std::set<std::string> names;
    for (const http::FieldView line : fields) names.emplace(line.name);
    return names;
  };
  using Names = std::set<std::string>;
  EXPECT_EQ(left({.keeps_content = true, .same_origin = true}).size(), 11U);
  EXPECT_EQ(left({.keeps_content = false, .same_origin = true}),
            (Names{"Host", "accept", "authorization", "Cookie", "Range", "Origin", "Referer",
                   "Proxy-Authorization", "X-Mine"}));
  EXPECT_EQ(left({.keeps_content = true, .same_origin = false}),
            (Names{"accept", "content-type", "Content-Encoding", "Range", "X-Mine"}));
}

TEST(Redirect, HasASentenceForEachError) {
  using enum RedirectError;
  std::set<std::string_view> sentences;
  for (auto error : {several_locations, invalid_location, downgrade}) {
    EXPECT_FALSE(describe(error).empty());
    EXPECT_TRUE(sentences.insert(describe(error)).second);
  }
}

TEST(Redirect, HasErrorsThatAreErrorCodes) {
  using enum RedirectError;
  const std::error_code code = several_locations;
  EXPECT_EQ(code, several_locations);
  EXPECT_NE(code, downgrade);
  EXPECT_NE(code, UrlError::too_long) << "the same value in another category";
  EXPECT_EQ(code.category(), redirect_category());
  EXPECT_STREQ(code.category().name(), "redirect");
  for (auto error : {several_locations, invalid_location, downgrade}) {
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_EQ(make_error_code(error).message(), describe(error));
  }
}

}  // namespace
}  // namespace duplex::http

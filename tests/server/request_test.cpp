#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "tests/server/request_support.hpp"
#include <duplex/server/request.hpp>

namespace duplex::server {
namespace {

TEST(Request, FindsWhatItsQuerySays) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/?a=1&b=x+y%21&a=2&empty=&bare&bad=%zz"));
  const Request& request = parsed.request();
  EXPECT_EQ(request.query("a"), "1");
  EXPECT_EQ(request.query("b"), "x y!");
  EXPECT_EQ(request.query("empty"), "");
  EXPECT_EQ(request.query("bare"), "");
  EXPECT_EQ(request.query("bad"), std::nullopt);
  EXPECT_EQ(request.query("A"), std::nullopt);
}

TEST(Request, ReadsAFormOnlyFromContentOfThatType) {
  const struct {
    const char* line;
    bool form;
  } cases[] = {
      {"Content-Type: application/x-www-form-urlencoded", true},
      {"content-type: Application/X-WWW-Form-Urlencoded; charset=utf-8", true},
      {"Content-Type: text/plain", false},
      {"Content-Type: application/x-www-form-urlencoded2", false},
      {"X-Other: none", false},
  };
  for (const auto& [line, form] : cases) {
    SCOPED_TRACE(line);
    ParsedRequest parsed(ParsedRequest::text("POST", "/", {line}));
    parsed.incoming.append_content(as_bytes("name=J%C3%BCrgen+K&other=1"));
    parsed.incoming.show_content();
    EXPECT_EQ(parsed.request().form("name"),
              form ? std::optional("J\xC3\xBCrgen K") : std::nullopt);
    EXPECT_EQ(parsed.request().form("none"), std::nullopt);
  }
}

TEST(Request, ReadsAFormInParts) {
  const auto ask = [](std::string_view line) {
    ParsedRequest parsed(ParsedRequest::text("POST", "/", {line}));
    parsed.incoming.append_content(as_bytes(
        "--b\r\nContent-Disposition: form-data; name=one\r\n\r\n1\r\n"
        "--b\r\nContent-Disposition: form-data; name=two; filename=f\r\n\r\n22\r\n--b--\r\n"));
    parsed.incoming.show_content();
    const auto parts = parsed.request().multipart({.parts_max = 2});
    if (!parts) return std::string(describe(parts.error()));
    std::string text;
    for (const http::FormPart& part : *parts) text.append(part.name).append(part.content);
    return text;
  };
  EXPECT_EQ(ask("Content-Type: multipart/form-data; boundary=b"), "one1two22");
  EXPECT_EQ(ask("Content-Type: multipart/form-data; boundary=c"),
            describe(http::MultipartError::no_delimiter));
  EXPECT_EQ(ask("Content-Type: multipart/form-data"),
            describe(http::MultipartError::malformed_boundary));
  EXPECT_EQ(ask("Content-Type: text/plain"), describe(http::MultipartError::not_multipart));
  EXPECT_EQ(ask("X-Other: none"), describe(http::MultipartError::not_multipart));
}

TEST(Request, FindsItsCookies) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/", {"Cookie: a=1; b=2", "Cookie: c=3"}));
  EXPECT_EQ(parsed.request().cookie("b"), "2");
  EXPECT_EQ(parsed.request().cookie("c"), "3");
  EXPECT_EQ(parsed.request().cookie("B"), std::nullopt);
}

TEST(Request, GivesTheFirstOfFieldsAndParametersOfOneName) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/", {"X-A: 1", "x-a: 2"}));
  parsed.incoming.add_parameter("p", "first");
  parsed.incoming.add_parameter("p", "second");
  EXPECT_EQ(parsed.request().field("X-a"), "1");
  EXPECT_EQ(parsed.request().param("p"), "first");
  EXPECT_EQ(parsed.request().param("q"), "");
  EXPECT_FALSE(parsed.request().secure());
  EXPECT_EQ(parsed.request().method(), http::Method::get);
}

}  // namespace
}  // namespace duplex::server

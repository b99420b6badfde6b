#include "server/redirect.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "server/response_access.hpp"
#include "tests/server/request_support.hpp"

namespace duplex::server {
namespace {

Response answer(std::string_view head, std::uint16_t port) {
  ParsedRequest parsed{std::string(head)};
  return redirect_to_https(parsed.request().head(), port);
}

std::string content(Response response) {
  return std::get<std::string>(ResponseAccess::body(response));
}

TEST(Redirect, LeadsToTheSamePlaceAtHttps) {
  const struct {
    std::string_view head;
    std::uint16_t port;
    std::string_view location;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 443, "https://example.com/"},
      {"GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n", 443, "https://example.com/"},
      {"GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n", 8443, "https://example.com:8443/"},
      {"GET / HTTP/1.1\r\nHost: example.com:\r\n\r\n", 8443, "https://example.com:8443/"},
      {"GET /a%20b/c?d=e%0D%0A&f?g HTTP/1.1\r\nHost: h\r\n\r\n", 443,
       "https://h/a%20b/c?d=e%0D%0A&f?g"},
      {"GET /? HTTP/1.1\r\nHost: h\r\n\r\n", 443, "https://h/?"},
      // Never taken for another host.
      {"GET //evil.example/ HTTP/1.1\r\nHost: h\r\n\r\n", 443, "https://h//evil.example/"},
      {"POST /form HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 443, "https://h/form"},
      {"GET /a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", 8443, "https://127.0.0.1:8443/a"},
      {"GET /a HTTP/1.1\r\nHost: [::1]\r\n\r\n", 443, "https://[::1]/a"},
      {"GET /a HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", 8443, "https://[2001:db8::1]:8443/a"},
      {"GET http://there.example/a?b HTTP/1.1\r\nHost: here.example\r\n\r\n", 443,
       "https://there.example/a?b"},
      {"GET http://there.example:81 HTTP/1.1\r\nHost: here.example\r\n\r\n", 8443,
       "https://there.example:8443/"},
      {"GET http://there.example?b HTTP/1.1\r\nHost: here.example\r\n\r\n", 443,
       "https://there.example/?b"},
      {"GET /old HTTP/1.0\r\nHost: h\r\n\r\n", 443, "https://h/old"},
      {"OPTIONS * HTTP/1.1\r\nHost: h:80\r\n\r\n", 443, "https://h"},
      {"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 8443, "https://h:8443"},
  };
  for (const auto& [head, port, location] : cases) {
    SCOPED_TRACE(head);
    const Response response = answer(head, port);
    EXPECT_EQ(response.status(), http::Status::permanent_redirect);
    EXPECT_EQ(response.fields().find("Location"), location);
  }
}

TEST(Redirect, RefusesWhatNamesNoHostThatCouldBeLedTo) {
  for (const std::string_view authority :
       {"", ":80", "a%0d%0ab", "a\r\nb", "[v1.x]", "[1::2::3]", "user@h", "h/x", "h\\x", "a b"}) {
    SCOPED_TRACE(authority);
    http::RequestHead head;
    head.target = head.path = "/";
    head.authority = authority;
    const Response response = redirect_to_https(head, 443);
    EXPECT_EQ(response.status(), http::Status::bad_request);
    EXPECT_FALSE(response.fields().contains("Location"));
  }
}

TEST(Redirect, RefusesAWebSocketWithASentenceThatSaysWhereTo) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/live?a=b", upgrade_lines));
  Response response = redirect_to_https(parsed.request().head(), 8443);
  EXPECT_EQ(response.status(), http::Status::bad_request);
  EXPECT_FALSE(response.fields().contains("Location"));
  EXPECT_NE(content(std::move(response)).find("wss://example.com:8443/live?a=b"),
            std::string::npos);
}

}  // namespace
}  // namespace duplex::server

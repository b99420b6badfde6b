#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {
namespace {

struct Request {
  std::vector<http::FieldView> lines;
  http::RequestHead head;

  Request(std::string_view authority, std::vector<std::string_view> origins) {
    for (std::string_view origin : origins) lines.push_back({"Origin", origin});
    head.authority = authority;
    head.fields = http::FieldsView(lines);
  }
};

TEST(Origin, IsTheSameBySchemeHostAndPort) {
  struct Case {
    std::string_view origin, authority;
    bool secure, same;
  };
  const Case cases[] = {
      {"http://example.com", "example.com", false, true},
      {"http://EXAMPLE.com", "example.COM", false, true},
      {"http://example.com:80", "example.com", false, true},
      {"http://example.com", "example.com:80", false, true},
      {"http://example.com", "example.com:", false, true},
      {"https://example.com", "example.com:443", true, true},
      {"http://localhost:8080", "localhost:8080", false, true},
      {"http://[::1]:8080", "[::1]:8080", false, true},
      {"http://[::1]", "[::1]:80", false, true},
      {"http://example.com", "example.com:8080", false, false},
      {"http://example.com:8080", "example.com", false, false},
      // Through a proxy that ended TLS; never the other way round.
      {"https://example.com", "example.com", false, true},
      {"https://example.com", "example.com:8443", false, false},
      {"http://example.com", "example.com", true, false},
      {"http://example.com.evil.org", "example.com", false, false},
      {"http://evil.org", "example.com", false, false},
      {"http://example.com@evil.org", "evil.org", false, false},
      {"http://example.com:99999", "example.com", false, false},
      {"http://example.com:http", "example.com", false, false},
      {"http://[::1]:8080", "[::2]:8080", false, false},
      {"http://", "", false, false},
      {"null", "null", false, false},
      {"", "", false, false},
      {"example.com", "example.com", false, false},
  };
  for (const auto& [origin, authority, secure, same] : cases) {
    const Request request(authority, {origin});
    EXPECT_EQ(same_origin(request.head, secure), same) << origin << " for " << authority;
    EXPECT_EQ(origin_allowed(request.head, secure, {}), same) << origin << " for " << authority;
  }
}

TEST(Origin, IsAllowedByTheList) {
  struct Case {
    std::string_view origin;
    std::vector<std::string> allowed;
    bool welcome;
  };
  const Case cases[] = {
      {"https://a.org", {"https://a.org"}, true},
      {"https://a.org", {"https://b.org", "https://A.org:443"}, true},
      {"https://a.org:8443", {"https://a.org"}, false},
      {"http://a.org", {"https://a.org"}, false},
      {"https://x.a.org", {"https://a.org"}, false},
      {"https://x.a.org", {"https://*.a.org"}, true},
      {"https://x.y.a.org", {"https://*.a.org"}, true},
      {"https://a.org", {"https://*.a.org"}, false},
      {"https://.a.org", {"https://*.a.org"}, false},
      {"https://xa.org", {"https://*.a.org"}, false},
      {"http://x.a.org", {"https://*.a.org"}, false},
      {"https://x.a.org:8443", {"https://*.a.org:8443"}, true},
      {"https://a.org", {"*"}, true},
      {"null", {"*"}, true},
      {"null", {"null"}, true},
      {"null", {"https://a.org"}, false},
      {"nonsense", {"nonsense"}, false},
      {"https://a.org", {}, false},
  };
  for (const auto& [origin, allowed, welcome] : cases) {
    const Request request("here.org", {origin});
    EXPECT_EQ(origin_allowed(request.head, false, allowed), welcome) << origin;
  }
}

TEST(Origin, MayBeMissingButNotRepeated) {
  EXPECT_TRUE(origin_allowed(Request("here.org", {}).head, false, {}));
  EXPECT_FALSE(same_origin(Request("here.org", {}).head, false));
  const std::vector<std::string> any = {"*"};
  EXPECT_FALSE(origin_allowed(Request("a.org", {"http://a.org", "http://a.org"}).head, false, any));
}

TEST(Origin, TellsPatternsFromMistakes) {
  for (std::string_view good : {"*", "null", "http://a.org", "https://a.org:8443",
                                "https://*.a.org", "http://[::1]:8080", "capacitor://localhost"}) {
    EXPECT_TRUE(is_origin_pattern(good)) << good;
  }
  for (std::string_view bad :
       {"", "a.org", "http://", "http://a.org/", "http://a.org:x", "http://*.", "http://u@a.org"}) {
    EXPECT_FALSE(is_origin_pattern(bad)) << bad;
  }
}

}  // namespace
}  // namespace duplex::websocket

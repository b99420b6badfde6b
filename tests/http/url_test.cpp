#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "fuzz/http/url_properties.hpp"
#include <duplex/http/url.hpp>

namespace duplex::http {
namespace {

TEST(Url, ParsesItsParts) {
  const auto url = Url::parse("WSS://Example.COM:8443/a%20b/c?d=e&f#g");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error(), UrlError::fragment);

  const auto http = Url::parse("HTTPS://Example.COM:8443/a%20B/c?d=e?&f#g?h");
  ASSERT_TRUE(http);
  EXPECT_EQ(http->scheme, "https");
  EXPECT_EQ(http->host, "example.com");
  EXPECT_EQ(http->port, 8443);
  EXPECT_EQ(http->path, "/a%20B/c");
  EXPECT_EQ(http->query, "d=e?&f");
  EXPECT_TRUE(http->is_secure());
  EXPECT_EQ(http->authority(), "example.com:8443");
  EXPECT_EQ(http->target(), "/a%20B/c?d=e?&f");
  EXPECT_EQ(http->text(), "https://example.com:8443/a%20B/c?d=e?&f");
}

TEST(Url, FillsInWhatIsMissing) {
  const struct {
    const char* text;
    std::uint16_t port;
    const char* authority;
    const char* target;
  } cases[] = {
      {"http://a", 80, "a", "/"},
      {"ws://a/", 80, "a", "/"},
      {"https://a:443/b", 443, "a", "/b"},
      {"wss://a:80", 80, "a:80", "/"},
      {"http://a:", 80, "a", "/"},
      {"http://a?b=c", 80, "a", "/?b=c"},
      {"http://[::1]:8080/x", 8080, "[::1]:8080", "/x"},
      {"http://[2001:DB8::1]", 80, "[2001:db8::1]", "/"},
      {"http://a/?b[]=1", 80, "a", "/?b[]=1"},
      {"http://127.0.0.1:00080", 80, "127.0.0.1", "/"},
  };
  for (const auto& [text, port, authority, target] : cases) {
    const auto url = Url::parse(text);
    ASSERT_TRUE(url) << text;
    EXPECT_EQ(url->port, port) << text;
    EXPECT_EQ(url->authority(), authority) << text;
    EXPECT_EQ(url->target(), target) << text;
  }
}

TEST(Url, NamesTheRuleThatIsBroken) {
  const struct {
    std::string text;
    UrlError error;
  } cases[] = {
      {"http://a/" + std::string(Url::size_max, 'b'), UrlError::too_long},
      {"http://a/b c", UrlError::bad_character},
      {"http://a\r\n", UrlError::bad_character},
      {"http://caf\xc3\xa9/", UrlError::bad_character},
      {"http:\\\\a", UrlError::bad_character},
      {"http://a/%zz", UrlError::bad_escape},
      {"http://a/?%2", UrlError::bad_escape},
      {"", UrlError::missing_scheme},
      {"example.com", UrlError::missing_scheme},
      {"//a", UrlError::missing_scheme},
      {"://a", UrlError::missing_scheme},
      {"/p?u=http://a", UrlError::missing_scheme},
      {"ftp://a", UrlError::unsupported_scheme},
      {"file:///etc", UrlError::unsupported_scheme},
      {"http://user:secret@a/", UrlError::user_information},
      {"http://", UrlError::bad_authority},
      {"http:///a", UrlError::bad_authority},
      {"http://:80", UrlError::bad_authority},
      {"http://a:b", UrlError::bad_authority},
      {"http://a:65536", UrlError::bad_authority},
      {"http://a:-1", UrlError::bad_authority},
      {"http://[::1", UrlError::bad_authority},
      {"http://[::1]x", UrlError::bad_authority},
      {"http://[1.2.3.4]", UrlError::bad_authority},
      {"http://::1/", UrlError::bad_authority},
      {"http://ex%61mple/", UrlError::bad_authority},
      {"http://a:0", UrlError::port_zero},
      {"ws://a/#b", UrlError::fragment},
  };
  for (const auto& [text, error] : cases) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error(), error) << text;
    EXPECT_FALSE(describe(error).empty());
  }
}

TEST(Url, HasErrorsThatAreErrorCodes) {
  const std::error_code code = UrlError::too_long;
  EXPECT_EQ(code, UrlError::too_long);
  EXPECT_NE(code, UrlError::fragment);
  EXPECT_EQ(code.category(), url_category());
  EXPECT_STREQ(code.category().name(), "url");
  for (int i = 0; i <= static_cast<int>(UrlError::fragment); ++i) {
    const auto error = static_cast<UrlError>(i);
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_FALSE(describe(error).empty()) << i;
    EXPECT_EQ(make_error_code(error).message(), describe(error));
  }
}

TEST(IsIpv6Address, KnowsTheForms) {
  for (const char* text :
       {"::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
        "1::8", "::ffff:192.0.2.1", "1:2:3:4:5:6:1.2.3.4", "ABCD:ef01::"}) {
    EXPECT_TRUE(is_ipv6_address(text)) << text;
  }
  for (const char* text : {"",
                           ":",
                           ":::",
                           "1",
                           "1:2",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "g::",
                           "::1%eth0",
                           ":1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:",
                           "1:2:3:4:5:6:7:8::",
                           "::1.2.3",
                           "::1.2.3.256",
                           "::01.2.3.4",
                           "1.2.3.4",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3.4:5",
                           "::1.",
                           "1:2:3:4::5:6:7:8"}) {
    EXPECT_FALSE(is_ipv6_address(text)) << text;
  }
}

TEST(ParseAuthority, SplitsHostAndPort) {
  EXPECT_EQ(parse_authority("Example.com:80")->host, "Example.com");
  EXPECT_EQ(parse_authority("Example.com:80")->port, 80);
  EXPECT_EQ(parse_authority("[::1]:1")->host, "::1");
  EXPECT_EQ(parse_authority("a:")->port, std::nullopt);
  for (const char* text : {"", ":", ":1", "a b", "a@b", "a/b", "[", "[]", "[::1]1", "a:1:2"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
}

TEST(Url, CorpusKeepsTheProperties) {
  for (const auto& entry : std::filesystem::directory_iterator(DUPLEX_CORPUS "/url_fuzz")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(broken_url_property(text), "") << entry.path();
  }
}

TEST(Url, ResolvesTheExamplesOfRfc3986) {
  // Sections 5.4.1 and 5.4.2, without fragments. Ours has no other scheme than http, and writes no
  // question mark before an empty query.
  const auto base = Url::parse("http://a/b/c/d;p?q").value();
  const std::pair<const char*, const char*> cases[] = {
      {"http:g", nullptr},
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"#s", "http://a/b/c/d;p?q"},
      {"g#s", "http://a/b/c/g"},
      {"g?y#s", "http://a/b/c/g?y"},
      {";x", "http://a/b/c/;x"},
      {"g;x", "http://a/b/c/g;x"},
      {"g;x?y#s", "http://a/b/c/g;x?y"},
      {"", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"../../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {".g", "http://a/b/c/.g"},
      {"g..", "http://a/b/c/g.."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"./g/.", "http://a/b/c/g/"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
      {"g;x=1/../y", "http://a/b/c/y"},
      {"g?y/./x", "http://a/b/c/g?y/./x"},
      {"g?y/../x", "http://a/b/c/g?y/../x"},
      {"g#s/../x", "http://a/b/c/g"},
      // Not of the RFC.
      {"?", "http://a/b/c/d;p"},
      {"g:h/i", nullptr},
      {"./g:h/i", "http://a/b/c/g:h/i"},
      {"/g:h", "http://a/g:h"},
      {"g?a:b", "http://a/b/c/g?a:b"},
      {"https://x:444/y/../z", "https://x:444/z"},
      {"//x/y/../../z", "http://x/z"},
      {"%2E%2e/g", "http://a/b/g"},
      {".%2e/%2e/g", "http://a/b/g"},
      {"//", nullptr},
      {"g h", nullptr},
      {"g%", nullptr},
  };
  for (const auto& [reference, expected] : cases) {
    const auto resolved = resolve(base, reference);
    ASSERT_EQ(resolved.has_value(), expected != nullptr) << reference;
    if (expected) {
      EXPECT_EQ(resolved->text(), expected) << reference;
    }
  }
}

TEST(Url, ResolvesAgainstItsOwnHostAndPort) {
  EXPECT_EQ(resolve(Url::parse("https://[::1]:81/a").value(), "b")->text(), "https://[::1]:81/b");
  EXPECT_EQ(resolve(Url::parse("ws://a/b").value(), "//c#d")->text(), "ws://c/");
}

TEST(Url, RemovesDotSegments) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "/"},
      {"/", "/"},
      {"a", "/a"},
      {"/.", "/"},
      {"/..", "/"},
      {"/a/..", "/"},
      {"/a//../b", "/a/b"},
      {"/a/b/../..", "/"},
      {"/a/b/../../..", "/"},
      {"/a/./b/../../g", "/g"},
      {"//", "//"},
      {"/...", "/..."},
      {"/%2e%2e%2f", "/%2e%2e%2f"},
      {"/a/%2E./b", "/b"},
      {"/%2", "/%2"},
  };
  for (const auto& [path, expected] : cases) EXPECT_EQ(remove_dot_segments(path), expected) << path;
}

}  // namespace
}  // namespace duplex::http

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include <duplex/client/proxy.hpp>

namespace duplex::client {
namespace {

using enum ProxyProtocol;

TEST(Proxy, IsReadFromWhatUsersWrite) {
  struct Case {
    std::string_view text;
    Proxy proxy;
  };
  const Case cases[] = {
      {"http://proxy.example:3128", {http, "proxy.example", 3128, {}}},
      {"http://proxy.example:3128/", {http, "proxy.example", 3128, {}}},
      {"HTTP://Proxy.Example:80", {http, "proxy.example", 80, {}}},
      {"proxy.example:8080", {http, "proxy.example", 8080, {}}},
      {"proxy.example", {http, "proxy.example", 1080, {}}},
      {"http://proxy.example", {http, "proxy.example", 1080, {}}},
      {"socks5://proxy.example", {socks5, "proxy.example", 1080, {}}},
      {"socks5h://10.0.0.1:9050", {socks5, "10.0.0.1", 9050, {}}},
      {"Socks5H://[::1]:9050", {socks5, "::1", 9050, {}}},
      {"[fd00::1]:3128", {http, "fd00::1", 3128, {}}},
      {"http://user:secret@proxy.example:3128",
       {http, "proxy.example", 3128, ProxyCredentials{"user", "secret"}}},
      {"user:secret@proxy.example:3128",
       {http, "proxy.example", 3128, ProxyCredentials{"user", "secret"}}},
      {"http://us%65r:p%40ss%3A%2F%25@h:1", {http, "h", 1, ProxyCredentials{"user", "p@ss:/%"}}},
      {"http://user:a:b@h:1", {http, "h", 1, ProxyCredentials{"user", "a:b"}}},
      {"http://user@example.com:a@b@h:1",
       {http, "h", 1, ProxyCredentials{"user@example.com", "a@b"}}},
      {"http://j\xc3\xb6rg:stra\xc3\x9f"
       "e@h:1",
       {http, "h", 1,
        ProxyCredentials{"j\xc3\xb6rg",
                         "stra\xc3\x9f"
                         "e"}}},
      {"http://user@h:1", {http, "h", 1, ProxyCredentials{"user", ""}}},
      {"http://:token@h:1", {http, "h", 1, ProxyCredentials{"", "token"}}},
      {"http://@h:1", {http, "h", 1, {}}},
      {"socks5://a%3Ab:c@h", {socks5, "h", 1080, ProxyCredentials{"a:b", "c"}}},
      {"socks5://user@h", {socks5, "h", 1080, ProxyCredentials{"user", ""}}},
  };
  for (const Case& each : cases) {
    const auto proxy = Proxy::parse(each.text);
    ASSERT_TRUE(proxy) << each.text << ": " << describe(proxy.error());
    EXPECT_EQ(*proxy, each.proxy) << each.text;
  }
}

TEST(Proxy, SaysWhatIsWrongWithItsText) {
  using enum ProxyUrlError;
  const std::string long_name(256, 'a');
  const struct {
    std::string text;
    ProxyUrlError error;
  } cases[] = {
      {" http://h:1", bad_character},
      {"http://h:1\n", bad_character},
      {"http://user:a b@h:1", bad_character},
      {"https://h:1", unsupported_scheme},
      {"socks4://h:1", unsupported_scheme},
      {"socks4a://h:1", unsupported_scheme},
      {"socks://h:1", unsupported_scheme},
      {"://h:1", unsupported_scheme},
      {"http://us%6:a@h:1", bad_escape},
      {"http://user:100%@h:1", bad_escape},
      {"", bad_authority},
      {"http://", bad_authority},
      {"http://user@", bad_authority},
      {"http://:3128", bad_authority},
      {"http://h:65536", bad_authority},
      {"http://h:port", bad_authority},
      {"http://::1:3128", bad_authority},
      {"http://user:a/b@h:1", bad_authority},
      {"http://h%2e:1", bad_authority},
      {"http:h:1", bad_authority},
      {"http://h:0", port_zero},
      {"http://h:1/path", path},
      {"http://h:1?query", path},
      {"http://h:1/#fragment", path},
      {"http://a%3Ab:c@h:1", bad_credentials},
      {"http://user:a%0D%0Ab@h:1", bad_credentials},
      {"http://us%7Fer:a@h:1", bad_credentials},
      {"socks5://:a@h:1", bad_credentials},
      {"socks5://user:%00@h:1", bad_credentials},
      {"socks5://" + long_name + ":a@h:1", bad_credentials},
      {"socks5://a:" + long_name + "@h:1", bad_credentials},
  };
  std::set<ProxyUrlError> provoked;
  for (const auto& [text, error] : cases) {
    const auto proxy = Proxy::parse(text);
    ASSERT_FALSE(proxy) << text;
    EXPECT_EQ(proxy.error(), error) << text;
    provoked.insert(proxy.error());
  }
  EXPECT_EQ(provoked.size(), proxy_url_error_count);
}

TEST(Proxy, DescribesEachErrorInItsOwnSentence) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < proxy_url_error_count; ++i) {
    sentences.insert(describe(static_cast<ProxyUrlError>(i)));
  }
  EXPECT_EQ(sentences.size(), proxy_url_error_count);
  EXPECT_FALSE(sentences.contains(""));
}

TEST(Proxy, IsNamedWithoutItsPassword) {
  EXPECT_EQ(Proxy::parse("user:secret@h:3128")->text(), "http://h:3128");
  EXPECT_EQ(Proxy::parse("socks5h://user:secret@[::1]")->text(), "socks5://[::1]:1080");
}

TEST(Proxy, YieldsTheFieldToLogInWith) {
  EXPECT_EQ(proxy_authorization(*Proxy::parse("http://h:1")), std::nullopt);
  // The example of RFC 7617 section 2.
  EXPECT_EQ(proxy_authorization(*Proxy::parse("http://Aladdin:open%20sesame@h:1")),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

}  // namespace
}  // namespace duplex::client

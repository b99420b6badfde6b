#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include <duplex/client/cookie_jar.hpp>

/// What holds of a cookie jar, whatever servers set and files hold. Shared by the fuzz target and a
/// test.
namespace duplex::client {

/// Each line is for one of some URLs to set, which its first byte names, or one of a file. Aborts
/// when a property is broken.
inline void check_cookie_jar(std::string_view input) {
  const auto require = [](bool condition) {
    if (!condition) std::abort();
  };
  static const std::array urls = {
      *http::Url::parse("https://www.example.co.uk/app/page"),
      *http::Url::parse("http://example.co.uk/"),
      *http::Url::parse("wss://a.b.github.io/app"),
      *http::Url::parse("http://localhost:8080/x/y?z"),
      *http::Url::parse("https://[::1]/"),
      *http::Url::parse("http://192.0.2.1/app"),
  };
  // Small, so that they are met.
  const CookieJarLimits limits = {
      .cookies_per_domain_max = 4, .cookies_max = 10, .field_bytes_max = 100};
  CookieJar jar(limits);
  CookieJar::Time now{std::chrono::seconds(1'795'000'000)};

  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    now += std::chrono::seconds(1);
    const auto place = line.empty() ? urls.size() : static_cast<std::size_t>(line.front() - 'A');
    if (place < urls.size()) {
      const std::array<http::FieldView, 1> fields = {{{"Set-Cookie", line.substr(1)}}};
      jar.receive(urls[place], http::FieldsView(fields), now);
    } else {
      jar.add_text(line, now);
    }
    const auto cookies = jar.cookies(now);
    require(cookies.size() <= limits.cookies_max);
    for (const http::Url& url : urls) {
      const std::string field = jar.cookie_field(url, now);
      require(field.size() <= limits.field_bytes_max && http::is_field_value(field));
      // Nothing of a cookie that is not there, and no `secure` one in clear.
      for (const http::CookiesView::Cookie& sent : http::CookiesView(field)) {
        require(std::ranges::any_of(cookies, [&](const StoredCookie& cookie) {
          return cookie.name == sent.name && cookie.value == sent.value &&
                 url.host.ends_with(cookie.domain) && url.path.starts_with(cookie.path) &&
                 (!cookie.secure || url.is_secure() || url.host == "localhost");
        }));
      }
    }
    for (const StoredCookie& cookie : cookies) {
      require(cookie.domain != "co.uk" || cookie.host_only);
      require(!cookie.expires || *cookie.expires > now);
    }
  }

  // What is written reads back the same.
  const std::string text = jar.text(SessionCookies::keep, now);
  CookieJar other(limits);
  require(other.add_text(text, now) == jar.cookies(now).size());
  require(other.cookies(now) == jar.cookies(now));
  require(other.text(SessionCookies::keep, now) == text);
}

}  // namespace duplex::client

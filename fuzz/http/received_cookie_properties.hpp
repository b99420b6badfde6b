#pragma once

#include <string>
#include <string_view>

#include <duplex/http/date.hpp>
#include <duplex/http/received_cookie.hpp>

namespace duplex::http {

/// The value of a Set-Cookie field that says what `cookie` does.
inline std::string written_plainly(const ReceivedCookie& cookie) {
  std::string text = std::string(cookie.name) + "=" + std::string(cookie.value);
  text += "; Domain=" + std::string(cookie.domain) + "; Path=" + std::string(cookie.path);
  if (cookie.max_age_s) text += "; Max-Age=" + std::to_string(*cookie.max_age_s);
  if (cookie.expires_unix_s) text += "; Expires=" + format_date(*cookie.expires_unix_s);
  if (cookie.secure) text += "; Secure";
  if (cookie.http_only) text += "; HttpOnly";
  if (cookie.same_site == SameSite::strict) text += "; SameSite=Strict";
  if (cookie.same_site == SameSite::lax) text += "; SameSite=Lax";
  if (cookie.same_site == SameSite::none) text += "; SameSite=None";
  return text;
}

/// Whether the parsers of Set-Cookie keep their promises about `value`; if not, which is broken.
inline std::string_view broken_received_cookie_property(std::string_view value) {
  const auto is_view = [value](std::string_view part) {
    return part.empty() || (part.data() >= value.data() &&
                            part.data() + part.size() <= value.data() + value.size());
  };
  if (const auto date = parse_cookie_date(value)) {
    if (*date < -11'644'473'600 || *date > 253'402'300'799) return "years are 1601 to 9999";
    if (parse_cookie_date(format_date(*date)) != date) return "a date is what its text says";
  }

  const auto cookie = parse_set_cookie(value);
  if (!cookie) return {};
  for (const std::string_view part : {cookie->name, cookie->value, cookie->domain, cookie->path}) {
    if (!is_view(part)) return "all text is views";
    if (part.find(';') != std::string_view::npos) return "nothing holds a separator";
    for (const char character : part) {
      if ((static_cast<unsigned char>(character) < 0x20 && character != '\t') ||
          character == 0x7f) {
        return "nothing holds a control byte";
      }
    }
  }
  if (cookie->name.empty() || cookie->name.find('=') != std::string_view::npos) {
    return "a cookie has a name";
  }
  if (cookie->name.size() + cookie->value.size() > ReceivedCookie::name_and_value_bytes_max ||
      cookie->domain.size() > ReceivedCookie::attribute_bytes_max ||
      cookie->path.size() > ReceivedCookie::attribute_bytes_max) {
    return "nothing is too long";
  }
  if (!cookie->path.empty() && cookie->path.front() != '/') return "a path begins with /";
  // Behind the dot that a domain may begin with, there may be what would not be read again.
  if (cookie->domain.empty() ||
      std::string_view(". \t").find(cookie->domain.front()) == std::string_view::npos) {
    const std::string text = written_plainly(*cookie);
    const auto again = parse_set_cookie(text);
    if (!again || *again != *cookie) return "what is written reads back the same";
  }
  return {};
}

}  // namespace duplex::http

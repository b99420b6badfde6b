#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <duplex/http/fields.hpp>

namespace duplex::http {

/// The cookies of one Cookie field (RFC 6265 section 4.2), as views of its value, which must
/// outlive it. Values are as they came: quotes that stand around one belong to it. What has no `=`
/// is left out.
class CookiesView {
 public:
  struct Cookie {
    std::string_view name;
    std::string_view value;
    bool operator==(const Cookie&) const = default;
  };

  class Iterator {
   public:
    using value_type = Cookie;
    using difference_type = std::ptrdiff_t;

    Iterator() noexcept = default;
    explicit Iterator(std::string_view rest) noexcept : rest_(rest) { advance(); }
    const Cookie& operator*() const noexcept { return cookie_; }
    const Cookie* operator->() const noexcept { return &cookie_; }
    Iterator& operator++() noexcept {
      advance();
      return *this;
    }
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      advance();
      return before;
    }
    bool operator==(std::default_sentinel_t) const noexcept { return at_end_; }

   private:
    void advance() noexcept;

    std::string_view rest_;
    Cookie cookie_;
    bool at_end_ = false;
  };

  explicit CookiesView(std::string_view field_value) noexcept : value_(field_value) {}

  Iterator begin() const noexcept { return Iterator(value_); }
  static std::default_sentinel_t end() noexcept { return {}; }

 private:
  std::string_view value_;
};

/// The value of the first cookie named `name` in any Cookie field; names are case-sensitive.
std::optional<std::string_view> find_cookie(FieldsView fields, std::string_view name) noexcept;

/// With which requests from other sites a browser sends a cookie (RFC 6265bis section 5.6.7).
enum class SameSite : std::uint8_t {
  strict,  ///< None.
  lax,     ///< Only when the person follows a link.
  none,    ///< All; browsers want `secure` for it.
};

/// A cookie for a browser to keep, in the words of RFC 6265 section 4.1.
struct SetCookie {
  std::string name;
  std::string value;
  /// The paths that it is sent to: this one and all below it.
  std::string path = "/";
  /// Empty: this host only. Otherwise this domain and all below it.
  std::string domain = {};
  /// How long the browser keeps it; nullopt: until it is closed; zero: deletes the cookie.
  std::optional<std::int64_t> max_age_s = std::nullopt;
  /// Only over encrypted connections (and to localhost).
  bool secure = false;
  /// Hidden from scripts.
  bool http_only = true;
  SameSite same_site = SameSite::lax;
};

/// The value of a Set-Cookie field. Throws std::invalid_argument when a browser would not take the
/// cookie, or would take another than was meant: a name that is no token, a value with a control
/// byte, space, quote, comma, semicolon or backslash (percent_encode it), `SameSite=None` without
/// `secure`, or a name whose prefix `__Host-` or `__Secure-` promises what is not so.
std::string format_set_cookie(const SetCookie& cookie);

}  // namespace duplex::http

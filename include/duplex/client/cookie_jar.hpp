#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <duplex/http/cookie.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/url.hpp>

namespace duplex::client {

/// What servers may make a jar keep and send. With the limits of one cookie (4096 bytes of name and
/// value, 1024 of each attribute) that is less than 20 MiB.
struct CookieJarLimits {
  /// Of one registrable domain and all below it (Chromium's practice). Beyond it, those go first
  /// that have expired, then those that are not `secure`; of several, what was least recently used
  /// (RFC 6265bis section 5.7).
  std::size_t cookies_per_domain_max = 180;
  /// In all (RFC 6265bis section 6.1). Beyond it, expired ones go first, then the least recently
  /// used.
  std::size_t cookies_max = 3000;
  /// The value of one Cookie field. Servers refuse longer ones: nginx and Apache have 8 KiB for a
  /// whole line. Cookies that don't fit are not sent; curl does the same.
  std::size_t field_bytes_max = 8000;
};

/// A cookie in a jar.
struct StoredCookie {
  std::string name;
  std::string value;
  /// In lower case, without a dot in front.
  std::string domain;
  std::string path;
  /// Sent to `domain` only; otherwise also to what is below it.
  bool host_only = true;
  bool secure = false;
  bool http_only = false;
  /// nullopt: a session cookie. It ends with the jar, or when somebody clears it.
  std::optional<std::chrono::system_clock::time_point> expires;

  bool operator==(const StoredCookie&) const = default;
};

/// Whether cookies that were meant for one session only are written down as well.
enum class SessionCookies : std::uint8_t { leave_out, keep };

/// Cookies that servers have set, and the right ones for each request: RFC 6265 sections 5.3 and
/// 5.4, as RFC 6265bis has sharpened them. The URLs' schemes ws and wss count as http and https.
///
/// - Nobody sets a cookie for a whole public suffix, such as `co.uk` or `github.io`; what asks for
///   that is ignored, or kept for the host alone if that is the suffix itself.
/// - An address has cookies of its own only.
/// - `secure` cookies are taken from and sent to secure origins only, and one that came from
///   elsewhere neither replaces nor hides them. Secure are https and wss, and in clear what never
///   leaves the machine: `localhost` and all below it, 127.0.0.0/8 and ::1, as in browsers.
/// - `__Secure-` and `__Host-` in front of a name, in any case, promise what is checked.
/// - Nothing is kept for more than 400 days.
/// - SameSite is not looked at: it rules what other sites' pages make a browser send, and here
///   nobody asks but the program.
/// - A cookie with a tab in it is ignored: RFC 6265bis lets it pass, the file's format can't.
///
/// Where a time may be given, it is the system's by default. Any thread, at any time.
class CookieJar {
 public:
  using Clock = std::chrono::system_clock;
  using Time = Clock::time_point;

  explicit CookieJar(const CookieJarLimits& limits = {}) noexcept : limits_(limits) {}

  /// Takes what the Set-Cookie lines among `fields` say, if `from` may say it. What it may not, or
  /// what is malformed, is ignored.
  void receive(const http::Url& from, http::FieldsView fields, Time now = Clock::now());

  /// As if `from` had set `cookie`; false when it may not. Throws std::invalid_argument for what
  /// `format_set_cookie` refuses.
  bool set(const http::Url& from, const http::SetCookie& cookie, Time now = Clock::now());

  /// The value of the Cookie field for a request of `to`; empty: none. Longer paths first, then
  /// what was set earlier. These cookies count as used now.
  std::string cookie_field(const http::Url& to, Time now = Clock::now());

  /// All that have not expired, in the order in which they were set first.
  std::vector<StoredCookie> cookies(Time now = Clock::now()) const;

  /// Forgets everything.
  void clear();
  /// Forgets what was set for `domain` and all below it.
  void clear(std::string_view domain);

  /// All that have not expired as text: a line for each, in Netscape's format, which curl and
  /// others read.
  std::string text(SessionCookies session = SessionCookies::leave_out,
                   Time now = Clock::now()) const;
  /// Adds cookies from such a text, as if each had been set now by its own domain over https. Skips
  /// what is no cookie, or none that could have been set. Returns how many it took.
  std::size_t add_text(std::string_view text, Time now = Clock::now());

  /// Writes `text` to `file`, which only its owner can read (mode 0600). It is replaced as a whole,
  /// or not at all. Blocks.
  std::error_code save(const std::string& file, SessionCookies session = SessionCookies::leave_out,
                       Time now = Clock::now()) const;
  /// Adds what is in `file`, as `add_text`. An error: it could not be read, or has more than 32
  /// MiB, and nothing was added. Blocks.
  std::error_code load(const std::string& file, Time now = Clock::now());

 private:
  struct Entry {
    StoredCookie cookie;
    std::uint64_t set_turn = 0;   // when it was set first, in turns of `turn_`
    std::uint64_t used_turn = 0;  // when it was used last
  };
  using Entries = std::vector<Entry>;

  bool take(const http::Url& from, std::string_view set_cookie, Time now);
  bool add_line(std::string_view line, Time now);
  bool hides_secure(const StoredCookie& cookie) const;
  void store(StoredCookie cookie, bool expired, Time now);
  void make_room(const std::string& owner, Time now);
  std::vector<const Entry*> in_order(Time now) const;

  const CookieJarLimits limits_;
  mutable std::mutex mutex_;
  std::map<std::string, Entries, std::less<>> owners_;  // by registrable domain
  std::size_t count_ = 0;                               // in all of them
  std::uint64_t turn_ = 0;  // orders what was set and used; the clock may go back
};

}  // namespace duplex::client

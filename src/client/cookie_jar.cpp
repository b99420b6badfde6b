#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "client/file_io.hpp"
#include "client/public_suffix.hpp"
#include "net/descriptor.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/client/cookie_jar.hpp>
#include <duplex/http/received_cookie.hpp>

namespace duplex::client {
namespace {

using std::chrono::floor;
using std::chrono::seconds;
using Time = CookieJar::Time;

/// RFC 6265bis section 5.5.
constexpr std::int64_t age_s_max = std::int64_t{400} * 24 * 60 * 60;

/// More than all that a jar can hold by default.
constexpr std::size_t file_bytes_max = std::size_t{32} << 20U;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), to_lower);
  return result;
}

/// RFC 6265 section 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain) noexcept {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.' && !is_address(host);
}

/// RFC 6265 section 5.1.4.
bool path_matches(std::string_view path, std::string_view cookie_path) noexcept {
  if (!path.starts_with(cookie_path)) return false;
  return path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
         path[cookie_path.size()] == '/';
}

/// RFC 6265 section 5.1.4: the folder of what was asked for.
std::string_view default_path(std::string_view path) noexcept {
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0) return "/";
  return path.substr(0, slash);
}

bool is_secure_origin(const http::Url& url) noexcept {
  if (url.is_secure()) return true;
  const std::string_view host = url.host;
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" ||
         (host.starts_with("127.") && is_address(host));
}

/// RFC 6265bis section 4.1.3; `whole_host`: it says Path=/ and no domain.
bool keeps_promise(const StoredCookie& cookie, bool whole_host) noexcept {
  const auto promises = [&cookie](std::string_view prefix) {
    return equals_ignoring_case(std::string_view(cookie.name).substr(0, prefix.size()), prefix);
  };
  if (promises("__Secure-")) return cookie.secure;
  if (promises("__Host-")) return cookie.secure && whole_host;
  return true;
}

bool fits_in_a_line(const StoredCookie& cookie) noexcept {
  const auto fits = [](std::string_view part) { return !part.contains('\t'); };
  return fits(cookie.name) && fits(cookie.value) && fits(cookie.path);
}

bool has_expired(const StoredCookie& cookie, Time now) noexcept {
  return cookie.expires && *cookie.expires <= now;
}

/// When a cookie expires that is to be kept until `expires_s`; nullopt: it has expired already.
std::optional<Time> expiry(std::int64_t expires_s, Time now) noexcept {
  const std::int64_t now_s = floor<seconds>(now).time_since_epoch().count();
  if (expires_s <= now_s) return std::nullopt;
  return Time(seconds(std::min(expires_s, now_s + age_s_max)));
}

}  // namespace

void CookieJar::receive(const http::Url& from, http::FieldsView fields, Time now) {
  for (const http::FieldView& line : fields) {
    if (equals_ignoring_case(line.name, "set-cookie")) take(from, line.value, now);
  }
}

bool CookieJar::set(const http::Url& from, const http::SetCookie& cookie, Time now) {
  return take(from, http::format_set_cookie(cookie), now);
}

/// RFC 6265bis section 5.7, "Storage Model".
bool CookieJar::take(const http::Url& from, std::string_view set_cookie, Time now) {
  const auto received = http::parse_set_cookie(set_cookie);
  if (!received) return false;
  StoredCookie cookie{.name = std::string(received->name),
                      .value = std::string(received->value),
                      .domain = lower(received->domain),
                      .path = std::string(received->path),
                      .secure = received->secure,
                      .http_only = received->http_only,
                      .expires = {}};

  if (cookie.domain == from.host && (is_address(from.host) || is_public_suffix(from.host))) {
    cookie.domain.clear();
  }
  cookie.host_only = cookie.domain.empty();
  if (cookie.host_only) {
    cookie.domain = from.host;
  } else if (!domain_matches(from.host, cookie.domain) || is_public_suffix(cookie.domain)) {
    return false;
  }
  if (cookie.path.empty()) cookie.path = default_path(from.path);

  bool expired = false;
  if (received->max_age_s || received->expires_unix_s) {
    const std::int64_t now_s = floor<seconds>(now).time_since_epoch().count();
    cookie.expires = expiry(received->max_age_s ? now_s + std::min(*received->max_age_s, age_s_max)
                                                : *received->expires_unix_s,
                            now);
    expired = !cookie.expires;
  }

  const bool from_secure = is_secure_origin(from);
  if (cookie.secure && !from_secure) return false;
  if (!keeps_promise(cookie, received->domain.empty() && received->path == "/")) return false;
  if (!fits_in_a_line(cookie)) return false;
  const std::scoped_lock lock(mutex_);
  if (!from_secure && hides_secure(cookie)) return false;
  store(std::move(cookie), expired, now);
  return true;
}

/// RFC 6265bis section 5.7: whether a request would carry `cookie` in place of a secure one, or in
/// front of it.
bool CookieJar::hides_secure(const StoredCookie& cookie) const {
  const auto owner = owners_.find(registrable_domain(cookie.domain));
  if (owner == owners_.end()) return false;
  return std::ranges::any_of(owner->second, [&cookie](const Entry& entry) {
    const StoredCookie& old = entry.cookie;
    return old.secure && old.name == cookie.name && path_matches(cookie.path, old.path) &&
           (domain_matches(old.domain, cookie.domain) || domain_matches(cookie.domain, old.domain));
  });
}

/// Puts a cookie in the place of the one of that name, domain and path, if there is one; an expired
/// one only takes that away.
void CookieJar::store(StoredCookie cookie, bool expired, Time now) {
  const std::string owner = registrable_domain(cookie.domain);
  Entries& entries = owners_[owner];
  const auto old = std::ranges::find_if(entries, [&cookie](const Entry& entry) {
    return entry.cookie.name == cookie.name && entry.cookie.domain == cookie.domain &&
           entry.cookie.host_only == cookie.host_only && entry.cookie.path == cookie.path;
  });
  ++turn_;
  if (expired) {
    if (old != entries.end()) {
      entries.erase(old);
      --count_;
    }
  } else if (old != entries.end()) {
    old->cookie = std::move(cookie);
    old->used_turn = turn_;
  } else {
    entries.push_back({.cookie = std::move(cookie), .set_turn = turn_, .used_turn = turn_});
    ++count_;
    make_room(owner, now);
  }
  if (entries.empty()) owners_.erase(owner);
}

/// Evicts what is above the limits, after one cookie of `owner` has come.
void CookieJar::make_room(const std::string& owner, Time now) {
  const auto drop_expired = [this, now](Entries& entries) {
    count_ -= std::erase_if(entries,
                            [now](const Entry& entry) { return has_expired(entry.cookie, now); });
  };
  Entries& own = owners_.find(owner)->second;
  if (own.size() > limits_.cookies_per_domain_max) drop_expired(own);
  if (own.size() > limits_.cookies_per_domain_max) {
    own.erase(std::ranges::min_element(own, {}, [](const Entry& entry) {
      return std::pair(entry.cookie.secure, entry.used_turn);
    }));
    --count_;
  }

  if (count_ <= limits_.cookies_max) return;
  for (auto& [name, entries] : owners_) drop_expired(entries);
  if (count_ > limits_.cookies_max) {
    Entries* of = nullptr;
    Entries::iterator oldest;
    for (auto& [name, entries] : owners_) {
      const auto candidate = std::ranges::min_element(entries, {}, &Entry::used_turn);
      if (candidate == entries.end()) continue;
      if (of != nullptr && oldest->used_turn < candidate->used_turn) continue;
      of = &entries;
      oldest = candidate;
    }
    of->erase(oldest);
    --count_;
  }
  // `store` still has its own in hand.
  std::erase_if(owners_,
                [&owner](const auto& each) { return each.second.empty() && each.first != owner; });
}

std::string CookieJar::cookie_field(const http::Url& to, Time now) {
  const bool secure = is_secure_origin(to);
  const std::scoped_lock lock(mutex_);
  const auto owner = owners_.find(registrable_domain(to.host));
  if (owner == owners_.end()) return {};
  std::vector<Entry*> matching;
  for (Entry& entry : owner->second) {
    const StoredCookie& cookie = entry.cookie;
    const bool host =
        cookie.host_only ? to.host == cookie.domain : domain_matches(to.host, cookie.domain);
    if (!host || !path_matches(to.path, cookie.path)) continue;
    if ((cookie.secure && !secure) || has_expired(cookie, now)) continue;
    matching.push_back(&entry);
  }
  // RFC 6265 section 5.4.
  std::ranges::sort(matching, {}, [](const Entry* entry) {
    return std::pair(SIZE_MAX - entry->cookie.path.size(), entry->set_turn);
  });

  std::string field;
  ++turn_;
  for (Entry* entry : matching) {
    const StoredCookie& cookie = entry->cookie;
    const std::size_t bytes = cookie.name.size() + 1 + cookie.value.size();
    if (field.size() + 2 + bytes > limits_.field_bytes_max) continue;
    if (!field.empty()) field += "; ";
    field.append(cookie.name).append("=").append(cookie.value);
    entry->used_turn = turn_;
  }
  return field;
}

/// All that have not expired, in the order in which they were set first.
std::vector<const CookieJar::Entry*> CookieJar::in_order(Time now) const {
  std::vector<const Entry*> result;
  for (const auto& [owner, entries] : owners_) {
    for (const Entry& entry : entries) {
      if (!has_expired(entry.cookie, now)) result.push_back(&entry);
    }
  }
  std::ranges::sort(result, {}, &Entry::set_turn);
  return result;
}

std::vector<StoredCookie> CookieJar::cookies(Time now) const {
  const std::scoped_lock lock(mutex_);
  std::vector<StoredCookie> result;
  for (const Entry* entry : in_order(now)) result.push_back(entry->cookie);
  return result;
}

void CookieJar::clear() {
  const std::scoped_lock lock(mutex_);
  owners_.clear();
  count_ = 0;
}

void CookieJar::clear(std::string_view domain) {
  const std::string name = lower(domain);
  const std::scoped_lock lock(mutex_);
  for (auto& [owner, entries] : owners_) {
    count_ -= std::erase_if(
        entries, [&name](const Entry& entry) { return domain_matches(entry.cookie.domain, name); });
  }
  std::erase_if(owners_, [](const auto& owner) { return owner.second.empty(); });
}

std::string CookieJar::text(SessionCookies session, Time now) const {
  const auto flag = [](bool value) { return value ? "TRUE" : "FALSE"; };
  const std::scoped_lock lock(mutex_);
  std::string text = "# Netscape HTTP Cookie File\n";
  for (const Entry* entry : in_order(now)) {
    const StoredCookie& cookie = entry->cookie;
    if (!cookie.expires && session == SessionCookies::leave_out) continue;
    const std::int64_t expires_s =
        cookie.expires ? floor<seconds>(*cookie.expires).time_since_epoch().count() : 0;
    if (cookie.http_only) text += "#HttpOnly_";
    if (!cookie.host_only) text += '.';
    text.append(cookie.domain).append("\t").append(flag(!cookie.host_only));
    text.append("\t").append(cookie.path).append("\t").append(flag(cookie.secure));
    text.append("\t").append(std::to_string(expires_s));
    text.append("\t").append(cookie.name).append("\t").append(cookie.value).append("\n");
  }
  return text;
}

std::size_t CookieJar::add_text(std::string_view text, Time now) {
  const std::scoped_lock lock(mutex_);
  std::size_t taken = 0;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (add_line(line, now)) ++taken;
  }
  return taken;
}

/// domain, whether for all below it, path, whether secure, when it expires, name, value.
bool CookieJar::add_line(std::string_view line, Time now) {
  constexpr std::string_view http_only = "#HttpOnly_";
  StoredCookie cookie;
  cookie.http_only = line.starts_with(http_only);
  if (cookie.http_only) line.remove_prefix(http_only.size());
  if (line.starts_with('#')) return false;

  std::array<std::string_view, 7> parts;
  std::size_t count = 0;
  for (; count < parts.size() && !line.empty(); ++count) {
    const bool last = count + 1 == parts.size();
    parts[count] = line.substr(0, last ? std::string_view::npos : line.find('\t'));
    line.remove_prefix(std::min(parts[count].size() + 1, line.size()));
  }
  // Some leave the last tab out when the value is empty.
  if (count + 1 < parts.size()) return false;
  std::string_view domain = parts[0];
  if (domain.starts_with('.')) domain.remove_prefix(1);
  const auto authority = http::parse_authority(domain);
  const bool host = authority && authority->host == domain;
  if (!host && !http::is_ipv6_address(domain)) return false;
  cookie.domain = lower(domain);
  cookie.host_only = !equals_ignoring_case(parts[1], "TRUE") || is_address(cookie.domain);
  if (!cookie.host_only && is_public_suffix(cookie.domain)) return false;
  cookie.path = parts[2];
  cookie.secure = equals_ignoring_case(parts[3], "TRUE");
  const auto expires_s = parse_decimal(parts[4]);
  if (!expires_s) return false;
  if (*expires_s != 0) {
    const auto far = static_cast<std::uint64_t>(INT64_MAX);
    cookie.expires = expiry(static_cast<std::int64_t>(std::min(*expires_s, far)), now);
    if (!cookie.expires) return false;
  }
  cookie.name = parts[5];
  cookie.value = parts[6];

  // What no server could have set is none: its rules are in one place.
  const std::string set_cookie = cookie.name + "=" + cookie.value + ";Path=" + cookie.path;
  const auto read = http::parse_set_cookie(set_cookie);
  if (!read || read->name != cookie.name || read->value != cookie.value ||
      read->path != cookie.path || cookie.path.empty() || read->secure || read->http_only) {
    return false;
  }
  if (!fits_in_a_line(cookie)) return false;
  if (!keeps_promise(cookie, cookie.host_only && cookie.path == "/")) return false;
  store(std::move(cookie), false, now);
  return true;
}

std::error_code CookieJar::save(const std::string& file, SessionCookies session, Time now) const {
  const std::string content = text(session, now);
  // Beside the file, so that it can take its place at once. mkstemp opens for the owner only.
  std::string draft = file + ".XXXXXX";
  const net::Descriptor out(::mkostemp(draft.data(), O_CLOEXEC));
  if (!out) return last_system_error();
  std::error_code error = write_all(out, as_bytes(content));
  if (!error && ::fsync(out.number()) != 0) error = last_system_error();
  if (!error && ::rename(draft.c_str(), file.c_str()) != 0) error = last_system_error();
  if (error) ::unlink(draft.c_str());
  return error;
}

std::error_code CookieJar::load(const std::string& file, Time now) {
  const net::Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return last_system_error();
  std::string content;
  if (const std::error_code error = read_all(in, file_bytes_max, content)) return error;
  add_text(content, now);
  return {};
}

}  // namespace duplex::client

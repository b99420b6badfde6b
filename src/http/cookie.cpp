#include <algorithm>
#include <stdexcept>

#include <duplex/base/ascii.hpp>
#include <duplex/http/cookie.hpp>

namespace duplex::http {

namespace {

/// cookie-octet (RFC 6265 section 4.1.1).
constexpr bool is_value_character(char character) noexcept {
  return character > 0x20 && character < 0x7f && character != '"' && character != ',' &&
         character != ';' && character != '\\';
}

constexpr bool is_path_character(char character) noexcept {
  return character >= 0x20 && character < 0x7f && character != ';';
}

constexpr bool is_domain_character(char character) noexcept {
  const char lower = to_lower(character);
  return (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == '-' ||
         lower == '.';
}

bool has_prefix(std::string_view name, std::string_view prefix) noexcept {
  return equals_ignoring_case(name.substr(0, prefix.size()), prefix);
}

void check(const SetCookie& cookie) {
  const auto refuse_if = [&cookie](bool wrong, const char* what) {
    if (wrong) throw std::invalid_argument("cookie \"" + cookie.name + "\": " + what);
  };
  refuse_if(!is_token(cookie.name), "the name must be letters, digits and marks such as - and _");
  refuse_if(!std::ranges::all_of(cookie.value, is_value_character),
            "the value holds a character that cookies can't: use percent_encode");
  refuse_if(!cookie.path.empty() && !cookie.path.starts_with('/'), "the path must begin with /");
  refuse_if(!std::ranges::all_of(cookie.path, is_path_character),
            "the path holds a character that cookies can't: use percent_encode");
  refuse_if(!std::ranges::all_of(cookie.domain, is_domain_character),
            "the domain must be a host name");
  refuse_if(cookie.same_site == SameSite::none && !cookie.secure,
            "browsers refuse SameSite=None without secure");
  refuse_if(has_prefix(cookie.name, "__Secure-") && !cookie.secure,
            "a name with __Secure- wants secure");
  refuse_if(has_prefix(cookie.name, "__Host-") &&
                (!cookie.secure || cookie.path != "/" || !cookie.domain.empty()),
            "a name with __Host- wants secure, the path / and no domain");
}

constexpr std::string_view same_site_name(SameSite same_site) noexcept {
  switch (same_site) {
    case SameSite::strict: return "Strict";
    case SameSite::lax: return "Lax";
    case SameSite::none: return "None";
  }
  return "Lax";
}

}  // namespace

void CookiesView::Iterator::advance() noexcept {
  while (!rest_.empty()) {
    const std::string_view text = rest_.substr(0, rest_.find(';'));
    rest_.remove_prefix(text.size() == rest_.size() ? text.size() : text.size() + 1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    cookie_.name = trim(text.substr(0, equals));
    cookie_.value = trim(text.substr(equals + 1));
    if (cookie_.name.empty()) continue;
    return;
  }
  at_end_ = true;
}

std::optional<std::string_view> find_cookie(FieldsView fields, std::string_view name) noexcept {
  for (const FieldView& line : fields) {
    if (!equals_ignoring_case(line.name, "cookie")) continue;
    for (const CookiesView::Cookie& cookie : CookiesView(line.value)) {
      if (cookie.name == name) return cookie.value;
    }
  }
  return std::nullopt;
}

std::string format_set_cookie(const SetCookie& cookie) {
  check(cookie);
  std::string result = cookie.name + "=" + cookie.value;
  if (!cookie.path.empty()) result += "; Path=" + cookie.path;
  if (!cookie.domain.empty()) result += "; Domain=" + cookie.domain;
  if (cookie.max_age_s) result += "; Max-Age=" + std::to_string(*cookie.max_age_s);
  if (cookie.secure) result += "; Secure";
  if (cookie.http_only) result += "; HttpOnly";
  result += "; SameSite=";
  result += same_site_name(cookie.same_site);
  return result;
}

}  // namespace duplex::http

#include <algorithm>
#include <string>

#include "base/enumeration_category.hpp"
#include <duplex/http/percent.hpp>
#include <duplex/http/redirect.hpp>

namespace duplex::http {

namespace {

bool is_redirection(Status status) noexcept {
  return status == Status::moved_permanently || status == Status::found ||
         status == Status::see_other || status == Status::temporary_redirect ||
         status == Status::permanent_redirect;
}

Method method_after(Status status, Method method) noexcept {
  if (status == Status::see_other) return method == Method::head ? method : Method::get;
  if (status == Status::moved_permanently || status == Status::found) {
    return method == Method::post ? Method::get : method;
  }
  return method;
}

/// The scheme of a URL to which a request with scheme `from` is sent, where Location says `to`.
std::string_view scheme_after(std::string_view from, std::string_view to) noexcept {
  if (!from.starts_with("ws")) return to;
  if (to == "http") return "ws";
  return to == "https" ? "wss" : to;
}

}  // namespace

std::string_view describe(RedirectError error) noexcept {
  switch (error) {
    case RedirectError::several_locations: return "the redirection names several locations";
    case RedirectError::invalid_location:
      return "the redirection's location is not a URL that can be dialled";
    case RedirectError::downgrade:
      return "the redirection leads from an encrypted connection to one that is not";
  }
  return {};
}

const std::error_category& redirect_category() noexcept {
  static const EnumerationCategory<RedirectError> category("redirect");
  return category;
}

std::error_code make_error_code(RedirectError error) noexcept {
  return code_of(error, redirect_category());
}

std::expected<std::optional<Redirection>, RedirectError> redirect(const Url& from, Method method,
                                                                  Status status, FieldsView fields,
                                                                  RedirectRules rules) {
  const auto location = fields.find("location");
  if (!is_redirection(status) || method == Method::connect || !location) return std::nullopt;
  if (fields.count("location") > 1) return std::unexpected(RedirectError::several_locations);
  // What is no URL character is encoded; the percent sign is one, so that nothing is encoded twice.
  if (!is_field_value(*location) || location->find('\t') != std::string_view::npos) {
    return std::unexpected(RedirectError::invalid_location);
  }
  const std::string reference = percent_encode(*location, "!$&'()*+,;=:/?#@%[]");
  auto url = resolve(from, reference);
  if (!url) return std::unexpected(RedirectError::invalid_location);
  url->scheme = scheme_after(from.scheme, url->scheme);
  // An http client has no use for a WebSocket.
  if (from.scheme.starts_with("ws") != url->scheme.starts_with("ws")) {
    return std::unexpected(RedirectError::invalid_location);
  }
  if (from.is_secure() && !url->is_secure() && !rules.allow_downgrade) {
    return std::unexpected(RedirectError::downgrade);
  }

  Redirection redirection{.url = std::move(*url), .method = method_after(status, method)};
  redirection.keeps_content = redirection.method == method && status != Status::see_other;
  redirection.same_origin = same_origin(from, redirection.url);
  return redirection;
}

void adapt_fields(Fields& fields, const Redirection& redirection) {
  if (!redirection.keeps_content) {
    for (const char* name :
         {"Content-Type", "Content-Length", "Content-Encoding", "Content-Language",
          "Content-Location", "Content-Range", "Content-Digest", "Repr-Digest", "Digest",
          "Last-Modified", "Transfer-Encoding", "Trailer", "Expect"}) {
      fields.remove(name);
    }
  }
  if (!redirection.same_origin) {
    for (const char* name :
         {"Host", "Origin", "Referer", "Cookie", "Authorization", "Proxy-Authorization"}) {
      fields.remove(name);
    }
  }
}

}  // namespace duplex::http

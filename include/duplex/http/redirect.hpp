#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>
#include <duplex/http/url.hpp>

namespace duplex::http {

/// Where a response sends its client, and what may go there.
struct Redirection {
  Url url = {};
  Method method = Method::get;
  /// Whether the request's content is to be sent again.
  bool keeps_content = false;
  /// Whether it is the origin that the request went to, which may have what is meant for it:
  /// credentials, cookies, client certificates.
  bool same_origin = false;
};

/// Why a redirection is not followed.
enum class RedirectError : std::uint8_t {
  several_locations,  ///< RFC 9110 section 10.2.2: Location holds one reference
  invalid_location,   ///< RFC 9110 section 10.2.2: not a reference to a URL that can be dialled
  downgrade,          ///< RFC 9110 section 4.2.2: from an encrypted connection to a clear one
};

/// A sentence, without its full stop, for whoever wanted the resource.
std::string_view describe(RedirectError error) noexcept;

/// The category of `RedirectError`, named "redirect"; its messages are what `describe` says. Its
/// values are counted from 1, since 0 would be no error. Lives for ever; any thread.
const std::error_category& redirect_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(RedirectError error) noexcept;

struct RedirectRules {
  /// Whether to go from https to http, and from wss to ws.
  bool allow_downgrade = false;
};

/// What the response with `status` and `fields` to a request for `from` with `method` redirects to
/// (RFC 9110 section 15.4).
///
/// nullopt: it is no redirection, but the answer: any status but 301, 302, 303, 307 and 308, no
/// Location, or an answer to CONNECT. Limiting how many are followed is the caller's.
///
/// 303 makes every method but HEAD a GET without content; 301 and 302 do so with POST, as all
/// browsers do; 307 and 308 change nothing. A ws or wss URL goes to one, also where Location says
/// http or https. Bytes of Location that no URL may hold, such as spaces and UTF-8, are
/// percent-encoded, as browsers do; control bytes make it invalid.
std::expected<std::optional<Redirection>, RedirectError> redirect(const Url& from, Method method,
                                                                  Status status, FieldsView fields,
                                                                  RedirectRules rules = {});

/// Takes out of a request's `fields` what may not follow a redirection: with the content, all that
/// describes it; and for another origin Host, Origin, Referer, Cookie, Authorization and
/// Proxy-Authorization, whoever set them (RFC 9110 section 15.4).
void adapt_fields(Fields& fields, const Redirection& redirection);

}  // namespace duplex::http

template <>
struct std::is_error_code_enum<duplex::http::RedirectError> : std::true_type {};

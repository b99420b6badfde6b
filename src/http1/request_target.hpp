#pragma once

#include <expected>
#include <string_view>

#include <duplex/http/method.hpp>
#include <duplex/http1/error.hpp>

namespace duplex::http1 {

/// The parts of a request target (RFC 9112 section 3.2), views into it or constants.
struct RequestTarget {
  std::string_view path;       ///< begins with `/`, or is `*`
  std::string_view query;      ///< behind the first `?`
  std::string_view authority;  ///< of the absolute-form; empty in the others
};

/// Takes apart `target`, all of whose bytes `skip_target` has passed: origin-form, absolute-form
/// with the schemes http, https, ws and wss, and `*` for OPTIONS.
std::expected<RequestTarget, Error> parse_target(http::Method method,
                                                 std::string_view target) noexcept;

/// Whether `text` is uri-host [":" port] (RFC 9110 section 7.2) with a host that is not empty and,
/// where there is a port, digits of at most 65535. No user information.
bool is_authority(std::string_view text) noexcept;

}  // namespace duplex::http1

#pragma once

#include <cstdint>
#include <string_view>

#include <duplex/http/fields.hpp>
#include <duplex/http/method.hpp>
#include <duplex/http/status.hpp>

namespace duplex::http {

/// HTTP/1.x versions that this library speaks.
enum class Version : std::uint8_t { http_1_0, http_1_1 };

/// A request without its content, as views into the buffer that it was parsed from.
struct RequestHead {
  Method method = Method::get;
  Version version = Version::http_1_1;
  /// The request target as it came, in origin-form, absolute-form or `*`.
  std::string_view target;
  /// The path of the target, still percent-encoded: begins with `/`, or is `*`.
  std::string_view path;
  /// What stands behind the first `?` of the target, still encoded; empty when there is none.
  std::string_view query;
  /// Host and port that the request is for: the absolute-form target's, else the Host field's;
  /// empty only for HTTP/1.0 without either.
  std::string_view authority;
  FieldsView fields;
  /// The whole head as it came over the wire, with the empty line that ends it.
  std::string_view raw;
};

/// A response without its content, as views into the buffer that it was parsed from.
struct ResponseHead {
  Version version = Version::http_1_1;
  Status status = Status::ok;
  /// As it came; may be empty, and means nothing (RFC 9112 section 4).
  std::string_view reason;
  FieldsView fields;
  /// The whole head as it came over the wire, with the empty line that ends it.
  std::string_view raw;
};

}  // namespace duplex::http

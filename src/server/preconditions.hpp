#pragma once

#include <algorithm>
#include <chrono>
#include <string_view>

#include <duplex/base/ascii.hpp>
#include <duplex/http/fields.hpp>
#include <duplex/http/head.hpp>
#include <duplex/server/response.hpp>

namespace duplex::server {

/// Whether an answer with `fields` says which state of its content it is, so that a request's
/// preconditions can be compared with it. Asked for each answer: the lengths of names tell nearly
/// always.
inline bool has_validator(const http::Fields& fields) noexcept {
  return std::ranges::any_of(fields, [](const http::FieldView& line) {
    return (line.name.size() == 4 && equals_ignoring_case(line.name, "etag")) ||
           (line.name.size() == 13 && equals_ignoring_case(line.name, "last-modified"));
  });
}

/// Makes `response`, an answer with status 200 to `request`, what the preconditions of that come to
/// (RFC 9110 section 13) by the `ETag` and `Last-Modified` that it has: itself, or 304 without
/// content, or 412. Only GET and HEAD: what other methods ask for has been done (section 13.2.1).
/// `now` decides the century of obsolete dates.
void apply_preconditions(Response& response, const http::RequestHead& request,
                         std::chrono::system_clock::time_point now);

/// Whether the field `name` is about the content that was meant, and not about that of an error in
/// its place.
bool is_about_content(std::string_view name) noexcept;

}  // namespace duplex::server

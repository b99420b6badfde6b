#include "server/preconditions.hpp"

#include <array>
#include <string>
#include <vector>

#include "server/response_access.hpp"
#include <duplex/http/conditional.hpp>
#include <duplex/http/date.hpp>

namespace duplex::server {

namespace {

/// Of these a cache has those of the content that it has (RFC 9110 section 15.4.5).
constexpr std::array<std::string_view, 5> left_out_of_304{
    "Content-Type", "Content-Encoding", "Content-Language", "Content-Disposition", "Content-Range"};

constexpr std::array<std::string_view, 11> content_fields{"Content-Type",     "Content-Encoding",
                                                          "Content-Language", "Content-Disposition",
                                                          "Content-Location", "Content-Range",
                                                          "Accept-Ranges",    "Cache-Control",
                                                          "Expires",          "ETag",
                                                          "Last-Modified"};

void become_not_modified(Response& response, bool has_tag) {
  http::Fields& fields = ResponseAccess::fields(response);
  for (const std::string_view name : left_out_of_304) fields.remove(name);
  // The tag tells more.
  if (has_tag) fields.remove("Last-Modified");
  response.set_status(http::Status::not_modified);
  ResponseAccess::body(response) = std::monostate();
}

void become_failed(Response& response) {
  http::Fields& fields = ResponseAccess::fields(response);
  for (const std::string_view name : content_fields) fields.remove(name);
  fields.add("Content-Type", "text/plain; charset=utf-8");
  response.set_status(http::Status::precondition_failed);
  ResponseAccess::body(response) =
      std::string(http::reason_phrase(http::Status::precondition_failed)) + ".\n";
}

}  // namespace

bool is_about_content(std::string_view name) noexcept {
  return std::ranges::any_of(
      content_fields, [name](std::string_view one) { return equals_ignoring_case(name, one); });
}

void apply_preconditions(Response& response, const http::RequestHead& request,
                         std::chrono::system_clock::time_point now) {
  if (request.method != http::Method::get && request.method != http::Method::head) return;
  const std::int64_t now_unix_s = std::chrono::system_clock::to_time_t(now);
  http::Validators validators;
  if (const auto tag = response.fields().find("ETag")) {
    validators.entity_tag = http::parse_entity_tag(*tag);
  }
  if (const auto date = response.fields().find("Last-Modified")) {
    validators.last_modified_unix_s = http::parse_date(*date, now_unix_s);
  }
  const bool has_tag = validators.entity_tag.has_value();
  if (!has_tag && !validators.last_modified_unix_s) return;
  switch (http::evaluate_preconditions(request.method, request.fields, validators, now_unix_s)) {
    case http::Precondition::proceed: return;
    case http::Precondition::not_modified: return become_not_modified(response, has_tag);
    case http::Precondition::failed: return become_failed(response);
  }
}

}  // namespace duplex::server

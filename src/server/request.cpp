#include "tls/stream.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/http/cookie.hpp>
#include <duplex/http/media_type.hpp>
#include <duplex/http/query.hpp>
#include <duplex/server/request.hpp>

namespace duplex::server {

std::string_view Request::param(std::string_view name) const noexcept {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return parameter.value;
  }
  return {};
}

std::optional<std::string> Request::query(std::string_view name) const {
  return http::QueryView(head_->query).find(name);
}

std::optional<std::string> Request::form(std::string_view name) const {
  const auto media_type = field("Content-Type");
  if (!media_type ||
      !equals_ignoring_case(http::essence_of(*media_type), "application/x-www-form-urlencoded")) {
    return std::nullopt;
  }
  return http::QueryView(text()).find(name);
}

std::expected<std::vector<http::FormPart>, http::MultipartError> Request::multipart(
    const http::MultipartLimits& limits) const {
  const auto boundary = http::multipart_boundary(field("Content-Type").value_or(""));
  if (!boundary) return std::unexpected(boundary.error());
  http::MultipartParser parser(text(), *boundary, limits);
  std::vector<http::FormPart> parts;
  while (true) {
    const auto part = parser.next();
    if (!part) return std::unexpected(part.error());
    if (!*part) return parts;
    parts.push_back(**part);
  }
}

std::optional<std::string_view> Request::cookie(std::string_view name) const noexcept {
  return http::find_cookie(head_->fields, name);
}

std::optional<tls::SessionInfo> Request::tls() const {
  return stream_ != nullptr ? stream_->info() : std::nullopt;
}

}  // namespace duplex::server

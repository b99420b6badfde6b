#include "server/redirect.hpp"

#include <string>

#include <duplex/http/url.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::server {

namespace {

/// Host and port of where the same is encrypted. The host was checked: what `parse_authority` lets
/// through can't end a field, nor the authority of a URL.
std::string encrypted_authority(const http::Authority& clear, std::uint16_t port) {
  const bool is_ipv6 = clear.host.find(':') != std::string_view::npos;
  std::string authority;
  if (is_ipv6) authority += '[';
  authority += clear.host;
  if (is_ipv6) authority += ']';
  if (port != 443) authority += ":" + std::to_string(port);
  return authority;
}

/// Path and query, in origin-form whatever the form in which they came (RFC 9112 section 3.2).
std::string path_and_query(const http::RequestHead& head) {
  // OPTIONS of the whole server; as a URL, one without a path (RFC 9112 section 3.3).
  if (head.path == "*") return {};
  if (head.target.starts_with('/')) return std::string(head.target);
  std::string text(head.path);
  if (!head.query.empty()) text.append("?").append(head.query);
  return text;
}

}  // namespace

Response redirect_to_https(const http::RequestHead& head, std::uint16_t port) {
  if (head.authority.empty()) {
    return Response::text(
        "This port only leads to https; without a Host field it can't say where to.\n",
        http::Status::bad_request);
  }
  const auto clear = http::parse_authority(head.authority);
  if (!clear) {
    return Response::text(
        "This port only leads to https, and the request is for no host that could be led to.\n",
        http::Status::bad_request);
  }
  const std::string there = encrypted_authority(*clear, port) + path_and_query(head);
  if (websocket::wants_websocket(head)) {
    return Response::text(
        "WebSockets are not in clear here: connect to wss://" + there + " instead.\n",
        http::Status::bad_request);
  }
  return Response::redirect("https://" + there, http::Status::permanent_redirect);
}

}  // namespace duplex::server

#include "page.hpp"

#include <algorithm>

#include "embedded_file.hpp"
#include "page_parts.hpp"
#include <duplex/http/entity_tag.hpp>

namespace duplex::app {
namespace {

using http::Status;
using server::Request;
using server::Response;

/// Nothing but the page's own files, and no way to make script of text. The console may connect
/// to any WebSocket endpoint; that is what it is for.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

std::string_view media_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

/// Whether the client has the version named `tag` already (RFC 9110 section 13.1.2).
bool is_known(const Request& request, const http::EntityTag& tag) {
  const std::string known = request.head().fields.joined("If-None-Match");
  std::string_view list = known;
  if (list == "*") return true;
  while (const auto next = http::next_entity_tag(list)) {
    if (http::match_weakly(*next, tag)) return true;
  }
  return false;
}

/// A handler that answers with `file`, which never changes while the program runs; a newer program
/// has other files at the same path, so that browsers ask each time.
server::Handler document(const EmbeddedFile& file) {
  return [type = media_type(file.name), tag = http::EntityTag{file.sha256},
          content = SharedBytes::copy_of(as_bytes(file.content))](const Request& request) {
    Response response =
        is_known(request, tag) ? Response(Status::not_modified) : Response::shared(content, type);
    response.set_field("Content-Security-Policy", content_security_policy)
        .set_field("X-Content-Type-Options", "nosniff")
        .set_field("Referrer-Policy", "no-referrer")
        .set_field("Cross-Origin-Opener-Policy", "same-origin")
        .set_field("Cross-Origin-Resource-Policy", "same-origin")
        .set_field("Cache-Control", "no-cache")
        .set_field("ETag", http::format_entity_tag(tag));
    return response;
  };
}

}  // namespace

void add_page_documents(server::Server& server, bool at_root) {
  for (const EmbeddedFile& file : page_files()) {
    if (file.name == "index.html") {
      server.get("/_duplex/", document(file));
      if (at_root) server.get("/", document(file));
    } else {
      server.get("/_duplex/" + std::string(file.name), document(file));
    }
  }
  server.get("/_duplex", [](const Request&) {
    return Response::redirect("/_duplex/", Status::permanent_redirect);
  });
}

void add_page(server::Server& server, const PageOptions& options) {
  server::WebSocketOptions sockets;
  sockets.message_bytes_max = std::min<std::uint64_t>(options.message_bytes_max, 64 * 1024);
  sockets.outbox_bytes_max = 256 * 1024;
  sockets.deflate = options.deflate;
  sockets.origins = options.origins;
  add_page_documents(server, options.at_root);
  add_connection(server, options.ports);
  add_wire(server, sockets);
  add_news(server, sockets);
  add_chat(server, sockets);
}

}  // namespace duplex::app

#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "page.hpp"
#include <duplex/server/response.hpp>
#include <duplex/server/server.hpp>
#include <duplex/server/websocket_endpoint.hpp>
#include <duplex/tls/session_info.hpp>

/// The server's side of the page, a function for each part of it. All of it is bounded: what the
/// page may send, what is kept, and what waits for a page that does not read.
namespace duplex::app {

/// Keeps the order of the members, so that the page's traffic reads well.
using Json = nlohmann::ordered_json;

/// The documents: `/_duplex/`, and `/` when `at_root`.
void add_page_documents(server::Server& server, bool at_root);

/// `/_duplex/connection`: how the connection of this very request is encrypted, and where else the
/// page is to be had.
void add_connection(server::Server& server, std::shared_ptr<const PagePorts> ports);

/// `POST /_duplex/exchange`: one exchange of HTTP, and what it looked like from here.
/// `/_duplex/socket/{id}`: a WebSocket that echoes, and speaks unasked when it is told to.
/// `/_duplex/wire/{id}`: tells what passes on the socket of that id.
void add_wire(server::Server& server, const server::WebSocketOptions& options);

/// `/_duplex/news`: news, about once a second while a WebSocket listens there; GET polls.
void add_news(server::Server& server, const server::WebSocketOptions& options);

/// `/_duplex/chat?name=...`: a chat between all who are connected.
void add_chat(server::Server& server, const server::WebSocketOptions& options);

/// `json` as text, whatever bytes its strings hold.
inline std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What was agreed on for an encrypted connection; null in clear.
Json to_json(const std::optional<tls::SessionInfo>& session);

/// An answer that is only of use to the page, and only now.
inline server::Response json_response(const Json& json) {
  return server::Response::json(to_text(json))
      .set_field("Cache-Control", "no-store")
      .set_field("Cross-Origin-Resource-Policy", "same-origin")
      .set_field("X-Content-Type-Options", "nosniff");
}

/// The time of day in milliseconds since 1970, to the microsecond.
inline double now_ms() {
  using Microseconds = std::chrono::duration<double, std::micro>;
  const Microseconds since_1970 = std::chrono::floor<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return since_1970.count() / 1000;
}

}  // namespace duplex::app

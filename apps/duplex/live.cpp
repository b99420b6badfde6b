#include "live.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <duplex/base/ascii.hpp>
#include <duplex/base/utf8.hpp>
#include <duplex/http/accept.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::app {
namespace {

using connection::Message;
using connection::WebSocket;
using http::Status;
using server::BodyReader;
using server::Request;
using server::Response;
using server::Server;
using server::Upgrade;
using server::WebSocketOptions;
using websocket::PreparedMessage;

constexpr std::string_view route = "/live/{channel}";
constexpr std::size_t channel_name_bytes_max = 128;

struct Channel {
  std::string topic;
};

/// Topics are the server's, and others may have some too.
std::string topic_of(const Request& request) {
  return "live/" + std::string(request.param("channel"));
}

Response refuse_name() {
  return Response::text(fmt::format("A channel's name has 1 to {} letters, digits or -._~:@.\n",
                                    channel_name_bytes_max),
                        Status::bad_request);
}

/// The answer to a request that may not use the channel; nullopt when it may.
std::optional<Response> refusal(const Request& request, const WebSocketOptions& options) {
  if (!is_channel_name(request.param("channel"))) return refuse_name();
  if (websocket::origin_allowed(request.head(), request.secure(), options.origins)) {
    return std::nullopt;
  }
  return Response::text(
      "Pages of another origin may not use this channel; `duplex serve --origin ORIGIN` lets "
      "them.\n",
      Status::forbidden);
}

/// Lets the page that asked, which was allowed before, see the answer (WHATWG Fetch, "CORS
/// protocol"). Without Origin nobody needs it.
Response visible_to_origin(Response response, const Request& request) {
  if (const std::optional<std::string_view> origin = request.field("Origin")) {
    response.set_field("Access-Control-Allow-Origin", *origin).set_field("Vary", "Origin");
  }
  return response;
}

Response too_large(const WebSocketOptions& options) {
  return Response::text(
      fmt::format("A message has at most {} bytes here; `duplex serve --max-message SIZE` allows "
                  "more.\n",
                  options.message_bytes_max),
      Status::content_too_large);
}

/// The body, read as it comes so that what is refused is never held in memory; nullopt when it is
/// larger than a message may be.
Task<std::optional<std::string>> read_message(const Request& request, BodyReader& body,
                                              const WebSocketOptions& options) {
  if (const auto length = parse_decimal(request.field("Content-Length").value_or(""));
      length.has_value() && *length > options.message_bytes_max) {
    co_return std::nullopt;
  }
  std::string message;
  while (true) {
    std::optional<std::string> piece = co_await body.read();
    if (!piece) break;
    if (message.size() + piece->size() > options.message_bytes_max) co_return std::nullopt;
    message += *piece;
  }
  co_return message;
}

Task<Response> publish(Server& server, const Request& request, BodyReader& body,
                       const WebSocketOptions& options) {
  if (std::optional<Response> refused = refusal(request, options)) co_return *std::move(refused);
  const std::optional<std::string> message = co_await read_message(request, body, options);
  if (!message) co_return too_large(options);
  const ConstBytes bytes = as_bytes(*message);
  server.publish(topic_of(request), is_valid_utf8(bytes) ? PreparedMessage::text(*message)
                                                         : PreparedMessage::binary(bytes));
  co_return visible_to_origin(Response(Status::no_content), request);
}

Response subscribe(const Request& request, const WebSocketOptions& options) {
  if (std::optional<Response> refused = refusal(request, options)) return *std::move(refused);
  // Only by name: the */* of curl does not mean to hold the line.
  if (!http::asks_for(request.head().fields, "text/event-stream")) {
    return Response::upgrade_required(
        "This is a live channel: connect with WebSocket, or ask with\n"
        "\"Accept: text/event-stream\" for server-sent events; POST publishes.\n");
  }
  return visible_to_origin(Response::topic(topic_of(request)), request);
}

/// A browser asks before it posts anything but plain text from another origin.
Response answer_preflight(const Request& request, const WebSocketOptions& options) {
  if (std::optional<Response> refused = refusal(request, options)) return *std::move(refused);
  return visible_to_origin(Response(Status::no_content)
                               .set_field("Allow", "GET, HEAD, POST, OPTIONS")
                               .set_field("Access-Control-Allow-Methods", "GET, POST")
                               .set_field("Access-Control-Allow-Headers", "Content-Type"),
                           request);
}

}  // namespace

bool is_channel_name(std::string_view name) noexcept {
  constexpr std::string_view allowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:@";
  return !name.empty() && name.size() <= channel_name_bytes_max &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

void add_live_channels(Server& server, const WebSocketOptions& options) {
  const auto shared = std::make_shared<const WebSocketOptions>(options);
  server.post(route, [&server, shared](const Request& request, BodyReader& body) {
    return publish(server, request, body, *shared);
  });
  server.get(route, [shared](const Request& request) { return subscribe(request, *shared); });
  server.options(route,
                 [shared](const Request& request) { return answer_preflight(request, *shared); });
  server.websocket(
      route, {
                 .on_upgrade = [](const Request& request) -> Upgrade {
                   if (!is_channel_name(request.param("channel"))) {
                     return Upgrade::refuse(refuse_name());
                   }
                   return Upgrade::accept().with_state(Channel{topic_of(request)});
                 },
                 .on_open = [](WebSocket& socket,
                               const Request&) { socket.subscribe(socket.state<Channel>().topic); },
                 .on_message =
                     [](WebSocket& socket, Message message) {
                       socket.publish_to_all(socket.state<Channel>().topic, message);
                     },
                 .options = options,
             });
}

}  // namespace duplex::app

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "page_parts.hpp"
#include <duplex/base/utf8.hpp>
#include <duplex/duplex.hpp>

namespace duplex::app {
namespace {

using namespace std::chrono_literals;

/// What a page may post in one exchange.
constexpr std::size_t exchange_bytes_max = 4096;
/// How much of a payload the page is told.
constexpr std::size_t preview_bytes_max = 64;
/// How often the server speaks unasked when it is told to, and its pause before each time.
constexpr int pushes = 5;
constexpr auto push_pause = 400ms;

/// The topic on which the socket of the request's id is told of. The page makes the id of 128
/// random bits: whoever does not know it can't watch.
struct Watched {
  std::string topic;
};

/// nullopt when the id is not one that the page makes: 32 digits in hex.
std::optional<Watched> watched(const Request& request) {
  const std::string_view id = request.param("id");
  if (id.size() != 32 || id.find_first_not_of("0123456789abcdef") != id.npos) return std::nullopt;
  return Watched{fmt::format("_duplex/wire/{}", id)};
}

Upgrade accept_watched(const Request& request) {
  std::optional<Watched> state = watched(request);
  if (!state) {
    return Upgrade::refuse(
        Response::text("The id is 32 digits in hex, made at random.\n", Status::bad_request));
  }
  return Upgrade::accept().with_state(*std::move(state));
}

/// Bytes of the wire as characters of the same numbers (ISO 8859-1): JSON can't carry any others,
/// and the page can count them.
std::string as_characters(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x80) {
      text += character;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

std::string to_hex(ConstBytes bytes) {
  return fmt::format("{:02x}", fmt::join(bytes | std::views::transform([](std::byte byte) {
                                           return std::to_integer<unsigned>(byte);
                                         }),
                                         ""));
}

std::string trace_handshake(const WebSocket& socket, std::string_view request,
                            std::string_view response) {
  return to_text({{"kind", "handshake"},
                  {"request", as_characters(request)},
                  {"response", as_characters(response)},
                  {"peer", socket.peer()},
                  {"tls", to_json(socket.tls())},
                  {"at", now_ms()}});
}

std::string trace_frame(const FrameInfo& frame) {
  const websocket::FrameHeader& header = frame.header;
  return to_text({{"kind", "frame"},
                  {"incoming", frame.incoming},
                  {"opcode", static_cast<unsigned>(header.opcode)},
                  {"fin", header.fin},
                  {"rsv1", header.rsv1},
                  {"mask", header.masked ? Json(to_hex(header.mask_key)) : Json(nullptr)},
                  {"length", header.payload_bytes},
                  {"at", now_ms()}});
}

/// The socket whose frames are shown.
class ShownSocket {
 public:
  ShownSocket(Server& server, WebSocket socket, std::string topic)
      : server_(&server), socket_(std::move(socket)), topic_(std::move(topic)) {}

  Task<> talk() {
    Task<> pushing;  // speaks while this coroutine listens: that is what the page is about
    while (std::optional<OwnedMessage> message = co_await socket_.receive()) {
      trace_payload(true, message->opcode(), message->bytes());
      const std::string_view wish = message->is_text() ? message->text() : "";
      if (wish == "/push") {
        pushing = push();
        pushing.start();
      } else if (wish == "/ping") {
        socket_.ping();
      } else if (wish == "/fragments") {
        say_fragment("one message, ", false);
        say_fragment("in three ", false);
        say_fragment("frames", true);
      } else {
        co_await say(message->opcode(), message->bytes());
      }
    }
  }

 private:
  Task<> push() {
    for (int number = 1; number <= pushes && socket_.is_open(); ++number) {
      co_await sleep_for(push_pause);
      const std::string text = fmt::format("nobody asked, {} of {}", number, pushes);
      co_await say(Opcode::text, as_bytes(text));
    }
  }

  WebSocket::Sent say(Opcode opcode, ConstBytes payload) {
    WebSocket::Sent sent = socket_.send(Message(opcode, payload));
    trace_payload(false, opcode, payload);
    return sent;
  }

  void say_fragment(std::string_view text, bool last) {
    socket_.send_fragment(Opcode::text, as_bytes(text), last);
    trace_payload(false, Opcode::text, as_bytes(text));
  }

  /// Tells of the payload of the frame that was told of last in this direction.
  void trace_payload(bool incoming, Opcode opcode, ConstBytes payload) const {
    const ConstBytes preview = payload.first(std::min(payload.size(), preview_bytes_max));
    server_->publish(topic_, to_text({{"kind", "payload"},
                                      {"incoming", incoming},
                                      {"text", opcode == Opcode::text},
                                      {"bytes", payload.size()},
                                      {"preview", to_hex(preview)}}));
  }

  Server* server_;
  WebSocket socket_;
  std::string topic_;
};

Task<Response> exchange(const Request& request, BodyReader& body) {
  std::string text;
  while (true) {
    const std::optional<std::string> piece = co_await body.read();
    if (!piece) break;
    if (text.size() + piece->size() > exchange_bytes_max) {
      co_return Response::text(fmt::format("At most {} bytes.\n", exchange_bytes_max),
                               Status::content_too_large);
    }
    text += *piece;
  }
  if (!is_valid_utf8(as_bytes(text))) {
    co_return Response::text("Only text in UTF-8.\n", Status::bad_request);
  }
  co_return json_response({{"echo", text},
                           {"peer", request.peer()},
                           {"tls", to_json(request.tls())},
                           {"at", now_ms()},
                           {"head", as_characters(request.head().raw)}});
}

}  // namespace

void add_wire(Server& server, const WebSocketOptions& options) {
  server.post("/_duplex/exchange", exchange);

  // Silence shows a ping sooner than elsewhere.
  WebSocketOptions shown = options;
  shown.heartbeat_ms = 20'000;
  server.websocket(
      "/_duplex/socket/{id}",
      {
          .on_upgrade = accept_watched,
          .on_handshake =
              [&server](WebSocket& socket, std::string_view request, std::string_view response) {
                server.publish(socket.state<Watched>().topic,
                               trace_handshake(socket, request, response));
              },
          .on_frame =
              [&server](WebSocket& socket, const FrameInfo& frame) {
                server.publish(socket.state<Watched>().topic, trace_frame(frame));
              },
          .session = [&server](WebSocket socket, const Request&) -> Task<> {
            std::string topic = socket.state<Watched>().topic;
            ShownSocket shown_socket(server, std::move(socket), std::move(topic));
            co_await shown_socket.talk();
          },
          .options = std::move(shown),
      });

  // A page that does not keep up misses traces, which hurts nobody.
  WebSocketOptions watching = options;
  watching.message_bytes_max = 1024;
  watching.slow_consumer = SlowConsumer::drop_newest;
  server.websocket("/_duplex/wire/{id}", {
                                             .on_upgrade = accept_watched,
                                             .on_open =
                                                 [](WebSocket& socket, const Request&) {
                                                   socket.subscribe(socket.state<Watched>().topic);
                                                   socket.send(to_text({{"kind", "ready"}}));
                                                 },
                                             .options = std::move(watching),
                                         });
}

}  // namespace duplex::app

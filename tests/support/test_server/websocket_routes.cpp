#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "diary.hpp"
#include "gates.hpp"
#include "options.hpp"
#include "routes.hpp"
#include <duplex/duplex.hpp>

namespace test_server {
namespace {

using duplex::Request;
using duplex::Response;
using duplex::Status;
using duplex::Task;
using duplex::WebSocket;

void echo(WebSocket& socket, duplex::Message message) {
  socket.send(message);
}

void record_open(WebSocket&, const Request&) {
  diary.opened();
}
void record_close(WebSocket&, const duplex::CloseInfo& info) {
  diary.closed(info);
}

/// Does what a message says: `close CODE REASON`, `ping PAYLOAD`, `terminate`, `throw`, `burst N
/// BYTES`, `fragments`, `buffered`, `pause GATE`.
void obey(WebSocket& socket, duplex::Message message) {
  const std::string text(message.text());
  const std::string verb = text.substr(0, text.find(' '));
  const std::string rest = text.substr(std::min(text.size(), verb.size() + 1));
  if (verb == "close") {
    socket.close(static_cast<duplex::CloseCode>(std::stoi(rest)),
                 rest.find(' ') == rest.npos ? "" : rest.substr(rest.find(' ') + 1));
  } else if (verb == "ping") {
    socket.ping(duplex::as_bytes(rest));
  } else if (verb == "terminate") {
    socket.terminate();
  } else if (verb == "throw") {
    throw std::runtime_error("on purpose");
  } else if (verb == "burst") {
    std::size_t separator = 0;
    const int count = std::stoi(rest, &separator);
    const std::string payload(std::stoul(rest.substr(separator)), 'b');
    for (int index = 0; index < count; ++index) socket.send(payload);
  } else if (verb == "fragments") {
    socket.send_fragment(duplex::Opcode::text, duplex::as_bytes("one "), false);
    socket.ping(duplex::as_bytes("between"));
    socket.send_fragment(duplex::Opcode::text, duplex::as_bytes("message"), true);
  } else if (verb == "buffered") {
    socket.send(std::to_string(socket.buffered_bytes()));
  } else if (verb == "pause") {
    socket.pause();
    auto& resuming = socket.emplace_state<Task<>>([](WebSocket paused, std::string gate) -> Task<> {
      co_await gates.pass(std::move(gate));
      paused.send("resumed");
      paused.resume();
    }(socket, rest));
    resuming.start();
  }
}

/// Sends numbered messages for as long as the client takes them, and reads at the same time.
Task<> talk_both_ways(WebSocket socket, const Request& request) {
  std::uint64_t received_bytes = 0;
  Task<> writing = [](WebSocket out, std::uint64_t count, std::string payload) -> Task<> {
    for (std::uint64_t index = 0; index < count && out.is_open(); ++index) {
      co_await out.send(std::to_string(index) + " " + payload);
    }
  }(socket, number(request, "count", 1), std::string(number(request, "bytes", 0), 'w'));
  writing.start();
  while (const auto message = co_await socket.receive()) {
    received_bytes += message->bytes().size();
    if (message->text() == "total") co_await socket.send("total " + std::to_string(received_bytes));
    if (message->text() == "end") co_return;
  }
}

/// What libwebsockets' test client talks to: one subprotocol counts, the other mirrors.
void add_libwebsockets_route(duplex::Server& server) {
  const auto start_counting = [](WebSocket& socket, const Request&) {
    diary.opened();
    if (socket.subprotocol() != "dumb-increment-protocol") return;
    socket.emplace_state<Task<>>([](WebSocket out) -> Task<> {
      for (int number = 0; out.is_open(); ++number) {
        co_await out.send(std::to_string(number));
        co_await duplex::sleep_for(std::chrono::milliseconds(2));
      }
    }(socket));
    socket.state<Task<>>().start();
  };
  server.websocket(
      "/", {.on_open = start_counting,
            .on_message = echo,
            .on_close = record_close,
            .options = {.subprotocols = {"dumb-increment-protocol", "lws-mirror-protocol"}}});
}

}  // namespace

void add_websocket_routes(duplex::Server& server, const Knobs& knobs) {
  const duplex::WebSocketOptions options = websocket_options(knobs);

  server.websocket(
      "/echo",
      {.on_open = record_open, .on_message = echo, .on_close = record_close, .options = options});
  server.websocket("/chunks", {.on_chunk =
                                   [](WebSocket& socket, duplex::Chunk chunk) {
                                     socket.send_fragment(chunk.opcode, chunk.payload, chunk.last);
                                   },
                               .options = options});
  server.websocket("/tls", {.on_message =
                                [](WebSocket& socket, duplex::Message) {
                                  socket.send(describe(socket.secure(), socket.tls()));
                                },
                            .options = options});
  server.websocket("/session", {.session = [](WebSocket socket, const Request&) -> Task<> {
                                  while (const auto message = co_await socket.receive()) {
                                    if (message->text() == "end") co_return;
                                    if (message->text() == "throw") throw std::runtime_error("!");
                                    co_await socket.send(*message);
                                  }
                                  diary.closed({.reason = "session"});
                                },
                                .options = options});
  server.websocket("/both", {.session = talk_both_ways, .options = options});
  server.websocket("/obey", {.on_open = record_open,
                             .on_message = obey,
                             .on_pong =
                                 [](WebSocket& socket, duplex::ConstBytes payload) {
                                   socket.send("pong " + std::string(duplex::as_text(payload)));
                                 },
                             .on_close = record_close,
                             .options = options});
  server.websocket("/drain",
                   {.on_message =
                        [](WebSocket& socket, duplex::Message message) {
                          const auto sent = socket.send(message);
                          diary.closed({.reason = std::to_string(static_cast<int>(sent.status()))});
                        },
                    .on_drain = [](WebSocket&) { diary.closed({.reason = "drained"}); },
                    .options = options});
  server.websocket("/topic/{name}", {.on_open =
                                         [](WebSocket& socket, const Request& request) {
                                           socket.emplace_state<std::string>(request.param("name"));
                                           socket.subscribe(request.param("name"));
                                           diary.opened();
                                         },
                                     .on_message =
                                         [](WebSocket& socket, duplex::Message message) {
                                           const auto& topic = socket.state<std::string>();
                                           if (message.text() == "leave") {
                                             socket.unsubscribe(topic);
                                             socket.send("left");
                                           } else if (message.text().starts_with("all ")) {
                                             socket.publish_to_all(topic, message);
                                           } else {
                                             socket.publish(topic, message);
                                           }
                                         },
                                     .on_close = record_close,
                                     .options = options});
  add_libwebsockets_route(server);
  server.websocket(
      "/subprotocols",
      {.on_message = [](WebSocket& socket, duplex::Message) { socket.send(socket.subprotocol()); },
       .options = {.subprotocols = {"v2.chat", "v1.chat"}}});
  const auto decide = [](const Request& request) -> duplex::Upgrade {
    if (request.query("refuse")) {
      return duplex::Upgrade::refuse(
          Response::text("no entry", Status::unauthorized).add_field("X-Reason", "test"));
    }
    auto upgrade = duplex::Upgrade::accept()
                       .with_state<std::string>(request.query("name").value_or("nobody"))
                       .with_field("X-Greeting", "hello");
    if (const auto wanted = request.query("subprotocol")) {
      return std::move(upgrade).with_subprotocol(*wanted);
    }
    return upgrade;
  };
  const auto tell_state = [](WebSocket& socket, duplex::Message) {
    socket.send(socket.state<std::string>());
  };
  server.websocket("/decide", {.on_upgrade = decide, .on_message = tell_state});
  server.websocket("/decide-later",
                   {.on_upgrade = [decide](const Request& request) -> Task<duplex::Upgrade> {
                      co_await gates.pass("decide");
                      co_return decide(request);
                    },
                    .on_message = tell_state});
}

}  // namespace test_server

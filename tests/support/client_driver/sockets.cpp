#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "driver.hpp"
#include "values.hpp"

namespace client_driver {

namespace client = duplex::client;
using duplex::connection::WebSocket;

namespace {

/// A call that opens the socket of `command`, and what is told about its opening.
client::ConnectCall call_of(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  client::WebSocketRequest made = websocket_request(command);
  made.on_handshake = [&driver, id](std::string_view request, std::string_view response) {
    driver.output().event(id, "handshake",
                          {{"request", to_text(request)}, {"response", to_text(response)}});
  };
  if (command.value("frames", false)) {
    made.on_frame = [&driver, id](const duplex::connection::FrameInfo& frame) {
      driver.output().event(id, "frame",
                            {{"incoming", frame.incoming},
                             {"opcode", static_cast<unsigned>(frame.header.opcode)},
                             {"bytes", frame.header.payload_bytes}});
    };
  }
  client::ConnectCall call = driver.client().connect(std::move(made));
  if (command.contains("deadline_ms")) {
    tell(call).deadline(std::chrono::milliseconds(command.at("deadline_ms").get<int>()));
  }
  tell(call).stop_on(driver.stop_source(id).get_token());
  return call;
}

json report_open(const WebSocket& socket) {
  json told = {
      {"subprotocol", socket.subprotocol()}, {"peer", socket.peer()}, {"secure", socket.secure()}};
  if (const auto info = socket.tls()) told["tls"] = report(*info);
  return told;
}

json report_end(const WebSocket& socket) {
  const auto info = socket.close_info();
  return info ? report(*info) : json{{"closed", nullptr}};
}

/// `"text": ...`, `"binary": ...`, or `"bytes": 1000` for so many of them; as one message, or, with
/// `"fragments": 100`, in pieces of that size.
Task<json> send(WebSocket socket, json command) {
  const bool is_text = command.contains("text");
  std::string payload;
  if (is_text) {
    payload = command.at("text").get<std::string>();
  } else if (command.contains("binary")) {
    payload = to_bytes(command.at("binary"));
  } else {
    payload.assign(command.at("bytes").get<std::size_t>(), 'b');
  }
  using duplex::connection::SendStatus;
  SendStatus status = SendStatus::accepted;
  if (const auto size = command.value("fragments", std::size_t{0}); size > 0) {
    const auto opcode =
        is_text ? duplex::websocket::Opcode::text : duplex::websocket::Opcode::binary;
    for (std::size_t at = 0; at < payload.size(); at += size) {
      const std::string_view piece = std::string_view(payload).substr(at, size);
      const bool last = at + size >= payload.size();
      status = co_await socket.send_fragment(opcode, duplex::as_bytes(piece), last);
    }
  } else if (is_text) {
    status = co_await socket.send(payload);
  } else {
    status = co_await socket.send(duplex::as_bytes(payload));
  }
  co_return json{{"status", name(status)}};
}

/// Sends `count` messages of `bytes` bytes and has each come back before the next.
Task<json> echo(WebSocket socket, json command) {
  const auto count = command.value("count", 1U);
  const auto bytes = command.value("bytes", std::size_t{16});
  for (unsigned index = 0; index < count; ++index) {
    std::string text = std::to_string(index) + " ";
    text.resize(std::max(text.size(), bytes), 'e');
    co_await socket.send(text);
    const auto message = co_await socket.receive();
    if (!message) co_return report_end(socket);
    if (message->text() != text) co_return json{{"wrong", index}};
  }
  co_return json{{"echoed", count}};
}

/// All that still comes, counted, up to the end.
Task<json> until_closed(WebSocket socket) {
  unsigned messages = 0;
  while (const auto message = co_await socket.receive()) ++messages;
  json told = report_end(socket);
  told["messages"] = messages;
  co_return told;
}

}  // namespace

Task<> connect(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  client::ConnectCall call = call_of(driver, command);
  auto opened = co_await std::move(call);
  if (!opened) {
    driver.output().result(id, {{"error", report(opened.error())}});
    co_return;
  }
  driver.output().result(id, report_open(*opened));
  driver.sockets.insert_or_assign(id, *std::move(opened));
}

Task<> talk(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  const WebSocket socket = driver.sockets.at(command.at("socket").get<Id>());
  WebSocket used = socket;
  const std::string verb = command.at("do").get<std::string>();
  json told = json::object();
  if (verb == "send") {
    told = co_await send(used, std::move(command));
  } else if (verb == "receive") {
    const auto message = co_await used.receive();
    told = message ? report(*message) : report_end(used);
  } else if (verb == "receive_chunk") {
    const auto chunk = co_await used.receive_chunk();
    told = chunk ? report(chunk->piece()) : report_end(used);
    if (chunk) told.update({{"first", chunk->first()}, {"last", chunk->last()}});
  } else if (verb == "echo") {
    told = co_await echo(used, std::move(command));
  } else if (verb == "round_trip") {
    const auto time = co_await used.round_trip();
    if (time) told["us"] = time->count();
  } else if (verb == "close") {
    used.close(static_cast<duplex::websocket::CloseCode>(command.value("code", 1000)),
               command.value("reason", ""));
    told = co_await until_closed(used);
  } else if (verb == "until_closed") {
    told = co_await until_closed(used);
  } else if (verb == "terminate") {
    used.terminate();
  } else if (verb == "state") {
    told = {{"open", used.is_open()}, {"buffered", used.buffered_bytes()}};
  } else {
    told["exception"] = "no such command: " + verb;
  }
  driver.output().result(id, std::move(told));
}

/// Connects, sends each of `messages` and receives one for it, measures a round trip, and closes.
void connect_blocking(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  try {
    auto opened = call_of(driver, command).wait();
    if (!opened) {
      driver.output().result(id, {{"error", report(opened.error())}});
      return;
    }
    client::BlockingWebSocket socket = *std::move(opened);
    json told = {{"subprotocol", socket.subprotocol()}, {"received", json::array()}};
    for (const auto& text : command.value("messages", std::vector<std::string>{})) {
      socket.send(text);
      const auto message = socket.receive();
      if (!message) break;
      told["received"].push_back(message->text());
    }
    told["pinged"] = socket.round_trip().has_value();
    told["waited_in_vain"] = !socket.receive(std::chrono::milliseconds(1)) && socket.is_open();
    socket.close();
    if (const auto end = socket.close_info()) {
      told.update(report_close(static_cast<std::uint16_t>(end->code), end->reason));
    }
    driver.output().result(id, std::move(told));
  } catch (const std::exception& exception) {
    driver.output().result(id, {{"exception", exception.what()}});
  }
}

/// Tells each call; sends `messages` when the socket is open, and closes when as many have come.
void connect_callbacks(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  Output& output = driver.output();
  auto messages = command.value("messages", std::vector<std::string>{});
  const auto missing = std::make_shared<std::size_t>(messages.size());
  client::WebSocketHandlers handlers;
  handlers.on_open = [&output, id, messages = std::move(messages)](WebSocket& socket) {
    output.event(id, "open", report_open(socket));
    socket.ping(duplex::as_bytes("callbacks"));
    for (const std::string& text : messages) socket.send(text);
  };
  handlers.on_error = [&output, id](const client::Error& error) {
    output.result(id, {{"error", report(error)}});
  };
  handlers.on_message = [&output, id, missing](WebSocket& socket,
                                               duplex::connection::Message message) {
    output.event(id, "message", report(message));
    if (--*missing == 0) socket.close();
  };
  handlers.on_pong = [&output, id](WebSocket&, duplex::ConstBytes payload) {
    output.event(id, "pong", {{"payload", to_text(duplex::as_text(payload))}});
  };
  handlers.on_close = [&output, id](WebSocket&, const duplex::connection::CloseInfo& info) {
    output.result(id, report(info));
  };
  call_of(driver, command).start(std::move(handlers));
}

}  // namespace client_driver

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "driver.hpp"
#include "values.hpp"

namespace client_driver {

namespace client = duplex::client;
using duplex::connection::WebSocket;

namespace {

/// Tells what happens, and says `"on_connected": [...]` to each new connection.
client::ReconnectOptions options_of(Driver& driver, const json& command) {
  const Id id = command.at("id").get<Id>();
  Output& output = driver.output();
  client::ReconnectOptions options;
  set(command, "delay_ms_first", options.delay_ms_first);
  set(command, "delay_ms_max", options.delay_ms_max);
  set(command, "attempts_max", options.attempts_max);
  set(command, "attempt_ms_max", options.attempt_ms_max);
  set(command, "stable_ms", options.stable_ms);
  set(command, "queue_bytes_max", options.queue_bytes_max);
  if (command.value("while_away", "queue") == "refuse") {
    options.while_away = client::WhileAway::refuse;
  }
  options.on_connected =
      [&output, id, texts = command.value("on_connected", std::vector<std::string>{}),
       fails = command.value("hook_fails", false)](WebSocket socket, bool again) -> Task<> {
    output.event(id, "connected", {{"again", again}});
    for (const std::string& text : texts) co_await socket.send(text);
    if (fails) throw std::runtime_error("the hook failed");
  };
  options.on_lost = [&output, id](const client::Error& error, std::uint32_t delay_ms) {
    output.event(id, "lost", {{"error", report(error)}, {"delay_ms", delay_ms}});
  };
  if (command.contains("retry_on")) {
    options.retry_on = [always = command.at("retry_on").get<bool>()](const client::Error&) {
      return always;
    };
  }
  if (command.contains("retry_after_close")) {
    options.retry_after_close = [always = command.at("retry_after_close").get<bool>()](
                                    const duplex::connection::CloseInfo&) { return always; };
  }
  return options;
}

}  // namespace

/// Tells each message that comes, and the end.
Task<> reconnect(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  client::ConnectCall call = driver.client().connect(websocket_request(command));
  const auto socket = std::make_shared<client::ReconnectingWebSocket>(
      std::move(call).reconnecting(options_of(driver, command)));
  driver.reconnecting.insert_or_assign(id, socket);
  while (true) {
    const auto message = co_await socket->receive();
    if (!message) break;
    driver.output().event(id, "message", report(*message));
  }
  json told = {{"connections", socket->connections()}};
  if (const auto error = socket->error()) told["error"] = report(*error);
  driver.output().result(id, std::move(told));
}

Task<> talk_reconnecting(Driver& driver, json command) {
  const Id id = command.at("id").get<Id>();
  const auto shared = driver.reconnecting.at(command.at("socket").get<Id>());
  client::ReconnectingWebSocket& socket = *shared;
  const std::string verb = command.at("do").get<std::string>();
  json told = json::object();
  if (verb == "send") {
    told["status"] = name(socket.send(command.at("text").get<std::string>()));
  } else if (verb == "close") {
    socket.close(static_cast<duplex::websocket::CloseCode>(command.value("code", 1000)),
                 command.value("reason", ""));
  } else if (verb == "terminate") {
    socket.current().terminate();
  } else if (verb == "state") {
    told = {{"connected", socket.is_connected()}, {"connections", socket.connections()}};
  } else {
    told["exception"] = "no such command: " + verb;
  }
  driver.output().result(id, std::move(told));
  co_return;
}

}  // namespace client_driver

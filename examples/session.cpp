// A WebSocket as a coroutine that owns it: what the client says first decides what comes next, and
// the code reads like the conversation. Two coroutines share the socket: one reads, one writes.
//
// ws://127.0.0.1:8080/count: send a number to count in steps of it, send "stop" to end.

#include <charconv>
#include <chrono>
#include <string>

#include "serve.hpp"

namespace {

/// Writes: one number after the other. `send` waits while the client reads more slowly.
duplex::Task<> count(duplex::WebSocket socket, const int& step) {
  for (int number = 0; socket.is_open(); number += step) {
    co_await socket.send(std::to_string(number));
    co_await duplex::sleep_for(std::chrono::milliseconds(10));
  }
}

/// Reads: greets, then follows the client's wishes until it has none.
duplex::Task<> converse(duplex::WebSocket socket, const duplex::Request&) {
  co_await socket.send("What is your name?");
  const auto name = co_await socket.receive();
  if (!name) co_return;
  co_await socket.send("Hello, " + std::string(name->text()));

  int step = 1;
  duplex::Task<> counting = count(socket, step);
  counting.start();  // runs beside us, and ends with us at the latest
  while (const auto message = co_await socket.receive()) {
    if (message->text() == "stop") co_return;  // closes the socket with 1000
    std::from_chars(message->text().begin(), message->text().end(), step);
  }
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.websocket("/count", {.session = converse});
  return serve(server, argc, argv);
}

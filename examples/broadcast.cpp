// Two ways to reach WebSockets from threads of your own: `Server::publish` to all subscribers of
// a topic, and a `Sender` to one connection.
//
// ws://127.0.0.1:8080/ticks gets a tick every 50 ms. Send it a number, and a thread that may take
// its time answers with the number of primes up to it.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ranges>
#include <stop_token>
#include <string>
#include <thread>

#include "serve.hpp"

namespace {

std::ptrdiff_t count_primes(int limit) {
  return std::ranges::count_if(std::views::iota(2, std::max(2, limit + 1)), [](int number) {
    for (int divisor = 2; divisor * divisor <= number; ++divisor) {
      if (number % divisor == 0) return false;
    }
    return true;
  });
}

void subscribe(duplex::WebSocket& socket, const duplex::Request&) {
  socket.subscribe("tick");
}

void answer_later(duplex::WebSocket& socket, duplex::Message message) {
  int limit = 0;
  std::from_chars(message.text().begin(), message.text().end(), limit);
  // The sender names the connection for other threads, even after the connection has ended: then
  // what it sends goes nowhere.
  std::thread([sender = socket.sender(), limit = std::min(limit, 1'000'000)] {
    sender.send(std::to_string(count_primes(limit)) + " primes up to " + std::to_string(limit));
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.websocket("/ticks", {.on_open = subscribe, .on_message = answer_later});
  const std::jthread clock([&server](const std::stop_token& stop) {
    for (int tick = 0; !stop.stop_requested(); ++tick) {
      server.publish("tick", "tick " + std::to_string(tick));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  return serve(server, argc, argv);
}

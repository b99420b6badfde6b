// Server-sent events, for browsers' `new EventSource("/counter")`.
//
//   curl -N http://127.0.0.1:8080/counter
//   curl -N http://127.0.0.1:8080/news        and, in another terminal,
//   curl -d 'It rains' http://127.0.0.1:8080/news

#include <charconv>
#include <chrono>
#include <string>

#include "serve.hpp"

namespace {

/// Counts, and goes on where a browser that lost the connection had stopped.
duplex::Response counter(const duplex::Request& request) {
  int last = 0;
  if (const auto id = request.field("Last-Event-ID")) {
    std::from_chars(id->data(), id->data() + id->size(), last);
  }
  return duplex::Response::events([last](duplex::EventWriter& events) -> duplex::Task<> {
    // The coroutine lives as long as the client listens, and is destroyed where it waits.
    for (int number = last + 1;; ++number) {
      const std::string text = std::to_string(number);
      co_await events.send({.data = text, .event = "count", .id = text});
      co_await duplex::sleep_for(std::chrono::milliseconds(20));
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.get("/counter", counter);
  server.get("/news", [](const duplex::Request&) { return duplex::Response::topic("news"); });
  server.post("/news", [&server](const duplex::Request& request) {
    server.publish("news", request.text());
    return duplex::Response(duplex::Status::no_content);
  });
  return serve(server, argc, argv);
}

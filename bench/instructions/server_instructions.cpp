// A whole server in one thread, for tools/instruction_budget.py, which is its client, too, and
// tells it by requests when to count.

#include <cstdio>
#include <string>

#include "bench/instructions/counting.hpp"
#include <duplex/duplex.hpp>

namespace {

void echo(duplex::WebSocket& socket, duplex::Message message) {
  socket.send(message);
}

void subscribe(duplex::WebSocket& socket, const duplex::Request&) {
  socket.subscribe("news");
}

void publish(duplex::WebSocket& socket, duplex::Message message) {
  socket.publish("news", message);
}

duplex::Response hello(const duplex::Request&) {
  return duplex::Response::text("hello world\n");
}

duplex::Response begin(const duplex::Request&) {
  duplex::bench::begin_count();
  return duplex::Status::no_content;
}

/// What has happened since then is so many times what the path names.
duplex::Response end(const duplex::Request& request) {
  duplex::bench::end_count(std::string(request.param("name")),
                           std::stoul(std::string(request.param("times"))));
  return duplex::Status::no_content;
}

}  // namespace

int main() {
  duplex::Server server({.threads = 1});
  server.websocket("/echo", {.on_message = echo});
  server.websocket("/news", {.on_open = subscribe});
  server.websocket("/publish", {.on_message = publish});
  server.get("/hello", hello);
  server.get("/begin", begin);
  server.get("/end/{times}/{name}", end);
  server.get("/stop", [&server](const duplex::Request&) {
    server.stop();
    return duplex::Response(duplex::Status::no_content);
  });
  std::printf("%u\n", server.listen({.port = 0}));
  std::fflush(stdout);
  server.run();
}

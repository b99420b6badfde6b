// The smallest server, whole: a page, and a WebSocket that says everything back.
//
//   curl http://127.0.0.1:8080/hello/Ada

#include <cstdint>
#include <iostream>
#include <string>

#include <duplex/duplex.hpp>

int main(int argc, char** argv) {
  duplex::Server server;
  server.get("/hello/{name}", [](const duplex::Request& request) {
    return duplex::Response::text("Hello, " + std::string(request.param("name")) + "!\n");
  });
  server.websocket("/echo", {.on_message = [](duplex::WebSocket& socket, duplex::Message message) {
                     socket.send(message);
                   }});

  const int port = argc > 1 ? std::stoi(argv[1]) : 8080;
  std::cout << "http://127.0.0.1:" << server.listen({.port = static_cast<std::uint16_t>(port)})
            << '\n'
            << std::flush;
  server.run();
}

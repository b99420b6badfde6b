// What races for duplex where `duplex serve` has nothing to answer with: a fixed text at /text, and
// at /post the same for whoever sends content. Says where it listens; ends at SIGTERM.

#include <iostream>

#include <duplex/duplex.hpp>

int main() {
  duplex::Server server({.threads = 1});
  server.get("/text",
             [](const duplex::Request&) { return duplex::Response::text("Hello, World!\n"); });
  server.post("/post",
              [](const duplex::Request&) { return duplex::Response::text("Hello, World!\n"); });
  std::cout << "http://127.0.0.1:" << server.listen({.port = 0}) << '\n' << std::flush;
  server.run();
}

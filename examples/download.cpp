// Content that is made while it is sent, as fast as the client takes it and never more: by a
// generator, by a coroutine, or from a file.
//
//   curl 'http://127.0.0.1:8080/numbers?to=1000000'
//   curl 'http://127.0.0.1:8080/slowly'
//   curl -O 'http://127.0.0.1:8080/program'

#include <chrono>
#include <optional>
#include <string>

#include "serve.hpp"

namespace {

/// A generator is a function that is called whenever there is room, until it has no more to say.
duplex::Response numbers(const duplex::Request& request) {
  const int last = std::stoi(request.query("to").value_or("100"));
  return duplex::Response::generated("text/plain",
                                     [number = 0, last]() mutable -> std::optional<std::string> {
                                       if (number >= last) return std::nullopt;
                                       return std::to_string(++number) + "\n";
                                     });
}

/// A coroutine may wait for other things than the client, too.
duplex::Task<> count_down(duplex::BodyWriter& body) {
  for (int second = 3; second > 0; --second) {
    co_await body.write(std::to_string(second) + "...\n");
    co_await duplex::sleep_for(std::chrono::milliseconds(100));
  }
  co_await body.write("Go!\n");
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.get("/numbers", numbers);
  server.get("/slowly", [](const duplex::Request&) {
    return duplex::Response::stream("text/plain", count_down);
  });
  server.get("/program", [path = std::string(argv[0])](const duplex::Request&) {
    return duplex::Response::file(path).set_field("Content-Type", "application/octet-stream");
  });
  return serve(server, argc, argv);
}

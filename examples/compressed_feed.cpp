// A feed whose messages are compressed (permessage-deflate, RFC 7692): once each, for all who
// have agreed to it alike.
//
// ws://127.0.0.1:8080/prices gets all prices ten times a second; of whoever offers no compression
// the messages are plain. Try it with `duplex connect -v --compress`.

#include <array>
#include <chrono>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "serve.hpp"

namespace {

constexpr std::array<std::string_view, 8> goods = {"barley", "coffee", "cotton", "maize",
                                                   "oats",   "rice",   "sugar",  "wheat"};

std::string prices(std::minstd_rand& random) {
  std::string json = "[";
  for (const std::string_view name : goods) {
    if (json.size() > 1) json += ',';
    json += R"({"name":")" + std::string(name) + R"(","currency":"EUR","price":)" +
            std::to_string(100 + random() % 900) + "}";
  }
  return json + "]";
}

void welcome(duplex::WebSocket& socket, const duplex::Request&) {
  // Never compressed together with what others may choose, nor shorter for what is in it.
  socket.send(R"({"token":"a secret of this guest's"})", duplex::Compression::never);
  socket.subscribe("prices");
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.websocket("/prices",
                   {.on_open = welcome, .options = {.deflate = duplex::DeflateOptions{}}});
  const std::jthread market([&server](const std::stop_token& stop) {
    std::minstd_rand random;
    while (!stop.stop_requested()) {
      server.publish("prices", prices(random));
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  return serve(server, argc, argv);
}

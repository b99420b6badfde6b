// A WebSocket that outlives its server: lost connections are made anew, after random waits that
// grow, and what is said meanwhile waits.
//
// Takes the URL of an echo: ./reconnecting ws://127.0.0.1:8080/echo, and a number of messages.

#include <cstdio>
#include <string>
#include <utility>

#include <duplex/duplex.hpp>

namespace {

duplex::Task<> chat(const duplex::Client& client, std::string url, int count) {
  duplex::ReconnectOptions options{.delay_ms_first = 50, .delay_ms_max = 1'000};
  options.on_connected = [](duplex::WebSocket socket, bool again) -> duplex::Task<> {
    std::printf("%s %s\n", again ? "back at" : "connected to", socket.peer().c_str());
    co_return;
  };
  options.on_lost = [](const duplex::Error& error, unsigned) {
    std::printf("lost: %s\n", error.message().c_str());
  };
  auto socket = client.connect(url).reconnecting(std::move(options));
  for (int number = 1; number <= count; ++number) {
    socket.send("message " + std::to_string(number));
    const auto message = co_await socket.receive();
    if (!message) break;
    std::printf("%s\n", std::string(message->text()).c_str());
    std::fflush(stdout);
    co_await duplex::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const duplex::Client client;
  client.run(chat(client, argc > 1 ? argv[1] : "ws://127.0.0.1:8080/echo",
                  argc > 2 ? std::stoi(argv[2]) : 10));
}

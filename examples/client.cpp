// A client: asks a server by HTTP, and talks to it by WebSocket, in coroutines.
//
// Takes the server's URL: ./client http://127.0.0.1:8080, where the server of examples/hello runs.

#include <chrono>
#include <cstdio>
#include <string>

#include <duplex/duplex.hpp>

namespace {

duplex::Task<> talk(const duplex::Client& client, std::string url) {
  const auto page = (co_await client.get(url + "/hello/World")).value();
  std::fputs(page.text().c_str(), stdout);

  duplex::WebSocket socket = (co_await client.connect(url + "/echo")).value();
  co_await socket.send("hello");
  if (const auto message = co_await socket.receive()) {
    std::printf("%.*s\n", static_cast<int>(message->text().size()), message->text().data());
  }
  if (const auto time = co_await socket.round_trip()) {
    const auto time_ms = std::chrono::ceil<std::chrono::milliseconds>(*time).count();
    std::printf("a ping takes less than %s ms\n", std::to_string(time_ms).c_str());
  }
}  // the last handle of the socket goes, which closes it

}  // namespace

int main(int argc, char** argv) {
  try {
    const duplex::Client client;
    client.run(talk(client, argc > 1 ? argv[1] : "http://127.0.0.1:8080"));
  } catch (const duplex::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}

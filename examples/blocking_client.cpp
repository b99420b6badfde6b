// A client for scripts and tests: every call waits for its result, which is a value or an error.
//
// Takes the server's URL: ./blocking_client http://127.0.0.1:8080, where examples/hello runs.

#include <chrono>
#include <iostream>
#include <string>

#include <duplex/duplex.hpp>

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "http://127.0.0.1:8080";
  const duplex::Client client;

  const auto page = client.get(url + "/hello/World").deadline(std::chrono::seconds(5)).wait();
  if (!page) {
    std::cerr << page.error().message() << '\n';
    return 1;
  }
  std::cout << page->text();

  auto socket = client.connect(url + "/echo").wait();
  if (!socket) {
    std::cerr << socket.error().message() << '\n';
    return 1;
  }
  socket->send("one");
  socket->send("two");
  for (int i = 0; i < 2; ++i) {
    if (const auto message = socket->receive()) std::cout << message->text() << '\n';
  }
  socket->close();
}

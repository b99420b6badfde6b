// A client that sends back whatever it is sent, compressed if the server likes: for servers that
// examine clients, and want to be connected to again and again. Ends when it is not let in any
// more.
//
// Takes the server's URL: `duplex check --listen 9001`, and ./echo_client ws://127.0.0.1:9001/
// With `keep` behind it windows are kept from one message to the next.

#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <duplex/duplex.hpp>

namespace {

/// Whether the server is not there, or says that there is nothing more to come.
bool is_end(const duplex::Error& error) {
  if (error.step == duplex::Step::connect) return true;
  return error.response && error.response->status() == duplex::Status::gone;
}

duplex::Task<> echo(const duplex::Client& client, std::string url, duplex::DeflateOptions deflate) {
  const duplex::WebSocketLimits limits{.message_bytes_max = std::uint64_t{64} * 1024 * 1024};
  while (true) {
    auto socket = co_await client.connect(url).compress(deflate).limits(limits);
    if (socket) {
      while (const auto message = co_await socket->receive()) co_await socket->send(*message);
    } else if (is_end(socket.error())) {
      co_return;
    }
  }
}

duplex::Task<> echo_side_by_side(const duplex::Client& client, std::string url, bool keep) {
  const duplex::DeflateOptions deflate{.keep_send_window = keep, .keep_receive_window = keep};
  std::vector<duplex::Task<>> echoes;
  echoes.reserve(8);
  for (int i = 0; i < 8; ++i) echoes.push_back(echo(client, url, deflate));
  co_await duplex::all(std::move(echoes));
}

}  // namespace

int main(int argc, char** argv) {
  const duplex::Client client;
  try {
    client.run(echo_side_by_side(client, argc > 1 ? argv[1] : "ws://127.0.0.1:9001/", argc > 2));
  } catch (const duplex::Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}

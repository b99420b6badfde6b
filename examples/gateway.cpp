// A server whose handlers ask another server, in their own thread and without blocking it. Two of
// the three answers come from elsewhere.
//
// http://127.0.0.1:8080/both?of=URL asks for the URL twice at once, and says how long both are.

#include <string>
#include <utility>

#include "serve.hpp"

namespace {

duplex::Task<> measure(const duplex::Client& client, std::string url, std::string& size) {
  const auto page = co_await client.get(url);
  size = page ? std::to_string(page->text().size()) : page.error().message();
}

}  // namespace

int main(int argc, char** argv) {
  const duplex::Client client;
  duplex::Server server;
  server.get("/hello", [](const duplex::Request&) { return duplex::Response::text("Hello!\n"); });
  server.get("/both", [&](const duplex::Request& request) -> duplex::Task<duplex::Response> {
    const std::string url = request.query("of").value_or("");
    std::string one;
    std::string two;
    co_await duplex::all(measure(client, url, one), measure(client, url, two));
    co_return duplex::Response::text(one + " and " + two + "\n");
  });
  return serve(server, argc, argv);
}

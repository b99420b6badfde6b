// What stands before handlers: a filter that asks for a password, and a wrapper that sees request
// and response. Filters guard WebSockets too.
//
//   curl -i -u ada:lovelace http://127.0.0.1:8080/private/diary

#include <chrono>
#include <optional>
#include <string>

#include "serve.hpp"

namespace {

/// Lets through who knows the password, in the form `Basic base64(user:password)` (RFC 7617).
std::optional<duplex::Response> ask_password(const duplex::Request& request) {
  if (request.field("Authorization") == "Basic YWRhOmxvdmVsYWNl") return std::nullopt;
  return duplex::Response::text("Who are you?\n", duplex::Status::unauthorized)
      .add_field("WWW-Authenticate", "Basic realm=\"diary\"");
}

/// Tells how long the rest of the chain took (W3C Server Timing).
duplex::Task<duplex::Response> measure(const duplex::Request&, duplex::Next next) {
  const auto start = std::chrono::steady_clock::now();
  duplex::Response response = co_await next();
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
  response.add_field("Server-Timing", "handler;dur=" + std::to_string(taken.count()));
  co_return response;
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  server.use(measure);
  server.use("/private", ask_password);
  server.get("/", [](const duplex::Request&) {
    return duplex::Response::html("<!doctype html><a href=\"/private/diary\">My diary</a>\n");
  });
  server.get("/private/diary",
             [](const duplex::Request&) { return duplex::Response::text("Dear diary...\n"); });
  server.websocket("/private/echo",
                   {.on_message = [](duplex::WebSocket& socket, duplex::Message message) {
                     socket.send(message);
                   }});
  return serve(server, argc, argv);
}

// A WebSocket that sends every message back: in a browser's console,
//
//   socket = new WebSocket("ws://127.0.0.1:8080/echo")
//   socket.onmessage = (event) => console.log(event.data)
//   socket.send("hello")

#include "serve.hpp"

namespace {

void echo(duplex::WebSocket& socket, duplex::Message message) {
  socket.send(message);
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  // That console may belong to a page from anywhere; without `origins` only pages that this server
  // itself has sent may connect.
  server.websocket("/echo", {.on_message = echo, .options = {.origins = {"*"}}});
  return serve(server, argc, argv);
}

// Chat rooms: ws://127.0.0.1:8080/rooms/lobby?name=Ada. Who comes without a name is refused before
// the upgrade; each connection keeps a typed state; a room is a topic, shared by all threads.

#include <string>

#include "serve.hpp"

namespace {

struct Member {
  std::string name;
  std::string room;
};

duplex::Upgrade admit(const duplex::Request& request) {
  auto name = request.query("name");
  if (!name || name->empty()) {
    return duplex::Upgrade::refuse(
        duplex::Response::text("Say who you are: ?name=\n", duplex::Status::bad_request));
  }
  return duplex::Upgrade::accept().with_state(
      Member{.name = *std::move(name), .room = "room/" + std::string(request.param("room"))});
}

void enter(duplex::WebSocket& socket, const duplex::Request&) {
  const Member& member = socket.state<Member>();
  socket.subscribe(member.room);
  socket.publish_to_all(member.room, member.name + " comes in");
}

void talk(duplex::WebSocket& socket, duplex::Message message) {
  if (!message.is_text()) {
    socket.close(duplex::CloseCode::unsupported_data, "Only text, please");
    return;
  }
  const Member& member = socket.state<Member>();
  socket.publish_to_all(member.room, member.name + ": " + std::string(message.text()));
}

}  // namespace

int main(int argc, char** argv) {
  duplex::Server server;
  const auto leave = [&server](duplex::WebSocket& socket, const duplex::CloseInfo&) {
    const Member& member = socket.state<Member>();
    server.publish(member.room, member.name + " leaves");
  };
  server.websocket("/rooms/{room}", {
                                        .on_upgrade = admit,
                                        .on_open = enter,
                                        .on_message = talk,
                                        .on_close = leave,
                                    });
  return serve(server, argc, argv);
}

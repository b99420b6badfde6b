// WebSocket without any I/O: two sessions, a client's and a server's, talk through two queues in
// memory. The same sessions work over whatever carries bytes.

#include <iostream>
#include <string_view>
#include <variant>

#include <duplex/base/byte_queue.hpp>
#include <duplex/websocket/session.hpp>

namespace {

using duplex::ByteQueue;
using duplex::websocket::CloseCode;
using duplex::websocket::MaskSource;
using duplex::websocket::Opcode;
using duplex::websocket::Role;
using duplex::websocket::Session;
using duplex::websocket::SessionOptions;

/// A real client's masking keys are random: a session has no randomness of its own.
void fill_with_ones(duplex::Bytes room) noexcept {
  for (std::byte& byte : room) byte = std::byte{1};
}

/// Hands `wire` to `session`, prints what it says, and collects what it answers by itself.
void deliver(std::string_view who, Session& session, ByteQueue& wire, ByteQueue& answers) {
  std::cout << "-- " << wire.size() << " bytes for the " << who << '\n';
  duplex::Bytes input = wire.content();
  while (const auto event = session.next(input, answers).value()) {
    if (const auto* message = std::get_if<Session::Message>(&*event)) {
      std::cout << "message: " << duplex::as_text(message->payload) << '\n';
    } else if (std::holds_alternative<Session::Ping>(*event)) {
      std::cout << "ping, answered already\n";
    } else if (const auto* closed = std::get_if<Session::Closed>(&*event)) {
      std::cout << "close: " << number(closed->code) << ' ' << closed->reason << '\n';
    }
  }
  wire.clear();
}

}  // namespace

int main() {
  MaskSource masks(fill_with_ones);
  const SessionOptions client_options{.role = Role::client, .masks = &masks};
  const SessionOptions server_options{.role = Role::server};
  Session client(client_options);
  Session server(server_options);
  ByteQueue up;
  ByteQueue down;

  client.write_message(Opcode::text, duplex::as_bytes("Hello, server"), up);
  client.write_ping({}, up);
  client.write_close(CloseCode::normal, "Goodbye", up);
  deliver("server", server, up, down);
  deliver("client", client, down, up);
}

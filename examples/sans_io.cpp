// The protocols without any I/O: bytes in, events and bytes out. An HTTP request becomes
// a WebSocket, and both ends of it talk, in memory and in one function.

#include <array>
#include <iostream>
#include <string>
#include <variant>

#include <duplex/http1/request_parser.hpp>
#include <duplex/websocket/handshake.hpp>
#include <duplex/websocket/session.hpp>

namespace {

namespace http1 = duplex::http1;
namespace websocket = duplex::websocket;

/// A client masks its frames with keys that must be unpredictable; a transcript's need not be.
struct FixedMask final : websocket::MaskSource {
  websocket::MaskKey next_mask() noexcept override {
    return {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  }
};

/// Gives what is in `wire` to `session`, prints what comes of it, and collects what it answers.
void deliver(std::string_view who, websocket::Session& session, duplex::ByteQueue& wire,
             duplex::ByteQueue& answers) {
  duplex::Bytes input = wire.content();
  while (auto event = session.next(input, answers).value()) {
    if (const auto* message = std::get_if<websocket::Session::Message>(&*event)) {
      std::cout << who << " gets \"" << duplex::as_text(message->payload) << "\"\n";
    } else if (const auto* closed = std::get_if<websocket::Session::Closed>(&*event)) {
      std::cout << who << " gets close " << number(closed->code) << ' ' << closed->reason << '\n';
    }
  }
  wire.consume(wire.size() - input.size());
}

}  // namespace

int main() {
  duplex::ByteQueue up;
  duplex::ByteQueue down;
  up.append(
      "GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

  const http1::Limits limits;
  http1::FieldTable fields;
  http1::RequestParser parser(limits, fields);
  duplex::Bytes input = up.content();
  const auto event = parser.next(input).value();
  const auto& head = std::get<http1::RequestParser::Head>(event.value()).head;
  std::cout << "server gets " << name(head.method) << ' ' << head.target << '\n';
  const auto request = websocket::check_handshake(head).value();
  websocket::write_switching_protocols(request.key, std::nullopt, {}, down);
  std::cout << duplex::as_text(down.content());
  up.clear();
  down.clear();

  FixedMask masks;
  const websocket::SessionOptions client_options{.role = websocket::Role::client, .masks = &masks};
  const websocket::SessionOptions server_options;
  websocket::Session client(client_options);
  websocket::Session server(server_options);
  client.write_message(websocket::Opcode::text, duplex::as_bytes("Hello, server"), up);
  server.write_message(websocket::Opcode::text, duplex::as_bytes("Hello, client"), down);
  client.write_close(websocket::CloseCode::normal, "Goodbye", up);
  deliver("server", server, up, down);
  deliver("client", client, down, up);
}

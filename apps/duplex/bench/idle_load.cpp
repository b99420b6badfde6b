#include "idle_load.hpp"

#include <optional>
#include <string>
#include <vector>

#include "echo_reader.hpp"

namespace duplex::app::bench {

void Listener::take(Connection& connection, Bytes input) {
  std::vector<std::string> pings;
  std::optional<std::string> closed;
  const auto error = at(connection).feed(input, [&](const websocket::Frame& frame) {
    if (frame.header.opcode == websocket::Opcode::ping) pings.emplace_back(as_text(frame.payload));
    if (frame.header.opcode == websocket::Opcode::close) closed.emplace(as_text(frame.payload));
  });
  if (error) {
    thread_.fail(connection, {"protocol", std::string(websocket::describe(*error))});
    return;
  }
  for (const std::string& ping : pings) {
    thread_.say(connection, client_frame(websocket::Opcode::pong, ping, false, thread_.random()));
    if (!connection.is_open()) return;
  }
  if (closed) thread_.fail(connection, closed_fault(*closed));
}

}  // namespace duplex::app::bench

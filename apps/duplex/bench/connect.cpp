#include "connect.hpp"

#include <string_view>

namespace duplex::app::bench {
namespace {

/// What begins a server's close frame.
constexpr std::byte close_byte{0x88};

}  // namespace

void Connect::begin(Time now) {
  (void)now;
  for (Connection& connection : thread_.connections()) thread_.open(connection);
}

void Connect::opened(Connection& connection, Time now) {
  thread_.recorder().sent(0);
  thread_.recorder().received(0, now - connection.since);
  if (connection.endpoint->opening) {
    thread_.say(connection, client_close_frame);
  } else {
    again(connection);
  }
}

void Connect::received(Connection& connection, Bytes input, Time now) {
  (void)now;
  // It may have said something else before; then the end of the connection tells.
  if (input.front() == close_byte) again(connection);
}

bool Connect::ended(Connection& connection) {
  again(connection);
  return true;
}

void Connect::again(Connection& connection) {
  thread_.close(connection);
  if (thread_.loading()) thread_.open(connection);
}

}  // namespace duplex::app::bench

#include "connect_load.hpp"

#include <string_view>

namespace duplex::app::bench {
namespace {

/// What begins a server's close frame.
constexpr std::byte close_byte{0x88};
/// After so long, since the latest handshake, no ticket comes any more.
constexpr Time ticket_time_max = second / 2;

}  // namespace

void ConnectLoad::begin(Time now) {
  (void)now;
  for (Connection& connection : thread_.connections()) thread_.open(connection);
}

void ConnectLoad::opened(Connection& connection, Time now) {
  thread_.recorder().sent(0);
  thread_.recorder().received(0, now - connection.since);
  if (connection.endpoint->opening) {
    thread_.say(connection, client_close_frame);
  } else if (waits_for_ticket(connection)) {
    tickets_due_ = now + ticket_time_max;
  } else {
    again(connection);
  }
}

/// The first ones: with TLS 1.3, what a session can be resumed with comes behind the handshake.
bool ConnectLoad::waits_for_ticket(const Connection& connection) const {
  return tickets_come_ && thread_.setup().options.resume && connection.endpoint->tls &&
         !connection.endpoint->tls->resumes();
}

/// One of those that wait has got it, for all.
bool ConnectLoad::waits_no_more(const Connection& connection) const {
  return tickets_due_ != never && connection.endpoint->tls->resumes();
}

void ConnectLoad::act(Time now) {
  (void)now;
  tickets_come_ = false;
  stop_waiting();
}

/// Those that are still open have no ticket of their own, and the next ones need none: there is a
/// session, or there won't be one.
void ConnectLoad::stop_waiting() {
  tickets_due_ = never;
  for (Connection& connection : thread_.connections()) {
    if (connection.is_open()) again(connection);
  }
}

void ConnectLoad::only_tls_came(Connection& connection) {
  if (waits_no_more(connection)) stop_waiting();
}

void ConnectLoad::received(Connection& connection, Bytes input, Time now) {
  (void)now;
  // It may have said something else before; then the end of the connection tells.
  if (input.front() == close_byte) again(connection);
}

bool ConnectLoad::ended(Connection& connection) {
  if (waits_no_more(connection)) {
    stop_waiting();
  } else {
    again(connection);
  }
  return true;
}

void ConnectLoad::again(Connection& connection) {
  thread_.close(connection);
  if (thread_.loading()) thread_.open(connection);
}

}  // namespace duplex::app::bench

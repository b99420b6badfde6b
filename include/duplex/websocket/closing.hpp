#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <duplex/websocket/frame.hpp>

namespace duplex::websocket {

/// How far the closing handshake is (RFC 6455 section 7.1.2), seen from our end.
enum class Closing : std::uint8_t {
  open,            ///< no close frame has gone either way
  close_sent,      ///< ours has; what the peer says until its own still counts
  close_received,  ///< the peer's has; ours is due, all else is over
  closed,          ///< both have, or a rule was broken: nothing more is read or written
};

/// What can happen in a conversation, as far as the closing handshake cares.
enum class ClosingEvent : std::uint8_t {
  we_send,             ///< a message, a fragment, a ping or a pong
  we_close,            ///< a close frame
  peer_sends,          ///< any valid frame that is not a close frame
  peer_closes,         ///< a valid close frame
  peer_breaks_a_rule,  ///< _Fail the WebSocket Connection_, section 7.1.7
};

inline constexpr std::size_t closing_count = 4;
inline constexpr std::size_t closing_event_count = 5;

/// What an event leads to.
struct ClosingStep {
  Closing next;
  /// Whether what happened counts: what we want to send may be sent, what came is heard.
  bool counts;
  /// Whether a close frame is due from us now.
  bool answer;
  /// Whether we are to end the connection below as soon as all is sent. After a handshake the
  /// server does and the client waits for it (section 7.1.1), so that the server need not keep
  /// the connection's address in TIME_WAIT for the client's sake; after a broken rule each does.
  bool hang_up;
};

namespace detail {

using ClosingRow = std::array<ClosingStep, closing_event_count>;

inline constexpr std::array<std::array<ClosingRow, closing_count>, 2> closing_table = [] {
  using enum Closing;
  std::array<std::array<ClosingRow, closing_count>, 2> table{};
  for (std::size_t role = 0; role < table.size(); ++role) {
    const bool server = role == static_cast<std::size_t>(Role::server);
    // Columns: we send, we close, peer sends, peer closes, peer breaks a rule.
    table[role] = {{
        // open
        {{{open, true, false, false},
          {close_sent, true, false, false},
          {open, true, false, false},
          {close_received, true, true, false},
          {closed, true, true, true}}},
        // close_sent
        {{{close_sent, false, false, false},
          {close_sent, false, false, false},
          {close_sent, true, false, false},
          {closed, true, false, server},
          {closed, true, false, true}}},
        // close_received
        {{{close_received, false, false, false},
          {closed, true, false, server},
          {close_received, false, false, false},
          {close_received, false, false, false},
          {close_received, false, false, false}}},
        // closed
        {{{closed, false, false, false},
          {closed, false, false, false},
          {closed, false, false, false},
          {closed, false, false, false},
          {closed, false, false, false}}},
    }};
  }
  return table;
}();

}  // namespace detail

/// The closing handshake as a table: what `event` leads to in state `from` at the end `role`.
constexpr ClosingStep closing_step(Role role, Closing from, ClosingEvent event) noexcept {
  return detail::closing_table[static_cast<std::size_t>(role)][static_cast<std::size_t>(from)]
                              [static_cast<std::size_t>(event)];
}

/// That we may send as long as no close frame has gone, and no longer, is asked for each message,
/// and not looked up.
static_assert([] {
  for (const Role role : {Role::server, Role::client}) {
    for (std::size_t from = 0; from < closing_count; ++from) {
      const auto state = static_cast<Closing>(from);
      const bool counts = closing_step(role, state, ClosingEvent::we_send).counts;
      if (counts != (state == Closing::open)) return false;
    }
  }
  return true;
}());

}  // namespace duplex::websocket

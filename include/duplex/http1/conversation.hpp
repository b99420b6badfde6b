#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace duplex::http1 {

/// The two parties of a connection.
enum class Role : std::uint8_t { client, server };

/// How far a party is in the present exchange.
enum class PartyState : std::uint8_t {
  idle,             ///< the client may begin a request; the server has none to answer
  owing_response,   ///< server only: a request has come, the final response has not begun
  sending_content,  ///< its head is sent, its end is not
  done,             ///< its message is complete
  switched,         ///< the connection speaks another protocol
  closed,           ///< sends nothing any more
};

/// What happens on a connection, whoever sees it.
enum class Turn : std::uint8_t {
  request_head,
  request_end,
  interim_response,  ///< 100, 102, 103
  response_head,     ///< any final response
  response_end,
  switch_protocols,  ///< 101
  next_exchange,     ///< both are done and the connection persists
  close,
};

inline constexpr std::size_t party_state_count = 6;
inline constexpr std::size_t turn_count = 8;

namespace detail {

using PartyTable = std::array<std::array<std::optional<PartyState>, turn_count>, party_state_count>;

/// The table of one party: rows are states, columns are turns, in the order of their enumerations.
constexpr PartyTable party_table(Role role) noexcept {
  constexpr std::optional<PartyState> no;  // may not happen here
  constexpr auto idle = PartyState::idle;
  constexpr auto owes = PartyState::owing_response;
  constexpr auto send = PartyState::sending_content;
  constexpr auto done = PartyState::done;
  constexpr auto swit = PartyState::switched;
  constexpr auto clos = PartyState::closed;
  // clang-format off
  if (role == Role::client) {
    return {{
      // request     interim response     switch next  close
      // head  end           head  end
      {  send, no,   no,     idle, idle,  no,    no,   clos },  // idle: may hear a 400 or 408
      {  no,   no,   no,     no,   no,    no,    no,   no   },  // owing_response: never
      {  no,   done, send,   send, send,  no,    no,   clos },  // sending_content
      {  no,   no,   done,   done, done,  swit,  idle, clos },  // done
      {  no,   no,   no,     no,   no,    no,    no,   clos },  // switched
      {  no,   no,   clos,   clos, clos,  no,    no,   clos },  // closed: still hears the answer
    }};
  }
  return {{
      // request     interim response     switch next  close
      // head  end           head  end
      {  owes, no,   no,     send, no,    no,    no,   clos },  // idle: 400 or 408, no request
      {  no,   owes, owes,   send, no,    swit,  no,   clos },  // owing_response
      {  no,   send, no,     no,   done,  no,    no,   clos },  // sending_content
      {  no,   done, no,     no,   no,    no,    idle, clos },  // done
      {  no,   no,   no,     no,   no,    no,    no,   clos },  // switched
      {  no,   no,   no,     no,   no,    no,    no,   clos },  // closed
  }};
  // clang-format on
}

inline constexpr PartyTable client_table = party_table(Role::client);
inline constexpr PartyTable server_table = party_table(Role::server);

}  // namespace detail

/// Where `turn` takes the party in `role` from `state`; nullopt when it may not happen there.
constexpr std::optional<PartyState> transition(Role role, PartyState state, Turn turn) noexcept {
  const auto& table = role == Role::client ? detail::client_table : detail::server_table;
  return table[static_cast<std::size_t>(state)][static_cast<std::size_t>(turn)];
}

/// Both parties of one connection (RFC 9112 section 9). A turn moves both, or neither.
struct Conversation {
  PartyState client = PartyState::idle;
  PartyState server = PartyState::idle;

  /// Whether `turn` may happen now.
  constexpr bool allows(Turn turn) const noexcept {
    return transition(Role::client, client, turn) && transition(Role::server, server, turn);
  }

  /// Takes `turn`; false, and nothing changed, when it may not happen now.
  constexpr bool take(Turn turn) noexcept {
    if (!allows(turn)) return false;
    client = *transition(Role::client, client, turn);
    server = *transition(Role::server, server, turn);
    return true;
  }

  friend constexpr bool operator==(const Conversation&, const Conversation&) = default;
};

}  // namespace duplex::http1

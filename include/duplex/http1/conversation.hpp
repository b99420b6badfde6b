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

inline constexpr auto forbidden = std::optional<PartyState>{};

using TurnRow = std::array<std::optional<PartyState>, turn_count>;
using PartyTable = std::array<TurnRow, party_state_count>;

// clang-format off
inline constexpr auto id = std::optional(PartyState::idle);
inline constexpr auto ow = std::optional(PartyState::owing_response);
inline constexpr auto se = std::optional(PartyState::sending_content);
inline constexpr auto dn = std::optional(PartyState::done);
inline constexpr auto sw = std::optional(PartyState::switched);
inline constexpr auto cl = std::optional(PartyState::closed);
inline constexpr auto __ = forbidden;

/// Rows are states, columns are turns, in the order of their enumerations.
inline constexpr PartyTable client_table = {{
    // request      interim  response     switch  next  close
    // head    end           head    end
    {   se,    __,    __,    id,     id,    __,    __,   cl },  // idle: a final response may tell
                                                               // that its head was unreadable
    {   __,    __,    __,    __,     __,    __,    __,   __ },  // owing_response: not the client
    {   __,    dn,    se,    se,     se,    __,    __,   cl },  // sending_content
    {   __,    __,    dn,    dn,     dn,    sw,    id,   cl },  // done
    {   __,    __,    __,    __,     __,    __,    __,   cl },  // switched
    {   __,    __,    __,    cl,     cl,    __,    __,   cl },  // closed: still hears the response
}};

inline constexpr PartyTable server_table = {{
    // request      interim  response     switch  next  close
    // head    end           head    end
    {   ow,    __,    __,    se,     __,    __,    __,   cl },  // idle: 400 or 408 without request
    {   __,    ow,    ow,    se,     __,    sw,    __,   cl },  // owing_response
    {   __,    se,    __,    __,     dn,    __,    __,   cl },  // sending_content
    {   __,    dn,    __,    __,     __,    __,    id,   cl },  // done
    {   __,    __,    __,    __,     __,    __,    __,   cl },  // switched
    {   __,    __,    __,    __,     __,    __,    __,   cl },  // closed
}};
// clang-format on

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

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include <duplex/http1/conversation.hpp>

namespace duplex::http1 {
namespace {

std::vector<PartyState> all_states() {
  std::vector<PartyState> states;
  for (std::size_t i = 0; i < party_state_count; ++i) states.push_back(static_cast<PartyState>(i));
  return states;
}

std::vector<Turn> all_turns() {
  std::vector<Turn> turns;
  for (std::size_t i = 0; i < turn_count; ++i) turns.push_back(static_cast<Turn>(i));
  return turns;
}

/// All pairs that turns lead to from the beginning.
std::set<std::pair<PartyState, PartyState>> reachable() {
  std::set<std::pair<PartyState, PartyState>> seen = {{PartyState::idle, PartyState::idle}};
  std::vector<Conversation> open = {{}};
  while (!open.empty()) {
    const Conversation from = open.back();
    open.pop_back();
    for (Turn turn : all_turns()) {
      Conversation to = from;
      if (to.take(turn) && seen.emplace(to.client, to.server).second) open.push_back(to);
    }
  }
  return seen;
}

TEST(Conversation, MovesBothPartiesOrNeither) {
  for (PartyState client : all_states()) {
    for (PartyState server : all_states()) {
      for (Turn turn : all_turns()) {
        const Conversation before{client, server};
        Conversation after = before;
        const auto client_to = transition(Role::client, client, turn);
        const auto server_to = transition(Role::server, server, turn);
        const bool taken = after.take(turn);
        EXPECT_EQ(taken, before.allows(turn));
        EXPECT_EQ(taken, client_to.has_value() && server_to.has_value());
        if (taken) {
          EXPECT_EQ(after, (Conversation{*client_to, *server_to}));
        } else {
          EXPECT_EQ(after, before);
        }
      }
    }
  }
}

TEST(Conversation, ReachesThesePairsAndNoOthers) {
  using enum PartyState;
  const std::set<std::pair<PartyState, PartyState>> expected = {
      {idle, idle},
      {sending_content, owing_response},
      {sending_content, sending_content},  // answered early
      {sending_content, done},             // answered early and wholly
      {done, owing_response},
      {done, sending_content},
      {done, done},
      {idle, sending_content},  // an answer to what could not be read
      {idle, done},
      {switched, switched},
      {closed, closed},
  };
  EXPECT_EQ(reachable(), expected);
}

TEST(Conversation, AllowsExactlyTheseTurns) {
  using enum PartyState;
  using enum Turn;
  struct Row {
    Conversation at;
    std::set<Turn> turns;
  };
  const Row rows[] = {
      {{idle, idle}, {request_head, response_head, close}},
      {{sending_content, owing_response}, {request_end, interim_response, response_head, close}},
      {{sending_content, sending_content}, {request_end, response_end, close}},
      {{sending_content, done}, {request_end, close}},
      {{done, owing_response}, {interim_response, response_head, switch_protocols, close}},
      {{done, sending_content}, {response_end, close}},
      {{done, done}, {next_exchange, close}},
      {{idle, sending_content}, {response_end, close}},
      {{idle, done}, {close}},
      {{switched, switched}, {close}},
      {{closed, closed}, {close}},
  };
  ASSERT_EQ(std::size(rows), reachable().size());
  for (const Row& row : rows) {
    for (Turn turn : all_turns()) {
      EXPECT_EQ(row.at.allows(turn), row.turns.contains(turn))
          << "client " << int(row.at.client) << " server " << int(row.at.server) << " turn "
          << int(turn);
    }
  }
}

TEST(Conversation, EveryPairCanEndOrGoOn) {
  for (const auto& [client, server] : reachable()) {
    EXPECT_TRUE((Conversation{client, server}).allows(Turn::close));
  }
}

// The table is data for the compiler, too.
static_assert([] {
  Conversation conversation;
  return conversation.take(Turn::request_head) && conversation.take(Turn::interim_response) &&
         conversation.take(Turn::request_end) && conversation.take(Turn::response_head) &&
         conversation.take(Turn::response_end) && conversation.take(Turn::next_exchange) &&
         conversation == Conversation{};
}());

}  // namespace
}  // namespace duplex::http1

#include <gtest/gtest.h>

#include <duplex/websocket/closing.hpp>

namespace duplex::websocket {
namespace {

using enum Closing;
using enum ClosingEvent;

constexpr Closing all_states[] = {open, close_sent, close_received, closed};
constexpr ClosingEvent all_events[] = {we_send, we_close, peer_sends, peer_closes,
                                       peer_breaks_a_rule};

bool reads(Closing state) {
  return state == open || state == close_sent;
}

/// RFC 6455 sections 5.5.1, 7.1.1 and 7.1.7 said once more, as rules instead of a table.
ClosingStep expected_step(Role role, Closing from, ClosingEvent event) {
  const bool server = role == Role::server;
  const bool our_close_is_out = from == close_sent || from == closed;
  switch (event) {
    case we_send: return {from, from == open, false, false};
    case we_close:
      if (our_close_is_out) return {from, false, false, false};
      return from == open ? ClosingStep{close_sent, true, false, false}
                          : ClosingStep{closed, true, false, server};
    case peer_sends: return {from, reads(from), false, false};
    case peer_closes:
      if (!reads(from)) return {from, false, false, false};
      return from == open ? ClosingStep{close_received, true, true, false}
                          : ClosingStep{closed, true, false, server};
    case peer_breaks_a_rule:
      if (!reads(from)) return {from, false, false, false};
      return {closed, true, from == open, true};
  }
  return {};
}

TEST(Closing, FollowsTheRulesInEveryStateForEveryEvent) {
  for (Role role : {Role::server, Role::client}) {
    for (Closing from : all_states) {
      for (ClosingEvent event : all_events) {
        const ClosingStep step = closing_step(role, from, event);
        const ClosingStep expected = expected_step(role, from, event);
        EXPECT_EQ(step.next, expected.next);
        EXPECT_EQ(step.counts, expected.counts);
        EXPECT_EQ(step.answer, expected.answer);
        EXPECT_EQ(step.hang_up, expected.hang_up);
      }
    }
  }
  EXPECT_EQ(std::size(all_states), closing_count);
  EXPECT_EQ(std::size(all_events), closing_event_count);
}

TEST(Closing, NeverGoesBack) {
  for (Role role : {Role::server, Role::client}) {
    for (Closing from : all_states) {
      for (ClosingEvent event : all_events) {
        const Closing next = closing_step(role, from, event).next;
        EXPECT_NE(from == closed && next != closed, true);
        EXPECT_NE(from != open && next == open, true);
      }
    }
  }
}

TEST(Closing, LetsTheServerHangUpAfterTheHandshakeAndTheClientWait) {
  static_assert(closing_step(Role::server, close_sent, peer_closes).hang_up);
  static_assert(!closing_step(Role::client, close_sent, peer_closes).hang_up);
  static_assert(closing_step(Role::client, open, peer_breaks_a_rule).hang_up);
}

}  // namespace
}  // namespace duplex::websocket

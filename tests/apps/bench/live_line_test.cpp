#include "bench/live_line.hpp"

#include <gtest/gtest.h>

#include "overwritten_line.hpp"

namespace duplex::app::bench {
namespace {

using namespace std::chrono_literals;

const LiveLine::Time begin{1h};

TEST(LiveLine, TellsRatePercentilesErrorsAndTimeLeft) {
  LiveLine line(Mode::echo);
  RunState state{.now = {.messages_per_second = 183'412,
                         .p50_ns = 45'600,
                         .p99_ns = 120'000,
                         .errors = 2,
                         .connections = 50},
                 .connections = 50,
                 .left = 7'900ms};
  EXPECT_EQ(line.update(state, begin),
            over_the_last_line("183,412 messages/s, p50 45.6 µs, p99 120 µs, 2 errors, 8 s left"));
  state.now.errors = 1;
  state.left = -5ms;
  EXPECT_EQ(
      line.update(state, begin + 1s),
      over_the_last_line(
          "183,412 messages/s, p50 45.6 µs, p99 120 µs, 1 error, waiting for the last answers"));
  state.now = {};
  EXPECT_EQ(line.update(state, begin + 2s),
            over_the_last_line("0 messages/s, waiting for the last answers"));
}

TEST(LiveLine, TellsHowManyConnectionsAreOpenWhileNothingElseHappens) {
  LiveLine line(Mode::fanout);
  EXPECT_EQ(line.update({.now = {.connections = 1234}, .connections = 5000}, begin),
            over_the_last_line("1,234 of 5,000 connections open"));
  LiveLine idle(Mode::idle);
  EXPECT_EQ(idle.update({.now = {.connections = 5000}, .connections = 5000, .left = 3s}, begin),
            over_the_last_line("5,000 of 5,000 connections open, 3 s left"));
}

TEST(LiveLine, IsNotRenewedMoreOftenThanAnybodyCanRead) {
  LiveLine line(Mode::echo);
  EXPECT_TRUE(line.update({}, begin));
  EXPECT_FALSE(line.update({}, begin + 199ms));
  EXPECT_TRUE(line.update({}, begin + 200ms));
}

TEST(LiveLine, StaysInItsRow) {
  EXPECT_EQ(over_the_last_line("text"), "\r\x1b[K\x1b[?7ltext\x1b[?7h");
}

TEST(LiveLine, TakesItselfOffTheScreen) {
  LiveLine line(Mode::echo);
  EXPECT_EQ(line.clear(), "");
  line.update({}, begin);
  EXPECT_EQ(line.clear(), no_line);
  EXPECT_EQ(line.clear(), "");
}

}  // namespace
}  // namespace duplex::app::bench

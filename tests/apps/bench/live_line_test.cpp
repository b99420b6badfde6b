#include "bench/live_line.hpp"

#include <gtest/gtest.h>

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
            "\r\x1b[K183,412 messages/s, p50 45.6 µs, p99 120 µs, 2 errors, 8 s left");
  state.now.errors = 1;
  state.left = -5ms;
  EXPECT_EQ(line.update(state, begin + 1s),
            "\r\x1b[K183,412 messages/s, p50 45.6 µs, p99 120 µs, 1 error, 0 s left");
  state.now = {};
  EXPECT_EQ(line.update(state, begin + 2s), "\r\x1b[K0 messages/s, 0 s left");
}

TEST(LiveLine, TellsHowManyConnectionsAreOpenWhileNothingElseHappens) {
  LiveLine line(Mode::fanout);
  EXPECT_EQ(line.update({.now = {.connections = 1234}, .connections = 5000}, begin),
            "\r\x1b[K1,234 of 5,000 connections open");
  LiveLine idle(Mode::idle);
  EXPECT_EQ(idle.update({.now = {.connections = 5000}, .connections = 5000, .left = 3s}, begin),
            "\r\x1b[K5,000 of 5,000 connections open, 3 s left");
}

TEST(LiveLine, IsNotRenewedMoreOftenThanAnybodyCanRead) {
  LiveLine line(Mode::echo);
  EXPECT_TRUE(line.update({}, begin));
  EXPECT_FALSE(line.update({}, begin + 199ms));
  EXPECT_TRUE(line.update({}, begin + 200ms));
}

TEST(LiveLine, TakesItselfOffTheScreen) {
  LiveLine line(Mode::echo);
  EXPECT_EQ(line.clear(), "");
  line.update({}, begin);
  EXPECT_EQ(line.clear(), "\r\x1b[K");
  EXPECT_EQ(line.clear(), "");
}

}  // namespace
}  // namespace duplex::app::bench

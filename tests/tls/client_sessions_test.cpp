#include "tls/client_sessions.hpp"

#include <gtest/gtest.h>

#include <string>

namespace duplex::tls {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr sys_seconds received{seconds(1'800'000'000)};
constexpr sys_seconds far = received + std::chrono::days(100);

/// A session as a server of `version` gives it; told from others by its `mark`.
SessionPointer session(int version, unsigned char mark = 0,
                       std::chrono::seconds life = seconds(1)) {
  SessionPointer made(SSL_SESSION_new());
  SSL_SESSION_set_protocol_version(made.get(), version);
  const unsigned char id[] = {'s', mark};
  SSL_SESSION_set1_id(made.get(), id, sizeof id);
  SSL_SESSION_set_time(made.get(), received.time_since_epoch().count());
  SSL_SESSION_set_timeout(made.get(), life.count());
  return made;
}

int mark_of(const ClientSession& session) {
  unsigned int size = 0;
  const unsigned char* const id = SSL_SESSION_get_id(session.native.get(), &size);
  return size == 2 ? id[1] : -1;
}

// A ticket's lifetime can be set by a server only: those of TLS 1.3 are in the tests of streams.
TEST(ClientSessions, GivesASessionOfTls12AgainAndAgain) {
  ClientSessions sessions;
  sessions.put("a", *session(TLS1_2_VERSION, 1), far);
  for (int i = 0; i < 3; ++i) {
    const auto taken = sessions.take("a", received);
    ASSERT_TRUE(taken);
    EXPECT_EQ(mark_of(*taken), 1);
    EXPECT_EQ(taken->end, far);
  }
}

TEST(ClientSessions, GivesTheNewestSessionOfTls12) {
  ClientSessions sessions;
  sessions.put("a", *session(TLS1_2_VERSION, 1), far);
  sessions.put("a", *session(TLS1_2_VERSION, 2), far);
  EXPECT_EQ(mark_of(sessions.take("a", received).value()), 2);
  EXPECT_EQ(mark_of(sessions.take("a", received).value()), 2);
}

TEST(ClientSessions, KnowsServersApart) {
  ClientSessions sessions;
  sessions.put("a", *session(TLS1_2_VERSION, 1), far);
  sessions.put("b", *session(TLS1_2_VERSION, 2), far);
  EXPECT_FALSE(sessions.take("c", received));
  EXPECT_EQ(mark_of(sessions.take("b", received).value()), 2);
  sessions.forget("b");
  sessions.forget("c");
  EXPECT_FALSE(sessions.take("b", received));
  EXPECT_EQ(mark_of(sessions.take("a", received).value()), 1);
  EXPECT_EQ(sessions.size(), 1u);
}

TEST(ClientSessions, ForgetsASessionAtItsEnd) {
  ClientSessions sessions;
  const sys_seconds end = received + seconds(10);
  sessions.put("a", *session(TLS1_2_VERSION, 1, seconds(100)), end);
  EXPECT_TRUE(sessions.take("a", end - seconds(1)));
  EXPECT_FALSE(sessions.take("a", end));
  EXPECT_EQ(sessions.size(), 0u);
}

TEST(ClientSessions, ForgetsASessionWhoseServerHasForgottenIt) {
  ClientSessions sessions;
  sessions.put("a", *session(TLS1_2_VERSION, 1, seconds(100)), far);
  EXPECT_TRUE(sessions.take("a", received + seconds(99)));
  EXPECT_FALSE(sessions.take("a", received + seconds(100)));
}

TEST(ClientSessions, ForgetsWhatWasUsedLeastRecentlyWhenItIsFull) {
  ClientSessions sessions;
  const auto name = [](std::size_t number) { return "server " + std::to_string(number); };
  for (std::size_t i = 0; i < ClientSessions::keys_max; ++i) {
    sessions.put(name(i), *session(TLS1_2_VERSION), far);
  }
  EXPECT_TRUE(sessions.take(name(0), received));
  sessions.put("one more", *session(TLS1_2_VERSION), far);
  EXPECT_EQ(sessions.size(), ClientSessions::keys_max);
  EXPECT_TRUE(sessions.take(name(0), received));
  EXPECT_FALSE(sessions.take(name(1), received));
  EXPECT_TRUE(sessions.take(name(2), received));
  EXPECT_TRUE(sessions.take("one more", received));
  // One more of a known server pushes nobody out.
  sessions.put(name(2), *session(TLS1_2_VERSION), far);
  EXPECT_EQ(sessions.size(), ClientSessions::keys_max);
}

}  // namespace
}  // namespace duplex::tls

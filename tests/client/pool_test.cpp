#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <latch>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "tests/client/running_server.hpp"
#include "tests/client/scripted_server.hpp"
#include <duplex/base/all.hpp>
#include <duplex/client/client.hpp>

// The pool as who asks sees it: which connections there are, and which request goes over which.

namespace duplex::client {
namespace {

using namespace std::chrono_literals;

// So that a test whose request waits for ever fails, and goes on.
constexpr auto patience = 20s;

ClientOptions options_with(const PoolLimits& limits) {
  ClientOptions options = plain_options();
  options.pool = limits;
  return options;
}

/// Answers each request with its target.
void serve(ScriptedPeer& peer) {
  for (std::string head = peer.read_head(); !head.empty(); head = peer.read_head()) {
    peer.respond(target_of(head));
  }
}

Task<> ask(const Client& client, std::string url, std::string& answer) {
  const auto response = co_await client.get(url).deadline(patience);
  answer = response ? response->text() : response.error().message();
}

/// Asks for all of them at once. What comes is the content, or the error's message.
std::vector<std::string> ask_at_once(const Client& client, const ScriptedServer& there,
                                     const std::vector<std::string>& targets) {
  std::vector<std::string> answers(targets.size());
  std::vector<Task<>> tasks;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    tasks.push_back(ask(client, there.url(targets[i]), answers[i]));
  }
  client.run(all(std::move(tasks)));
  return answers;
}

// ---------------------------------------------------------------------------- how many there are

class PoolOf : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Connections, PoolOf, testing::Values(1, 2),
                         testing::PrintToStringParamName());

TEST_P(PoolOf, GoesOnAfterHandshakesThatFail) {
  std::atomic<int> connections = 0;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    ++connections;
    peer.read(1);
    peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.read_to_end();
  });
  const Client client(options_with({.connections_per_origin_max = GetParam()}));
  std::vector<Error> errors;
  const auto fail = [&]() -> Task<> {
    const auto response = co_await client.get(there.url("/", "https")).deadline(patience);
    if (!response) errors.push_back(response.error());
  };
  const auto fail_at_once = [&]() -> Task<> {
    std::vector<Task<>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(fail());
    co_await all(std::move(tasks));
  };
  client.run(fail_at_once());
  client.run(fail_at_once());
  ASSERT_EQ(errors.size(), 10U);
  for (const Error& error : errors) {
    EXPECT_EQ(error.step, Step::tls);
    EXPECT_FALSE(error.timed_out()) << error.message();
  }
  EXPECT_EQ(connections, 10);
}

TEST_P(PoolOf, GoesOnAfterAHandshakeThatIsCutOffBesideOthers) {
  const std::size_t most = GetParam();
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    if (connection >= static_cast<int>(most)) {
      peer.read(1);
      peer.send("no TLS");
    }
    peer.read_to_end();
  });
  const Client client(options_with({.connections_per_origin_max = most}));
  std::vector<Error> errors;
  const auto fail = [&](std::chrono::milliseconds deadline) -> Task<> {
    const auto response = co_await client.get(there.url("/", "https")).deadline(deadline);
    if (!response) errors.push_back(response.error());
  };
  const auto fail_at_once = [&]() -> Task<> {
    std::vector<Task<>> tasks;
    // These hold all connections, one after the other gives its up...
    for (std::size_t i = 0; i < most; ++i) tasks.push_back(fail(20ms * (i + 1)));
    // ... and these wait for them.
    for (int i = 0; i < 4; ++i) tasks.push_back(fail(patience));
    co_await all(std::move(tasks));
  };
  client.run(fail_at_once());
  client.run(fail(patience));
  ASSERT_EQ(errors.size(), most + 5);
  std::size_t late = 0;
  for (const Error& error : errors) {
    EXPECT_EQ(error.step, Step::tls) << error.message();
    if (error.timed_out()) ++late;
  }
  EXPECT_EQ(late, most);
}

TEST_P(PoolOf, AsksAnewWhenConnectionsThatRestedWereGivenUpAndOthersWait) {
  const std::size_t most = GetParam();
  std::latch all_used(static_cast<std::ptrdiff_t>(most));
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    if (connection >= static_cast<int>(most)) return serve(peer);
    // Gives up when it is used again.
    const std::string head = peer.read_head();
    all_used.arrive_and_wait();
    peer.respond(target_of(head));
    peer.read_head();
  });
  const Client client(options_with({.connections_per_origin_max = most}));
  std::vector<std::string> first;
  std::vector<std::string> then;
  for (std::size_t i = 0; i < most; ++i) first.push_back("/first/" + std::to_string(i));
  for (std::size_t i = 0; i < most + 4; ++i) then.push_back("/then/" + std::to_string(i));
  EXPECT_EQ(ask_at_once(client, there, first), first);
  EXPECT_EQ(ask_at_once(client, there, then), then);
}

TEST(Pool, LetsThoseWhoWaitGoOnInTheirOrder) {
  std::vector<std::string> targets;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    for (std::string head = peer.read_head(); !head.empty(); head = peer.read_head()) {
      targets.push_back(target_of(head));
      // Every other one has to make its own connection.
      const bool last = targets.size() % 2 == 0;
      peer.respond(targets.back(), last ? "Connection: close\r\n" : "");
      if (last) return;
    }
  });
  const Client client(options_with({.connections_per_origin_max = 1}));
  const std::vector<std::string> asked{"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"};
  EXPECT_EQ(ask_at_once(client, there, asked), asked);
  EXPECT_EQ(targets, asked);
  EXPECT_EQ(client.statistics().connections_opened, 4U);
}

TEST(Pool, ForgetsWhoGaveUpWaiting) {
  std::promise<void> asked;
  std::promise<void> answer;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    std::string head = peer.read_head();
    asked.set_value();
    answer.get_future().wait();
    peer.respond(target_of(head));
    serve(peer);
  });
  const Client client(options_with({.connections_per_origin_max = 1}));
  std::promise<std::string> first;
  client.get(there.url("/first")).then([&](Result<Response> response) {
    first.set_value(response.value().text());
  });
  asked.get_future().wait();
  const auto waited = client.get(there.url("/never")).deadline(1ms).wait();
  EXPECT_TRUE(waited.error().timed_out());
  EXPECT_EQ(waited.error().step, Step::connect);
  answer.set_value();
  EXPECT_EQ(first.get_future().get(), "/first");
  EXPECT_EQ(client.get(there.url("/next")).wait().value().text(), "/next");
}

// ---------------------------------------------------------------------------- which rest

TEST(Pool, LetsNoMoreRestThanAreAllowed) {
  std::latch both(2);
  std::promise<void> ended;
  std::once_flag once;
  const ScriptedServer there([&](ScriptedPeer& peer, int) {
    const std::string head = peer.read_head();
    both.arrive_and_wait();
    peer.respond(target_of(head));
    peer.read_to_end();
    std::call_once(once, [&] { ended.set_value(); });
  });
  const Client client(options_with({.idle_max = 1}));
  const std::vector<std::string> asked{"/0", "/1"};
  EXPECT_EQ(ask_at_once(client, there, asked), asked);
  EXPECT_EQ(client.statistics().connections_idle, 1U);
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
}

TEST(Pool, LetsNoneRestWhenNoneMay) {
  const ScriptedServer there([](ScriptedPeer& peer, int) { serve(peer); });
  const Client client(options_with({.idle_max = 0}));
  for (const std::string target : {"/0", "/1"}) {
    EXPECT_EQ(client.get(there.url(target)).wait().value().text(), target);
  }
  EXPECT_EQ(client.statistics().connections_opened, 2U);
  EXPECT_EQ(client.statistics().connections_idle, 0U);
}

TEST(Pool, EndsConnectionsThatRestForTooLong) {
  std::promise<void> ended;
  const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
    serve(peer);
    if (connection == 0) ended.set_value();
  });
  const Client client(options_with({.idle_ms_max = 1}));
  EXPECT_TRUE(client.get(there.url("/")).wait());
  EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_TRUE(client.get(there.url("/")).wait());
  EXPECT_EQ(client.statistics().connections_opened, 2U);
}

// ---------------------------------------------------------------------------- what they bring

constexpr std::string_view forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";

TEST(Pool, LetsNothingBehindAResponseAnswerTheNextRequest) {
  for (const std::string_view surplus :
       {forged, std::string_view("HTTP/1.1 20"), forged.substr(0, 1), std::string_view("\r\n"),
        std::string_view("no HTTP\n")}) {
    const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
      if (connection > 0) return serve(peer);
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + std::string(surplus));
      serve(peer);
    });
    const Client client(plain_options());
    const auto ask_twice = [&]() -> Task<std::string> {
      const auto first = co_await client.get(there.url("/first"));
      // In the same breath, before the loop sees anything else.
      const auto second = co_await client.post(there.url("/second"), Content());
      co_return first.value().text() + " " + second.value().text();
    };
    EXPECT_EQ(client.run(ask_twice()), "first /second") << surplus;
    EXPECT_EQ(client.statistics().connections_opened, 2U) << surplus;
  }
}

enum class Ending { bytes, end, reset };

/// What a connection does while it rests.
void spoil(ScriptedPeer& peer, Ending ending) {
  switch (ending) {
    case Ending::bytes: return peer.send(forged);
    case Ending::end: return peer.end_sending();
    case Ending::reset: return peer.reset();
  }
}

TEST(Pool, TakesNoConnectionFromRestThatIsNotAsItWasLeft) {
  for (const Ending ending : {Ending::bytes, Ending::end, Ending::reset}) {
    std::promise<void> rests;
    std::promise<void> spoilt;
    const ScriptedServer there([&](ScriptedPeer& peer, int connection) {
      if (connection > 0) return serve(peer);
      peer.respond(target_of(peer.read_head()));
      rests.get_future().wait();
      spoil(peer, ending);
      spoilt.set_value();
      if (ending != Ending::reset) serve(peer);
    });
    const Client client(plain_options());
    const auto ask_twice = [&]() -> Task<std::string> {
      const auto first = co_await client.get(there.url("/first"));
      // The loop stands still, so that nobody but the pool can see it.
      rests.set_value();
      spoilt.get_future().wait();
      const auto second = co_await client.post(there.url("/second"), "not to be lost");
      co_return first.value().text() + " " + second.value().text();
    };
    EXPECT_EQ(client.run(ask_twice()), "/first /second");
    EXPECT_EQ(client.statistics().connections_opened, 2U);
    EXPECT_EQ(client.statistics().connections_reused, 0U);
  }
}

TEST(Pool, EndsAConnectionThatDoesNotRestInPeace) {
  for (const Ending ending : {Ending::bytes, Ending::end}) {
    std::promise<void> rests;
    std::promise<void> ended;
    const ScriptedServer there([&](ScriptedPeer& peer, int) {
      peer.respond(target_of(peer.read_head()));
      rests.get_future().wait();
      spoil(peer, ending);
      peer.read_to_end();
      ended.set_value();
    });
    const Client client(plain_options());
    EXPECT_TRUE(client.get(there.url("/")).wait());
    rests.set_value();
    EXPECT_EQ(ended.get_future().wait_for(patience), std::future_status::ready);
  }
}

}  // namespace
}  // namespace duplex::client

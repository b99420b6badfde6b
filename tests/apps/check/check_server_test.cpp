#include "check/check_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check/socket.hpp"
#include "scripted_peer.hpp"
#include "stop_pipe.hpp"

namespace duplex::app::check {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// A server on a port of its own that does the same with each connection, one after another.
class TestServer {
 public:
  explicit TestServer(std::function<void(ScriptedPeer&)> serve) : serve_(std::move(serve)) {}

  http::Url url() const {
    return http::Url::parse("ws://127.0.0.1:" + std::to_string(port_of(listener_)) + "/echo")
        .value();
  }
  int connections() const { return connections_; }

  ~TestServer() { stop_.stop(); }

 private:
  void run() {
    while (true) {
      pollfd polled[] = {{listener_.descriptor(), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}};
      ::poll(polled, 2, -1);
      if (polled[1].revents != 0) return;
      Socket socket = accept_from(listener_);
      if (!socket) continue;
      ++connections_;
      ScriptedPeer peer(Wire(make_plain_stream(socket.release()), stop_.descriptor()), End::server);
      try {
        serve_(peer);
      } catch (const std::exception&) {
        // The checker has gone away.
      }
    }
  }

  std::function<void(ScriptedPeer&)> serve_;
  Socket listener_ = listen_at("127.0.0.1", 0);
  StopPipe stop_;
  std::atomic<int> connections_ = 0;
  std::jthread thread_{[this] { run(); }};
};

void echo(ScriptedPeer& server) {
  server.accept();
  server.echo();
}

Case echo_case(std::string id, std::string payload) {
  return {.id = std::move(id), .run = [payload = std::move(payload)](Script& script) {
            script.send_message(text(payload));
            script.expect_echo(text("a"));
            script.close();
          }};
}

TEST(CheckServer, RunsEachCaseOnAConnectionOfItsOwn) {
  TestServer server(echo);
  const Case good = echo_case("test/good", "a");
  const Case bad = echo_case("test/bad", "b");
  std::vector<std::string> told;
  const auto results = check_server(
      {&good, &bad}, {.url = server.url(), .jobs = 2, .on_result = [&](const Result& one) {
                        told.push_back(one.what->id);
                      }});
  ASSERT_EQ(results.size(), 2);
  EXPECT_EQ(results[0].what, &good);
  EXPECT_EQ(results[0].finding.verdict, Verdict::right) << results[0].finding.why;
  EXPECT_EQ(results[1].finding.verdict, Verdict::wrong);
  EXPECT_FALSE(results[1].log.entries().empty());
  EXPECT_EQ(told.size(), 2);
  EXPECT_EQ(server.connections(), 3) << "one to see that there is a server, and two for the cases";
}

TEST(CheckServer, SaysWhenThereIsNoWebSocket) {
  TestServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 404 Not Found\r\n\r\n");
  });
  const Case what = echo_case("test/any", "a");
  try {
    check_server({&what}, {.url = server.url()});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("404 Not Found"));
  }
}

TEST(CheckServer, SaysWhenNobodyListens) {
  const http::Url url = TestServer(echo).url();
  const Case what = echo_case("test/any", "a");
  try {
    check_server({&what}, {.url = url});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("can't connect"));
  }
}

TEST(CheckServer, GivesEachCaseItsTime) {
  TestServer server([](ScriptedPeer& peer) {
    peer.accept();
    peer.receive();
    peer.receive();
  });
  Case what = echo_case("test/slow", "a");
  what.time_factor = 2;
  const auto results = check_server({&what}, {.url = server.url(), .time_limit = 100ms});
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].finding.verdict, Verdict::wrong);
  EXPECT_THAT(results[0].finding.why, HasSubstr("no echo came within 0.2 s"));
  EXPECT_GE(results[0].duration, 200ms);
}

TEST(CheckServer, KeepsWhatHasBeenRunWhenTheUserHasHadEnough) {
  TestServer server(echo);
  StopPipe stop;
  const Case good = echo_case("test/good", "a");
  const Case waiting{.id = "test/waiting", .run = [&stop](Script& script) {
                       stop.stop();
                       script.receive();
                     }};
  const auto results =
      check_server({&good, &waiting, &good},
                   {.url = server.url(), .jobs = 1, .stop_descriptor = stop.descriptor()});
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].what, &good);
}

TEST(CheckServer, NeedNotWaitForAServerToBeSilentWhenTheUserHasHadEnough) {
  TestServer server([](ScriptedPeer& peer) {
    peer.accept();
    peer.send_without_end({.opcode = Opcode::ping});
  });
  StopPipe stop;
  const Case waiting{.id = "test/waiting", .run = [&stop](Script& script) {
                       stop.stop();
                       script.expect_echo(text("a"));
                     }};
  const auto began = Wire::Clock::now();
  const auto results = check_server(
      {&waiting}, {.url = server.url(), .time_limit = 20s, .stop_descriptor = stop.descriptor()});
  EXPECT_TRUE(results.empty());
  EXPECT_LT(Wire::Clock::now() - began, 10s);
}

}  // namespace
}  // namespace duplex::app::check

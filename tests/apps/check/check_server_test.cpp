#include "check/check_server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
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
  explicit TestServer(std::function<void(ScriptedPeer&)> serve, std::uint16_t port = 0)
      : serve_(std::move(serve)), listener_(listen_at("127.0.0.1", port)) {}

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
  Socket listener_;
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
  const auto [results, failure] = check_server(
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

/// Why a server that does `serve` is not checked; empty when it is.
std::string failure_of(std::function<void(ScriptedPeer&)> serve,
                       std::chrono::milliseconds time_limit = 20s) {
  TestServer server(std::move(serve));
  const Case what = echo_case("test/any", "a");
  const ServerResults all = check_server({&what}, {.url = server.url(), .time_limit = time_limit});
  EXPECT_EQ(all.results.size(), all.failure.empty() ? 1 : 0);
  return all.failure;
}

/// The same of one that answers the request with these bytes, and ends.
std::string failure_of(std::string_view response) {
  return failure_of([response](ScriptedPeer& peer) {
    peer.read_head();
    peer.write(response);
    peer.end();
  });
}

TEST(CheckServer, ShowsWhatIsAnsweredWhenThereIsNoWebSocket) {
  EXPECT_EQ(failure_of("HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nno\techo\n"),
            "it answered HTTP/1.1 404 Not Found to the opening handshake: no\\techo");
  EXPECT_EQ(failure_of("HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "4\r\nnone\r\n0\r\n\r\n"),
            "it answered HTTP/1.1 400 Bad Request to the opening handshake: none");
  EXPECT_EQ(failure_of("HTTP/1.1 301 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"),
            "it answered HTTP/1.1 301 Moved to the opening handshake, which leads to /there");
  EXPECT_EQ(failure_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "it answered HTTP/1.1 200 OK to the opening handshake");
  const std::string page(300, 'x');
  EXPECT_EQ(failure_of("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + page),
            "it answered HTTP/1.1 200 OK to the opening handshake: " + page.substr(0, 200) + "...");
}

TEST(CheckServer, DoesNotWaitForTheWholeBodyOfARefusal) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of([](ScriptedPeer& peer) {
              peer.read_head();
              peer.write("HTTP/1.1 404 Not Found\r\n\r\nbegun");
              peer.receive();
            }),
            "it answered HTTP/1.1 404 Not Found to the opening handshake: begun");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 15s);
}

TEST(CheckServer, ShowsWhatIsNotHttp) {
  EXPECT_EQ(failure_of("SSH-2.0-x\r\n"), "it answered something that is not HTTP: SSH-2.0-x\\r\\n");
  EXPECT_EQ(failure_of("220 mail"), "it answered something that is not HTTP: 220 mail")
      << "without a line's end";
  EXPECT_THAT(failure_of("\x15\x03\x01\x02"), HasSubstr("\\x15\\x03\\x01\\x02; this is TLS"));
  EXPECT_THAT(failure_of("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
              HasSubstr("its response is not HTTP: "));
  EXPECT_EQ(failure_of(""), "it ended the connection without a response");
  EXPECT_EQ(failure_of("HTTP/1.1 101 Swit"), "its response ended in the middle");
  EXPECT_EQ(failure_of(
                [](ScriptedPeer& peer) {
                  peer.read_head();
                  peer.receive();
                },
                50ms),
            "it gave no response in time");
}

TEST(CheckServer, IsNotForOneThatSpeaksFirst) {
  EXPECT_EQ(failure_of([](ScriptedPeer& peer) {
              peer.accept();
              peer.send({.payload = "hello"});
              peer.echo();
            }),
            "it sends a message before it got one (a text message of 5 bytes, \"hello\"); what is "
            "checked has to echo, and to say nothing else");
}

TEST(CheckServer, IsNotForOneThatDoesNotEcho) {
  EXPECT_THAT(failure_of([](ScriptedPeer& peer) {
                peer.accept();
                peer.receive();
                peer.send({.payload = "thanks"});
                peer.receive();
              }),
              HasSubstr("it does not echo: it answered a text message with a text message of 6"));
  EXPECT_THAT(failure_of([](ScriptedPeer& peer) {
                peer.accept();
                peer.receive();
                peer.send_close(1003);
              }),
              HasSubstr("it does not echo: it answered a text message with a close frame"));
  EXPECT_EQ(failure_of([](ScriptedPeer& peer) {
              peer.accept();
              peer.receive();
            }),
            "it does not echo: it answered a text message by ending the connection");
  EXPECT_EQ(failure_of(
                [](ScriptedPeer& peer) {
                  peer.accept();
                  peer.receive();
                  peer.receive();
                },
                100ms),
            "it does not echo: no answer to a text message came in time");
}

TEST(CheckServer, LeavesBrokenRulesToTheCases) {
  const auto accepting = [](std::string_view fields) {
    return failure_of("HTTP/1.1 101 Switching Protocols\r\n" + std::string(fields) + "\r\n");
  };
  EXPECT_EQ(accepting("Upgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n"), "");
  EXPECT_EQ(accepting("a line without a colon\r\n"), "");
  const auto answering = [](const Frame& frame) {
    return failure_of([&frame](ScriptedPeer& peer) {
      peer.accept();
      peer.send({.opcode = Opcode::ping, .payload = "there?"});
      peer.send({.opcode = Opcode::pong});
      peer.receive();
      peer.send(frame);
      peer.echo();
    });
  };
  EXPECT_EQ(answering({.opcode = Opcode::binary, .payload = "1234567890"}), "");
  EXPECT_EQ(answering({.payload = "1234567890", .masking = Masking::always}), "");
}

TEST(CheckServer, SaysWhenNobodyListens) {
  const http::Url url = TestServer(echo).url();
  const Case what = echo_case("test/any", "a");
  EXPECT_THAT(check_server({&what}, {.url = url}).failure, HasSubstr("can't connect"));
}

TEST(CheckServer, WaitsForOneThatIsBeingStarted) {
  const std::uint16_t port = port_of(listen_at("127.0.0.1", 0));
  const Case what = echo_case("test/any", "a");
  auto checked = std::async(std::launch::async, [&] {
    return check_server(
        {&what},
        {.url = http::Url::parse(fmt::format("ws://127.0.0.1:{}/", port)).value(), .wait = 20s});
  });
  EXPECT_EQ(checked.wait_for(150ms), std::future_status::timeout) << "nobody is there yet";
  const TestServer server(echo, port);
  const auto [results, failure] = checked.get();
  EXPECT_EQ(results.size(), 1);
  EXPECT_EQ(failure, "");
}

/// Lets the trial and so many more through; then nobody listens any more.
ServerResults results_of_one_that_dies(int connections, std::size_t cases) {
  auto server = std::make_unique<TestServer>(echo);
  const http::Url url = server->url();
  std::atomic<int> done = 0;
  const Case what{.id = "test/any", .run = [&](Script& script) {
                    script.close();
                    if (++done == connections) server.reset();
                  }};
  return check_server(std::vector<const Case*>(cases, &what), {.url = url, .jobs = 1});
}

TEST(CheckServer, StopsWhenTheServerIsGone) {
  const auto [results, failure] = results_of_one_that_dies(2, 100);
  EXPECT_EQ(results.size(), 2);
  for (const Result& result : results) EXPECT_EQ(result.finding.verdict, Verdict::right);
  EXPECT_EQ(failure, "the server is gone: can't connect: Connection refused");
}

TEST(CheckServer, TakesAConnectionThatCannotBeHadForNoVerdict) {
  const auto [results, failure] = results_of_one_that_dies(2, 3);
  EXPECT_EQ(results.size(), 2);
  EXPECT_EQ(failure, "a case was not run: can't connect: Connection refused");
}

TEST(CheckServer, GivesEachCaseItsTime) {
  TestServer server([](ScriptedPeer& peer) {
    peer.accept();
    const Event first = peer.receive();
    const auto& message = std::get<Message>(first);
    if (message.payload != "a") peer.send(whole(message));
    peer.receive();
  });
  Case what = echo_case("test/slow", "a");
  what.time_factor = 2;
  const auto [results, failure] = check_server({&what}, {.url = server.url(), .time_limit = 100ms});
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
  const auto [results, failure] =
      check_server({&good, &waiting, &good},
                   {.url = server.url(), .jobs = 1, .stop_descriptor = stop.descriptor()});
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results[0].what, &good);
  EXPECT_EQ(failure, "") << "that is what the user wanted";
}

TEST(CheckServer, DoesNotTryForEverWhatOnlyPings) {
  TestServer server([](ScriptedPeer& peer) {
    peer.accept();
    peer.send_without_end({.opcode = Opcode::ping});
  });
  const Case any = echo_case("test/any", "a");
  const auto began = Wire::Clock::now();
  const auto results = check_server({&any}, {.url = server.url(), .time_limit = 1s});
  EXPECT_THAT(results.failure, HasSubstr("no answer to a text message came in time"));
  EXPECT_LT(Wire::Clock::now() - began, 10s);
}

TEST(CheckServer, NeedNotWaitForAServerToBeSilentWhenTheUserHasHadEnough) {
  // The first connection is the trial's.
  TestServer server([trial = true](ScriptedPeer& peer) mutable {
    if (std::exchange(trial, false)) return echo(peer);
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
  EXPECT_TRUE(results.results.empty());
  EXPECT_LT(Wire::Clock::now() - began, 10s);
}

}  // namespace
}  // namespace duplex::app::check

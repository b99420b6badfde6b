#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "server/publications.hpp"
#include "tests/server/request_support.hpp"
#include "tests/server/tcp_client.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/duplex.hpp>

/// What becomes of those who publish faster than another thread can deliver.
namespace duplex::server {
namespace {

using connection::Message;
using connection::PublishStatus;
using connection::WebSocket;
using websocket::Opcode;
using websocket::test::frame;
using namespace std::chrono_literals;

constexpr std::size_t accepted_max = Publications::count_max + 1;
constexpr int many = 5'000;
constexpr std::uint32_t idle_ms_max = 300;

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

/// A server of two threads, one of which stands still until it is released; and a client of the
/// other, whose thread has others to serve.
class Publishing : public testing::Test {
 protected:
  Publishing()
      : server({.threads = 2,
                .time_limits = {.idle_ms_max = idle_ms_max},
                .log = [](LogLevel, std::string_view) {}}) {
    server.websocket(
        "/ws", {.on_open = greet, .on_message = [this](WebSocket& socket, const Message& message) {
                  answer(socket, message.text());
                }});
    server.websocket("/session", {.session = [this](WebSocket socket, const Request&) -> Task<> {
                       socket.send(thread_name());
                       while (auto message = co_await socket.receive()) {
                         co_await offload([] {});
                         ++published;
                         socket.publish("all", message->text());
                       }
                     }});
    server.post("/publish", [this](const Request& request) {
      ++published;
      server.publish("all", Message(Opcode::text, request.body()));
      return Response(Status::no_content);
    });
    port = server.listen({.port = 0});
    server.start();
    subscriber.emplace(connected("/ws"));
    subscriber->send(frame(Opcode::text, "subscribe"));
    EXPECT_TRUE(subscriber->receive_until("subscribed"));
    subscriber->send(frame(Opcode::text, "stand still"));
    standing_still.get_future().wait();
  }
  ~Publishing() override {
    release();
    publisher.reset();
    subscriber.reset();
    neighbour.reset();
    server.stop();
    server.wait();
    another.reset();
  }

  static std::string thread_name() {
    return "in " + std::to_string(std::hash<std::thread::id>{}(std::this_thread::get_id())) + ".";
  }
  static void greet(WebSocket& socket, const Request&) { socket.send(thread_name()); }

  void answer(WebSocket& socket, std::string_view text) {
    if (text == "subscribe") {
      socket.subscribe("all");
      socket.send("subscribed");
    } else if (text == "stand still") {
      standing_still.set_value();
      gate.get_future().wait();
    } else if (text == "are you there?") {
      socket.send("yes");
    } else if (text == "I am another") {
      another = socket;
      socket.send("yes");
    } else {
      ++published;
      (another ? *another : socket).publish("all", text);
    }
  }

  void release() {
    if (!std::exchange(released, true)) gate.set_value();
  }

  TcpClient connected(std::string_view target) const {
    TcpClient client(port);
    client.send(ParsedRequest::text("GET", target, upgrade_lines));
    return client;
  }
  /// One whose thread does not stand still: such a connection is never answered.
  TcpClient connected_elsewhere(std::string_view target) const {
    while (true) {
      TcpClient client = connected(target);
      client.set_patience(100ms);
      if (!client.receive_until(".")) continue;
      client.set_patience(30s);
      return client;
    }
  }
  bool neighbour_is_served(std::string_view text = "are you there?") {
    if (!neighbour) neighbour.emplace(connected_elsewhere("/ws"));
    neighbour->text.clear();
    neighbour->send(frame(Opcode::text, text));
    return neighbour->receive_until("yes");
  }

  /// The publisher's input would long have been worked on.
  void expect_publisher_waits(std::size_t more_under_way = 0) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (server.statistics().publications_waiting < accepted_max) {
      ASSERT_TRUE(neighbour_is_served());
      ASSERT_LT(std::chrono::steady_clock::now(), end);
    }
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(neighbour_is_served());
    EXPECT_GE(published, accepted_max);
    EXPECT_LE(published, accepted_max + more_under_way);
    EXPECT_EQ(server.statistics().publications_waiting, published);
  }
  void expect_all_delivered() {
    EXPECT_TRUE(subscriber->receive_until("the last"));
    EXPECT_EQ(published, many + 1);
    EXPECT_EQ(server.statistics().publications_waiting, 0);
    std::size_t count = 0;
    for (std::size_t at = subscriber->text.find("one;"); at != std::string::npos; ++count) {
      at = subscriber->text.find("one;", at + 1);
    }
    EXPECT_EQ(count, many);
  }

  Server server;
  std::uint16_t port = 0;
  std::promise<void> standing_still;
  std::promise<void> gate;
  bool released = false;
  std::atomic<std::size_t> published = 0;
  std::optional<WebSocket> another;
  std::optional<TcpClient> subscriber;
  std::optional<TcpClient> publisher;
  std::optional<TcpClient> neighbour;
};

TEST_F(Publishing, OfASocketWaits) {
  publisher.emplace(connected_elsewhere("/ws"));
  publisher->send(repeated(frame(Opcode::text, "one;"), many) + frame(Opcode::text, "the last"));
  expect_publisher_waits();
  release();
  expect_all_delivered();
}

TEST_F(Publishing, InTheNameOfAnotherWaits) {
  ASSERT_TRUE(neighbour_is_served("I am another"));
  publisher.emplace(connected_elsewhere("/ws"));
  publisher->send(repeated(frame(Opcode::text, "one;"), many) + frame(Opcode::text, "the last"));
  expect_publisher_waits();
  release();
  expect_all_delivered();
}

TEST_F(Publishing, OfASessionThatWaitsForOthersWaits) {
  publisher.emplace(connected_elsewhere("/session"));
  publisher->send(repeated(frame(Opcode::text, "one;"), many) + frame(Opcode::text, "the last"));
  // One may be on its way to it.
  expect_publisher_waits(1);
  release();
  expect_all_delivered();
}

TEST_F(Publishing, OfRequestsWaits) {
  // In the same thread as the other.
  publisher.emplace(port);
  while (true) {
    publisher->set_patience(100ms);
    publisher->send(ParsedRequest::text("GET", "/nothing"));
    if (publisher->receive_until("404")) break;
    publisher.emplace(port);
  }
  publisher->set_patience(30s);
  const auto request = [](std::string_view content) {
    return "POST /publish HTTP/1.1\r\nHost: x\r\nContent-Length: " +
           std::to_string(content.size()) + "\r\n\r\n" + std::string(content);
  };
  publisher->send(repeated(request("one;"), many) + request("the last"));
  expect_publisher_waits();
  // Whoever says nothing is idle, and goes; who isn't read from is not.
  while (true) {
    TcpClient idle(port);
    idle.set_patience(100ms);
    idle.send(ParsedRequest::text("GET", "/nothing"));
    if (!idle.receive_until("404")) continue;
    idle.set_patience(30s);
    idle.receive_all();
    ASSERT_TRUE(idle.at_end);
    break;
  }
  release();
  expect_all_delivered();
}

TEST_F(Publishing, OfAThreadOfTheProgramIsToldOf) {
  for (std::size_t i = 0; i < Publications::count_max / 2; ++i) {
    ASSERT_EQ(server.publish("all", "one;"), PublishStatus::accepted);
  }
  // Each of the two threads has to deliver it, one of which does.
  std::size_t count = Publications::count_max / 2;
  while (count <= Publications::count_max &&
         server.publish("all", "one;") == PublishStatus::accepted) {
    ++count;
  }
  EXPECT_LE(count, Publications::count_max);
  release();
  while (server.statistics().publications_waiting > 0) std::this_thread::yield();
  EXPECT_EQ(server.publish("all", "one;"), PublishStatus::accepted);
}

TEST_F(Publishing, EndsWellWhileItWaits) {
  publisher.emplace(connected_elsewhere("/ws"));
  publisher->send(repeated(frame(Opcode::text, "one;"), many));
  expect_publisher_waits();
  server.stop();
  ASSERT_TRUE(publisher->receive_until("the server is stopping"));
  publisher->send(frame(Opcode::close, websocket::test::close_body(1001, "")));
  release();
  publisher->receive_all();
  EXPECT_TRUE(publisher->at_end) << "its goodbye was read";
}

}  // namespace
}  // namespace duplex::server

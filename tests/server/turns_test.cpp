#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/request_support.hpp"
#include "tests/server/tcp_client.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/duplex.hpp>

/// That one connection does not keep a thread for as long as it has something to be done.
namespace duplex::server {
namespace {

using connection::Message;
using connection::WebSocket;
using namespace std::chrono_literals;

constexpr int many = 400;

/// As a handler does that has to think.
void be_busy() {
  const auto end = std::chrono::steady_clock::now() + 100us;
  while (std::chrono::steady_clock::now() < end) {
  }
}

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

TEST(Turns, LetOthersInBetweenPipelinedRequests) {
  Server server({.threads = 1});
  int served = 0;
  std::optional<int> served_before_other;
  server.get("/busy", [&](const Request&) {
    be_busy();
    ++served;
    return Response::text("");
  });
  server.get("/other", [&](const Request&) {
    served_before_other = served;
    return Response::text("mine");
  });
  server.get("/last", [](const Request&) { return Response::text("the last"); });
  const std::uint16_t port = server.listen({.port = 0});
  // All is there when the server begins.
  TcpClient greedy(port);
  greedy.send(repeated(ParsedRequest::text("GET", "/busy"), many) +
              ParsedRequest::text("GET", "/last"));
  TcpClient other(port);
  other.send(ParsedRequest::text("GET", "/other"));
  server.start();
  ASSERT_TRUE(other.receive_until("mine"));
  ASSERT_TRUE(greedy.receive_until("the last"));
  greedy.go();
  other.go();
  server.stop();
  server.wait();
  EXPECT_LT(served_before_other.value(), many);
  EXPECT_EQ(served, many);
}

TEST(Turns, LetOthersInBetweenMessages) {
  Server server({.threads = 1});
  std::promise<void> gate;
  int greedy_messages = 0;
  std::optional<int> before_other;
  std::promise<void> all;
  server.websocket("/ws", {.on_message = [&](WebSocket&, const Message& message) {
                     if (message.text() == "first") gate.get_future().wait();
                     if (message.text() == "other") {
                       before_other = greedy_messages;
                       return;
                     }
                     be_busy();
                     if (++greedy_messages == 1 + many) all.set_value();
                   }});
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  const auto connected = [port] {
    TcpClient client(port);
    client.send(ParsedRequest::text("GET", "/ws", upgrade_lines));
    EXPECT_TRUE(client.receive_until("\r\n\r\n"));
    return client;
  };
  TcpClient greedy = connected();
  TcpClient other = connected();
  using websocket::Opcode;
  using websocket::test::frame;
  greedy.send(frame(Opcode::text, "first") + repeated(frame(Opcode::text, "more"), many));
  other.send(frame(Opcode::text, "other"));
  gate.set_value();
  EXPECT_EQ(all.get_future().wait_for(30s), std::future_status::ready);
  greedy.go();
  other.go();
  server.stop();
  server.wait();
  EXPECT_LT(before_other.value(), 1 + many);
}

TEST(Turns, LetOthersInBetweenPiecesOfAResponse) {
  constexpr int pieces = 4000;
  Server server({.threads = 1});
  std::atomic<int> made = 0;
  std::atomic<int> made_before_other = pieces;
  server.get("/generated", [&](const Request&) {
    return Response::generated("text/plain", [&]() -> std::optional<std::string> {
      if (made == pieces) return std::nullopt;
      be_busy();
      ++made;
      return "piece\n";
    });
  });
  server.get("/written", [&](const Request&) {
    return Response::stream("text/plain", [&](BodyWriter& writer) -> Task<> {
      for (int i = 0; i < pieces; ++i) {
        be_busy();
        ++made;
        co_await writer.write("piece\n");
      }
    });
  });
  server.get("/other", [&](const Request&) {
    made_before_other = made.load();
    return Response::text("mine");
  });
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  for (const char* target : {"/generated", "/written"}) {
    TcpClient reader(port);
    reader.send(ParsedRequest::text("GET", target));
    ASSERT_TRUE(reader.receive_until("piece"));
    std::thread reading([&] { EXPECT_TRUE(reader.receive_until("\r\n0\r\n")); });
    TcpClient other(port);
    other.send(ParsedRequest::text("GET", "/other"));
    EXPECT_TRUE(other.receive_until("mine"));
    reading.join();
    EXPECT_LT(made_before_other, pieces) << target;
    EXPECT_EQ(made, pieces);
    made = 0;
  }
}

}  // namespace
}  // namespace duplex::server

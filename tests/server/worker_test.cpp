#include "server/worker.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/descriptor.hpp"
#include "net/event_loop.hpp"
#include "server/connection.hpp"
#include "server/entrance.hpp"
#include "tests/server/request_support.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/net/async.hpp>

namespace duplex::server {
namespace {

using connection::CloseInfo;
using connection::FrameInfo;
using connection::Message;
using connection::WebSocket;
using http::Method;
using websocket::Opcode;
using websocket::test::close_body;
using websocket::test::frame;
using namespace std::chrono_literals;

std::string plain(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, {.fin = true, .masked = false});
}

/// A client's end of a connection that was handed to a worker.
class Client {
 public:
  explicit Client(net::Descriptor socket) : socket_(std::move(socket)) {}

  void send(std::string_view text) const {
    if (::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
      throw std::runtime_error("the connection takes no more");
    }
  }
  /// All that has come by now.
  const std::string& received() {
    static std::array<char, 64 * 1024> buffer;
    while (true) {
      const auto size = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
      if (size == 0) at_end = true;
      if (size <= 0) return text_;
      text_.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  /// What came behind the head of the first response.
  std::string content() {
    const std::size_t end = received().find("\r\n\r\n");
    return end == std::string::npos ? "" : text_.substr(end + 4);
  }
  bool has(std::string_view part) { return received().find(part) != std::string::npos; }
  int count(std::string_view part) {
    int found = 0;
    for (std::size_t at = received().find(part); at != std::string::npos; ++found) {
      at = text_.find(part, at + part.size());
    }
    return found;
  }
  void end_sending() const { ::shutdown(socket_.number(), SHUT_WR); }
  void go() { socket_.reset(); }

  bool at_end = false;

 private:
  net::Descriptor socket_;
  std::string text_;
};

/// A worker without a thread: nothing runs but by `until` and `turn`.
class Bench final : private Publisher {
 public:
  explicit Bench(ServerOptions its_options = {}) : options(std::move(its_options)) {
    options.log = [this](LogLevel, std::string_view sentence) { logged.emplace_back(sentence); };
    worker.emplace(loop, WorkerShared{options, dispatcher, limits, *this});
  }

  Client connect() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category());
    }
    worker->connected({net::Descriptor(ends[0]), *net::SocketAddress::parse("127.0.0.1:5000")},
                      entrance);
    return Client(net::Descriptor(ends[1]));
  }
  /// A client behind its upgrade; its `content` is what the WebSocket says.
  Client connect_websocket(std::string_view target = "/ws") {
    Client client = connect();
    client.send(ParsedRequest::text("GET", target, upgrade_lines));
    if (!until([&] { return client.has("\r\n\r\n"); })) throw std::runtime_error("no answer");
    return client;
  }

  void turn() { loop.run_once(0); }
  template <class Condition>
  bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_once(5);
    }
    return true;
  }
  bool logs(std::string_view part) const {
    for (const std::string& sentence : logged) {
      if (sentence.find(part) != std::string::npos) return true;
    }
    return false;
  }
  Statistics statistics() const {
    Statistics statistics;
    worker->add_to(statistics);
    return statistics;
  }

  ServerOptions options;
  std::vector<std::string> logged;
  std::vector<std::string> published_elsewhere;
  Dispatcher dispatcher;
  ConnectionLimits limits{1'000, 1'000};
  Entrance entrance;
  net::EventLoop loop;
  std::optional<Worker> worker;

 private:
  connection::PublishStatus publish_elsewhere(Worker* /*from*/, std::string_view topic,
                                              const websocket::PreparedMessage& message) override {
    published_elsewhere.push_back(std::string(topic) + ": " +
                                  std::string(as_text(message.payload())));
    return connection::PublishStatus::accepted;
  }
};

// ---------------------------------------------------------------------------- memory

TEST(Connection, IsSmall) {
  RecordProperty("connection_bytes", static_cast<int>(sizeof(Connection)));
  std::printf("a connection takes %zu bytes, of which its WebSocket %zu\n", sizeof(Connection),
              sizeof(WebSocketConnection));
  EXPECT_LE(sizeof(Connection), 200u);
}

// ---------------------------------------------------------------------------- handlers

TEST(Worker, AnswersAnExceptionWith500AndTellsTheLog) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/function",
                       [](const Request&) -> Response { throw std::runtime_error("boom 1"); });
  bench.dispatcher.add(Method::get, "/coroutine", [](const Request&) -> Task<Response> {
    co_await net::sleep_for(1ms);
    throw std::runtime_error("boom 2");
  });
  bench.dispatcher.add(Method::get, "/number", [](const Request&) -> Response { throw 7; });
  bench.dispatcher.add(Method::post, "/content",
                       [](const Request&) -> Response { throw std::runtime_error("boom 3"); });
  bench.dispatcher.add(Method::get, "/ok", [](const Request&) { return Response::text("ok"); });
  const struct {
    std::string request;
    const char* logged;
  } cases[] = {
      {ParsedRequest::text("GET", "/function"), "GET /function failed: boom 1"},
      {ParsedRequest::text("GET", "/coroutine"), "GET /coroutine failed: boom 2"},
      {ParsedRequest::text("GET", "/number"), "GET /number failed: an exception"},
      {ParsedRequest::text("POST", "/content", {"Content-Length: 1"}) + "x", "boom 3"},
  };
  for (const auto& [request, logged] : cases) {
    SCOPED_TRACE(logged);
    Client client = bench.connect();
    client.send(request);
    ASSERT_TRUE(bench.until([&] { return client.has("Internal server error.\n"); }));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 500 "));
    EXPECT_EQ(client.received().find("boom"), std::string::npos) << "that is not for the client";
    EXPECT_TRUE(bench.logs(logged));
    // The connection is none the worse.
    client.send(ParsedRequest::text("GET", "/ok"));
    EXPECT_TRUE(bench.until([&] { return client.received().ends_with("ok"); }));
  }
}

TEST(Worker, AnswersAFilterThatThrowsWith500) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/", [](const Request&) { return Response::text("in"); });
  bench.dispatcher.use(
      "/", [](const Request&) -> std::optional<Response> { throw std::runtime_error("guard"); });
  Client client = bench.connect();
  client.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(bench.until([&] { return client.has("\r\n\r\n"); }));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 500 "));
}

TEST(Worker, CutsOffAStreamThatThrows) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/generated", [](const Request&) {
    return Response::generated("text/plain", [n = 0]() mutable -> std::optional<std::string> {
      if (n++ > 0) throw std::runtime_error("no more");
      return "first";
    });
  });
  bench.dispatcher.add(Method::get, "/stream", [](const Request&) {
    return Response::stream("text/plain", [](BodyWriter& writer) -> Task<> {
      co_await writer.write("first");
      co_await net::sleep_for(1ms);
      throw std::runtime_error("no more");
    });
  });
  for (const char* target : {"/generated", "/stream"}) {
    SCOPED_TRACE(target);
    bench.logged.clear();
    Client client = bench.connect();
    client.send(ParsedRequest::text("GET", target));
    ASSERT_TRUE(bench.until([&] {
      client.received();
      return client.at_end;
    }));
    EXPECT_TRUE(client.has("first"));
    EXPECT_FALSE(client.has("\r\n0\r\n")) << "the client must see that something is missing";
    EXPECT_TRUE(bench.logs("no more"));
  }
}

TEST(Worker, DestroysAHandlerWhoseClientIsGone) {
  Bench bench;
  const auto alive = std::make_shared<int>();
  bench.dispatcher.add(Method::get, "/", [alive](const Request&) -> Task<Response> {
    const auto held = alive;
    co_await net::sleep_for(1h);
    co_return Response();
  });
  Client client = bench.connect();
  client.send(ParsedRequest::text("GET", "/"));
  const long before = alive.use_count();
  ASSERT_TRUE(bench.until([&] { return alive.use_count() > before; }));
  client.go();
  ASSERT_TRUE(bench.until([&] { return alive.use_count() == before; }));
  EXPECT_EQ(bench.statistics().connections_open, 0u);
}

// In absolute-form, as proxies write it, the path may be missing.
TEST(Worker, ServesATargetWithoutAPathWhateverTheHandler) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/", [](const Request& request) -> Task<Response> {
    co_await net::sleep_for(1ms);
    co_return Response::text("path " + std::string(request.path()));
  });
  bench.dispatcher.add_websocket(
      "/", {.session = [](WebSocket socket, const Request& request) -> Task<> {
        co_await socket.send("path " + std::string(request.path()));
      }});
  Client client = bench.connect();
  client.send(ParsedRequest::text("GET", "http://example.com"));
  ASSERT_TRUE(bench.until([&] { return client.content() == "path /"; })) << client.received();
  Client socket = bench.connect_websocket("http://example.com");
  ASSERT_TRUE(bench.until([&] { return socket.has("path /"); })) << socket.received();
}

// ---------------------------------------------------------------------------- what is given up

TEST(Worker, ForgetsWhoHasGivenUpWaitingForContent) {
  Bench bench;
  int given_up = 0;
  bench.dispatcher.add(Method::post, "/", [&](const Request&, BodyReader& body) -> Task<Response> {
    const auto first = co_await net::within(1ms, body.read());
    if (!first) ++given_up;
    // Content comes while nobody waits for it.
    co_await net::sleep_for(50ms);
    std::string text;
    while (auto piece = co_await body.read()) text += *piece;
    co_return Response::text(text);
  });
  Client client = bench.connect();
  client.send(ParsedRequest::text("POST", "/", {"Content-Length: 10"}));
  ASSERT_TRUE(bench.until([&] { return given_up == 1; }));
  client.send("01234");
  bench.turn();
  client.send("56789");
  ASSERT_TRUE(bench.until([&] { return client.content() == "0123456789"; })) << client.received();
}

TEST(Worker, ForgetsWhoHasGivenUpWaitingForRoom) {
  Bench bench;
  int given_up = 0;
  bench.dispatcher.add(Method::get, "/", [&](const Request&) {
    return Response::stream("text/plain", [&](BodyWriter& writer) -> Task<> {
      const std::string piece(4'000'000, 'x');
      if (!co_await net::within(1ms, writer.write(piece))) ++given_up;
      // There is room while nobody waits for it.
      co_await net::sleep_for(50ms);
      co_await writer.write("end");
    });
  });
  Client client = bench.connect();
  client.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(bench.until([&] { return given_up == 1; }));
  ASSERT_TRUE(bench.until([&] { return client.has("end\r\n0\r\n\r\n"); }));
}

// ---------------------------------------------------------------------------- WebSocket endpoints

TEST(Worker, ClosesASocketWhoseCallbackThrowsWith1011) {
  using Endpoint = std::function<WebSocketEndpoint()>;
  const std::pair<const char*, Endpoint> cases[] = {
      {"on_open",
       [] {
         return WebSocketEndpoint{
             .on_open = [](WebSocket&, const Request&) { throw std::runtime_error("boom"); }};
       }},
      {"on_message",
       [] {
         return WebSocketEndpoint{
             .on_message = [](WebSocket&, Message) { throw std::runtime_error("boom"); }};
       }},
      {"on_chunk",
       [] {
         return WebSocketEndpoint{
             .on_chunk = [](WebSocket&, connection::Chunk) { throw std::runtime_error("boom"); }};
       }},
      {"on_pong",
       [] {
         return WebSocketEndpoint{
             .on_pong = [](WebSocket&, ConstBytes) { throw std::runtime_error("boom"); }};
       }},
      {"on_handshake",
       [] {
         return WebSocketEndpoint{
             .on_handshake = [](WebSocket&, std::string_view, std::string_view) {
               throw std::runtime_error("boom");
             }};
       }},
      {"on_frame, incoming",
       [] {
         return WebSocketEndpoint{.on_frame = [](WebSocket&, const FrameInfo& info) {
           if (info.incoming) throw std::runtime_error("boom");
         }};
       }},
      {"on_frame, outgoing",
       [] {
         return WebSocketEndpoint{
             .on_message = [](WebSocket& socket, Message message) { socket.send(message); },
             .on_frame =
                 [](WebSocket&, const FrameInfo& info) {
                   if (!info.incoming) throw std::runtime_error("boom");
                 }};
       }},
      {"session",
       [] {
         return WebSocketEndpoint{.session = [](WebSocket socket, const Request&) -> Task<> {
           co_await socket.receive();
           throw std::runtime_error("boom");
         }};
       }},
  };
  for (const auto& [name, endpoint] : cases) {
    SCOPED_TRACE(name);
    Bench bench;
    bench.dispatcher.add_websocket("/ws", endpoint());
    Client client = bench.connect_websocket();
    client.send(frame(Opcode::pong, "") + frame(Opcode::text, "x"));
    const std::string close = plain(Opcode::close, close_body(1011, "internal error"));
    EXPECT_TRUE(bench.until([&] { return client.content().ends_with(close); }))
        << client.received();
    EXPECT_TRUE(bench.logs("boom"));
    EXPECT_EQ(bench.statistics().websockets_open, 1u);
    client.send(frame(Opcode::close, close_body(1011)));
    client.end_sending();
    ASSERT_TRUE(bench.until([&] { return bench.statistics().websockets_open == 0; }));
  }
}

TEST(Worker, SurvivesAnOnCloseThatThrows) {
  Bench bench;
  bench.dispatcher.add_websocket(
      "/ws", {.on_close = [](WebSocket&, const CloseInfo&) { throw std::runtime_error("boom"); }});
  Client client = bench.connect_websocket();
  client.go();
  ASSERT_TRUE(bench.until([&] { return bench.logs("boom"); }));
  EXPECT_EQ(bench.statistics().connections_open, 0u);
}

// A message that the session does not ask for yet must wait without costing anything.
TEST(Worker, RestsWhileASessionDoesSomethingElseThanReceive) {
  Bench bench;
  bench.dispatcher.add_websocket("/ws", {.session = [](WebSocket socket, const Request&) -> Task<> {
                                   co_await net::sleep_for(400ms);
                                   while (auto message = co_await socket.receive())
                                     co_await socket.send(*message);
                                 }});
  Client client = bench.connect_websocket();
  client.send(frame(Opcode::text, "1") + frame(Opcode::text, "2"));
  client.received();
  int turns = 0;
  ASSERT_TRUE(bench.until([&] {
    ++turns;
    return client.content() == plain(Opcode::text, "1") + plain(Opcode::text, "2");
  })) << client.received();
  // `until` waits for 5 ms a turn.
  EXPECT_LT(turns, 150);
}

TEST(Worker, FreesAConnectionWhoseSessionEndsLater) {
  const auto alive = std::make_shared<int>();
  int ended = 0;
  Bench bench;
  bench.dispatcher.add_websocket("/ws",
                                 {.session = [&](WebSocket socket, const Request&) -> Task<> {
                                   const auto held = alive;
                                   socket.emplace_state<std::shared_ptr<int>>(alive);
                                   while (co_await socket.receive()) {
                                   }
                                   EXPECT_FALSE(socket.is_open());
                                   co_await net::sleep_for(1ms);
                                   ++ended;
                                 }});
  bench.dispatcher.add_websocket(
      "/ticking", {.session = [&](WebSocket socket, const Request& request) -> Task<> {
        const auto held = alive;
        while (socket.is_open()) {
          co_await socket.send(request.target());
          co_await net::sleep_for(1ms);
        }
        ++ended;
      }});
  const std::array<std::function<void(Client&)>, 4> leave{
      [](Client& client) { client.send(frame(Opcode::close, close_body(1000, ""))); },
      [](Client& client) { client.send("no frame"); },
      [](Client& client) { client.end_sending(); },
      [](Client& client) { client.go(); },
  };
  for (const std::string_view target : {"/ws", "/ticking"}) {
    for (std::size_t i = 0; i < leave.size(); ++i) {
      SCOPED_TRACE(std::string(target) + std::to_string(i));
      ended = 0;
      Client client = bench.connect_websocket(target);
      ASSERT_GT(alive.use_count(), 1);
      leave[i](client);
      ASSERT_TRUE(bench.until([&] { return ended == 1; }));
      client.go();
      EXPECT_TRUE(bench.until([&] { return bench.statistics().websockets_open == 0; }));
      bench.turn();
      EXPECT_EQ(alive.use_count(), 1);
    }
  }
}

TEST(Worker, TellsOfTheEndOnceAndWithItsCode) {
  Bench bench;
  std::vector<std::pair<int, std::string>> closes;
  bench.dispatcher.add_websocket("/ws", {.on_close = [&](WebSocket& socket, const CloseInfo& info) {
                                   EXPECT_FALSE(socket.is_open());
                                   closes.emplace_back(websocket::number(info.code), info.reason);
                                 }});
  Client polite = bench.connect_websocket();
  polite.send(frame(Opcode::close, close_body(4000, "done")));
  Client gone = bench.connect_websocket();
  ASSERT_TRUE(bench.until([&] {
    polite.received();
    return polite.at_end;
  }));
  polite.go();
  ASSERT_TRUE(bench.until([&] { return closes.size() == 1; }));
  gone.go();
  ASSERT_TRUE(bench.until([&] { return closes.size() == 2; }));
  EXPECT_EQ(closes, (std::vector<std::pair<int, std::string>>{{4000, "done"}, {1006, ""}}));
}

// ---------------------------------------------------------------------------- topics

TEST(Worker, PublishesToOthersButNotToTheOneThatPublishes) {
  Bench bench;
  bench.dispatcher.add_websocket("/ws", {
                                            .on_open =
                                                [](WebSocket& socket, const Request&) {
                                                  EXPECT_TRUE(socket.subscribe("room"));
                                                  EXPECT_FALSE(socket.subscribe("room"));
                                                },
                                            .on_message =
                                                [](WebSocket& socket, Message message) {
                                                  socket.publish("room", message);
                                                  socket.publish_to_all("room", "all");
                                                  socket.publish("elsewhere", "nobody");
                                                },
                                        });
  Client first = bench.connect_websocket();
  Client second = bench.connect_websocket();
  first.send(frame(Opcode::text, "hi"));
  ASSERT_TRUE(bench.until([&] { return second.content().ends_with("all"); }));
  EXPECT_EQ(second.content(), plain(Opcode::text, "hi") + plain(Opcode::text, "all"));
  EXPECT_EQ(first.content(), plain(Opcode::text, "all"));
  EXPECT_EQ(bench.published_elsewhere,
            (std::vector<std::string>{"room: hi", "room: all", "elsewhere: nobody"}));
}

TEST(Worker, PublishesToEventStreams) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/news",
                       [](const Request&) { return Response::topic("news"); });
  Client client = bench.connect();
  client.send(ParsedRequest::text("GET", "/news"));
  ASSERT_TRUE(bench.until([&] { return client.has(": open\n\n"); }));
  bench.worker->publish("news", websocket::PreparedMessage::text("a\nb"));
  ASSERT_TRUE(bench.until([&] { return client.has("data: a\ndata: b\n\n"); }));
  client.go();
  ASSERT_TRUE(bench.until([&] { return bench.statistics().connections_open == 0; }));
  bench.worker->publish("news", websocket::PreparedMessage::text("c"));
}

// ---------------------------------------------------------------------------- the end

TEST(Worker, EndsWithSocketsAndHandlersInEveryState) {
  std::optional<WebSocket> kept;
  const auto alive = std::make_shared<int>();
  {
    Bench bench;
    bench.dispatcher.add(Method::get, "/slow", [alive](const Request&) -> Task<Response> {
      const auto held = alive;
      co_await net::sleep_for(1h);
      co_return Response();
    });
    bench.dispatcher.add_websocket(
        "/ws", {.on_open = [&](WebSocket& socket, const Request&) { kept = socket; }});
    bench.dispatcher.add_websocket("/session",
                                   {.session = [alive](WebSocket socket, const Request&) -> Task<> {
                                     const auto held = alive;
                                     while (co_await socket.receive()) {
                                     }
                                     co_await net::sleep_for(1h);
                                     socket.send("never");
                                   }});
    Client slow = bench.connect();
    slow.send(ParsedRequest::text("GET", "/slow"));
    Client socket = bench.connect_websocket("/ws");
    Client session = bench.connect_websocket("/session");
    Client gone = bench.connect_websocket("/session");
    gone.go();
    ASSERT_TRUE(bench.until([&] { return bench.statistics().websockets_open == 2; }));
    EXPECT_GE(alive.use_count(), 4);
    ASSERT_TRUE(kept);
    kept->emplace_state<std::shared_ptr<int>>(alive);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(kept->is_open());
  EXPECT_EQ(kept->send("x").status(), connection::SendStatus::closed);
  EXPECT_EQ(kept->peer(), "");
}

TEST(Worker, LetsSessionsGoOnToTheirEndsWhenItStops) {
  int ended = 0;
  Bench bench;
  bench.dispatcher.add_websocket("/ws",
                                 {.session = [&](WebSocket socket, const Request&) -> Task<> {
                                   while (co_await socket.receive()) {
                                   }
                                   co_await net::sleep_for(20ms);
                                   ++ended;
                                 }});
  Client client = bench.connect_websocket();
  bench.worker->stop(1h);
  ASSERT_TRUE(bench.until([&] {
    return client.count(plain(Opcode::close, close_body(1001, "the server is stopping"))) == 1;
  }));
  client.send(frame(Opcode::close, close_body(1001, "")));
  bench.loop.run();
  EXPECT_EQ(ended, 1);
}

TEST(Worker, LetsSessionsGoOnInItsLoopWhenItIsDestroyed) {
  Bench bench;
  bool in_loop = false;
  bench.dispatcher.add_websocket("/ws",
                                 {.session = [&](WebSocket socket, const Request&) -> Task<> {
                                   const auto message = co_await socket.receive();
                                   EXPECT_FALSE(message);
                                   in_loop = net::EventLoop::current() == &bench.loop;
                                   co_await net::sleep_for(1ms);
                                   ADD_FAILURE() << "nobody runs the loop";
                                 }});
  const Client client = bench.connect_websocket();
  bench.worker.reset();
  EXPECT_TRUE(in_loop);
  EXPECT_FALSE(bench.logs("failed"));
}

TEST(Worker, WaitsForSessionsUntilTheDeadlineOnly) {
  const auto alive = std::make_shared<int>();
  {
    Bench bench;
    bench.dispatcher.add_websocket("/ws", {.session = [alive](WebSocket, const Request&) -> Task<> {
                                     const auto held = alive;
                                     co_await net::sleep_for(1h);
                                   }});
    Client client = bench.connect_websocket();
    client.send(frame(Opcode::close, close_body(1000, "")));
    ASSERT_TRUE(bench.until([&] { return bench.statistics().websockets_open == 0; }));
    bench.worker->stop(20ms);
    bench.loop.run();
    EXPECT_EQ(alive.use_count(), 3);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

// What lies in the socket when the server is told to stop: in the same iteration, behind its
// events.
TEST(Worker, AnswersRequestsThatHaveComeWhenItStops) {
  for (const bool kept_alive : {false, true}) {
    SCOPED_TRACE(kept_alive);
    Bench bench;
    bench.dispatcher.add(Method::get, "/", [](const Request&) { return Response::text("root"); });
    bench.dispatcher.add_websocket("/ws", {});
    Client plain_one = bench.connect();
    Client upgraded = bench.connect();
    const std::string get = ParsedRequest::text("GET", "/");
    const auto answers = [](Client& client) { return client.has("root"); };
    if (kept_alive) {
      for (Client* client : {&plain_one, &upgraded}) {
        client->send(get);
        ASSERT_TRUE(bench.until([&] { return answers(*client); }));
      }
    }
    bench.loop.inbox()->post([&] {
      plain_one.send(get);
      upgraded.send(ParsedRequest::text("GET", "/ws", upgrade_lines));
    });
    bench.worker->stop(1h);

    ASSERT_TRUE(bench.until([&] { return (void)plain_one.received(), plain_one.at_end; }));
    EXPECT_TRUE(plain_one.received().ends_with("root"));
    EXPECT_EQ(plain_one.count("HTTP/1.1 200 "), kept_alive ? 2 : 1);
    plain_one.go();
    const std::string goodbye = plain(Opcode::close, close_body(1001, "the server is stopping"));
    ASSERT_TRUE(bench.until([&] { return upgraded.has(goodbye); }));
    for (int i = 0; i < 3; ++i) bench.turn();
    (void)upgraded.received();
    EXPECT_FALSE(upgraded.at_end) << "the client has not answered";
    upgraded.send(frame(Opcode::close, close_body(1001, "")));
    EXPECT_TRUE(bench.until([&] { return (void)upgraded.received(), upgraded.at_end; }));
    upgraded.go();
    EXPECT_TRUE(bench.until([&] { return bench.statistics().connections_open == 0; }));
  }
}

TEST(Worker, WaitsForNobodysEndWhoHasSaidItsLast) {
  Bench bench;
  bench.dispatcher.add(Method::get, "/", [](const Request&) { return Response::text("root"); });
  bench.dispatcher.add(Method::get, "/last",
                       [](const Request&) { return Response::text("root").close_connection(); });
  bench.dispatcher.add_websocket("/ws", {.on_message = [](WebSocket&, Message) {}});
  const auto open_at_the_end_of = [&bench](Client& client) {
    if (!bench.until([&] { return (void)client.received(), client.at_end; })) return SIZE_MAX;
    bench.turn();
    return static_cast<std::size_t>(bench.statistics().connections_open);
  };
  for (const std::string& request : {ParsedRequest::text("GET", "/", {"Connection: close"}),
                                     std::string("GET / HTTP/1.0\r\n\r\n")}) {
    Client client = bench.connect();
    client.send(request);
    EXPECT_EQ(open_at_the_end_of(client), 0u) << request;
    EXPECT_EQ(client.content(), "root");
  }
  Client socket = bench.connect_websocket();
  socket.send(frame(Opcode::close, close_body(1000, "")));
  EXPECT_EQ(open_at_the_end_of(socket), 0u);
  EXPECT_EQ(socket.content(), plain(Opcode::close, close_body(1000, "")));

  Client may_ask_more = bench.connect();
  may_ask_more.send(ParsedRequest::text("GET", "/last"));
  EXPECT_EQ(open_at_the_end_of(may_ask_more), 1u);
}

TEST(Worker, EndsAConnectionThatNeverSaysAnything) {
  Bench bench;
  Client leaving = bench.connect();
  Client stopped = bench.connect();
  bench.turn();
  leaving.end_sending();
  ASSERT_TRUE(bench.until([&] { return (void)leaving.received(), leaving.at_end; }));
  EXPECT_EQ(bench.statistics().connections_open, 1u);
  bench.worker->stop(1h);
  ASSERT_TRUE(bench.until([&] { return (void)stopped.received(), stopped.at_end; }));
  EXPECT_EQ(stopped.received(), "");
}

TEST(Worker, RefusesConnectionsBeyondTheLimit) {
  Bench bench({.connections_per_address_max = 1});
  ConnectionLimits& limits = bench.limits;
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(limits.admit(std::nullopt));
  Client client = bench.connect();
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(client.at_end);
  EXPECT_EQ(bench.statistics().connections_refused, 1u);
  limits.leave(std::nullopt);
  Client admitted = bench.connect();
  EXPECT_EQ(bench.statistics().connections_open, 1u);
  admitted.go();
  ASSERT_TRUE(bench.until([&] { return bench.statistics().connections_open == 0; }));
  EXPECT_TRUE(limits.admit(std::nullopt)) << "who goes makes room";
}

}  // namespace
}  // namespace duplex::server

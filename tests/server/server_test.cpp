#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/request_support.hpp"
#include "tests/server/tcp_client.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/duplex.hpp>

namespace duplex::server {
namespace {

using connection::Message;
using connection::Sender;
using connection::WebSocket;
using websocket::Opcode;
using websocket::test::close_body;
using websocket::test::frame;
using namespace std::chrono_literals;

std::string plain(Opcode opcode, std::string_view payload) {
  return frame(opcode, payload, {.fin = true, .masked = false});
}

using Client = TcpClient;

Client connect_websocket(std::uint16_t port, std::string_view target) {
  Client client(port);
  client.send(ParsedRequest::text("GET", target, upgrade_lines));
  EXPECT_TRUE(client.receive_until("\r\n\r\n"));
  EXPECT_TRUE(client.text.starts_with("HTTP/1.1 101 ")) << client.text;
  client.text.erase(0, client.text.find("\r\n\r\n") + 4);
  return client;
}

ServerOptions quiet(unsigned threads = 2) {
  ServerOptions options;
  options.threads = threads;
  options.log = [](LogLevel, std::string_view) {};
  return options;
}

template <class Condition>
bool until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// ---------------------------------------------------------------------------- starting, stopping

TEST(Server, StopsWithoutEverHavingRun) {
  Server server(quiet());
  server.listen({.port = 0});
}

TEST(Server, StopsAtOnceWhenItWasToldBeforeItRan) {
  Server server(quiet());
  server.listen({.port = 0});
  server.stop();
  server.run();
}

TEST(Server, RunsOnlyOnce) {
  Server server(quiet());
  server.start();
  EXPECT_THROW(server.start(), std::logic_error);
  EXPECT_THROW(server.run(), std::logic_error);
  server.stop();
  server.wait();
  server.wait();
  EXPECT_THROW(server.start(), std::logic_error);
}

TEST(Server, ServesInTheThreadOfWhoRunsIt) {
  Server server(quiet(1));
  std::thread::id serving;
  server.get("/", [&](const Request&) {
    serving = std::this_thread::get_id();
    return Response();
  });
  const std::uint16_t port = server.listen({.port = 0});
  std::thread caller([&] { server.run(); });
  {
    Client client(port);
    client.send(ParsedRequest::text("GET", "/"));
    EXPECT_TRUE(client.receive_until("\r\n\r\n"));
  }
  server.stop();
  server.wait();
  EXPECT_EQ(serving, caller.get_id());
  caller.join();
}

TEST(Server, RunServesWithAllItsThreads) {
  constexpr unsigned threads = 3;
  Server server(quiet(threads));
  std::mutex mutex;
  std::set<std::thread::id> serving;
  server.get("/", [&](const Request&) {
    const std::lock_guard lock(mutex);
    serving.insert(std::this_thread::get_id());
    return Response();
  });
  const std::uint16_t port = server.listen({.port = 0});
  std::thread caller([&] { server.run(); });
  // Which thread has a connection is the system's choice.
  const bool all = until([&] {
    Client client(port);
    client.send(ParsedRequest::text("GET", "/"));
    if (!client.receive_until("\r\n\r\n")) return false;
    const std::lock_guard lock(mutex);
    return serving.size() == threads;
  });
  server.stop();
  server.wait();
  EXPECT_TRUE(all);
  EXPECT_TRUE(serving.contains(caller.get_id()));
  caller.join();
}

TEST(Server, StopsOnSignals) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Server server(quiet(1));
    server.get("/", [](const Request&) { return Response(); });
    server.stop_on_signals();
    const std::uint16_t port = server.listen({.port = 0});
    std::thread operating([&] {
      Client client(port);
      client.send(ParsedRequest::text("GET", "/"));
      EXPECT_TRUE(client.receive_until("\r\n\r\n"));
      ::kill(::getpid(), signal);
      client.receive_all();
    });
    server.run();
    operating.join();
  }
}

TEST(Server, StopsOnASignalThoughItsFirstThreadIsBusy) {
  Server server(quiet(2));
  std::promise<void> busy;
  std::promise<void> released;
  server.get("/where", [first = std::this_thread::get_id()](const Request&) {
    return Response::text(std::this_thread::get_id() == first ? "first thread" : "other thread");
  });
  server.get("/busy", [&](const Request&) {
    busy.set_value();
    released.get_future().wait();
    return Response();
  });
  server.stop_on_signals();
  const std::uint16_t port = server.listen({.port = 0});
  std::thread operating([&] {
    // Which thread has a connection is the system's choice.
    std::optional<Client> at_first;
    std::optional<Client> at_other;
    const bool both = until([&] {
      Client client(port);
      client.send(ParsedRequest::text("GET", "/where"));
      if (!client.receive_until("thread")) return false;
      if (client.text.contains("first")) {
        at_first.emplace(std::move(client));
      } else {
        at_other.emplace(std::move(client));
      }
      return at_first && at_other;
    });
    EXPECT_TRUE(both);
    if (both) {
      at_first->send(ParsedRequest::text("GET", "/busy"));
      busy.get_future().wait();
      ::kill(::getpid(), SIGTERM);
      at_other->receive_all();  // until the connection ends
    }
    released.set_value();
    server.stop();
  });
  server.run();
  operating.join();
}

TEST(Server, TakesSignalsThatAreBlockedWhereItBegins) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGUSR1);
  sigset_t before;
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &signals, &before), 0);
  for (const bool in_its_own_threads : {false, true}) {
    Server server(quiet(2));
    server.stop_on_signals();
    server.on_signal(SIGUSR1, [] { ::kill(::getpid(), SIGTERM); });
    server.listen({.port = 0});
    ::kill(::getpid(), SIGUSR1);
    std::promise<void> ended;
    std::thread waiting([&] {
      EXPECT_EQ(ended.get_future().wait_for(30s), std::future_status::ready);
      server.stop();
    });
    if (in_its_own_threads) {
      server.start();
      server.wait();
    } else {
      server.run();
    }
    ended.set_value();
    waiting.join();
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, nullptr, &now);
    EXPECT_EQ(sigismember(&now, SIGTERM), 1);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Server, IsToldOfBothSignalsThatStopItOrOfNone) {
  Server other(quiet());
  other.on_signal(SIGTERM, [] {});
  Server server(quiet());
  EXPECT_THROW(server.stop_on_signals(), std::logic_error);
  EXPECT_NO_THROW(other.on_signal(SIGINT, [] {}));
  // What the same server was told before is replaced.
  EXPECT_NO_THROW(other.stop_on_signals());
  EXPECT_NO_THROW(other.on_signal(SIGINT, [] {}));
}

TEST(ServerDeathTest, ASecondSignalEndsTheProgramHoweverItIsStopping) {
  // A connection that is not ready to go keeps one of the two threads.
  const auto end = [](bool by_signal, bool in_its_own_threads) {
    Server server(quiet(2));
    server.websocket("/ws", {.on_message = [](WebSocket&, const Message&) {}});
    server.stop_on_signals({.deadline = 1h});
    const std::uint16_t port = server.listen({.port = 0});
    std::thread operating([&] {
      Client client = connect_websocket(port, "/ws");
      if (by_signal) {
        ::kill(::getpid(), SIGTERM);
      } else {
        server.stop({.deadline = 1h});
      }
      client.receive_until("stopping");
      for (int times = 0; times < 2; ++times) ::raise(SIGINT);
      std::this_thread::sleep_for(1h);
    });
    if (in_its_own_threads) {
      server.start();
      server.wait();
    } else {
      server.run();
    }
  };
  for (int round = 0; round < 4; ++round) {
    EXPECT_EXIT(end(round % 2 == 0, round / 2 == 0), testing::KilledBySignal(SIGINT), "") << round;
  }
}

TEST(Server, HandlersOfSignalsMayDoAnything) {
  ServerOptions options = quiet(1);
  std::string logged;
  options.log = [&](LogLevel level, std::string_view line) {
    if (level == LogLevel::error) logged += line;
  };
  Server server(options);
  server.on_signal(SIGUSR1, [] { throw std::runtime_error("out of paper"); });
  server.on_signal(SIGUSR2, [&] {
    EXPECT_EQ(server.statistics().connections_open, 0u);
    server.stop();
  });
  server.listen({.port = 0});
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  server.run();
  EXPECT_TRUE(logged.contains("out of paper")) << logged;
}

TEST(Server, IsSetUpBeforeItStarts) {
  Server server(quiet());
  EXPECT_THROW(server.on_signal(SIGKILL, [] {}), std::invalid_argument);
  EXPECT_THROW(server.on_signal(SIGPIPE, [] {}), std::invalid_argument);
  EXPECT_THROW(server.on_signal(SIGUSR1, nullptr), std::invalid_argument);
  server.start();
  EXPECT_THROW(server.get("/", [](const Request&) { return Response(); }), std::logic_error);
  EXPECT_THROW(server.websocket("/", {}), std::logic_error);
  EXPECT_THROW(server.files("/", {.folder = "/"}), std::logic_error);
  EXPECT_THROW(server.use([](const Request&) { return std::optional<Response>(); }),
               std::logic_error);
  EXPECT_THROW(server.listen({.port = 0}), std::logic_error);
  EXPECT_THROW(server.listen("127.0.0.1:0"), std::logic_error);
  EXPECT_THROW(server.on_signal(SIGUSR1, [] {}), std::logic_error);
  EXPECT_THROW(server.stop_on_signals(), std::logic_error);
}

TEST(Server, CutsOffWhatHasNotEndedByTheDeadline) {
  Server server(quiet());
  std::atomic<int> begun = 0;
  server.get("/", [&](const Request&) -> Task<Response> {
    ++begun;
    co_await net::sleep_for(1h);
    co_return Response();
  });
  server.websocket("/ws", {.session = [&](WebSocket socket, const Request&) -> Task<> {
                     ++begun;
                     while (co_await socket.receive()) {
                     }
                     co_await net::sleep_for(1h);
                   }});
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  Client client(port);
  client.send(ParsedRequest::text("GET", "/"));
  Client socket = connect_websocket(port, "/ws");
  ASSERT_TRUE(until([&] { return begun == 2; }));
  server.stop({.deadline = 50ms});
  server.wait();
  client.receive_all();
  EXPECT_EQ(client.text, "");
  socket.receive_all();
  EXPECT_EQ(socket.text, plain(Opcode::close, close_body(1001, "the server is stopping")));
  EXPECT_EQ(server.statistics().connections_open, 0u);
}

TEST(Server, HurriesWhenItIsToldToStopAgain) {
  Server server(quiet());
  std::atomic<bool> begun = false;
  server.get("/", [&](const Request&) -> Task<Response> {
    begun = true;
    co_await net::sleep_for(1h);
    co_return Response();
  });
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  Client client(port);
  client.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(until([&] { return begun.load(); }));
  server.stop({.deadline = 1h});
  server.stop({.deadline = 10ms});
  server.stop({.deadline = 1h});
  server.wait();
}

TEST(Server, LetsAResponseInFlightEnd) {
  Server server(quiet(1));
  std::atomic<bool> begun = false;
  std::atomic<bool> to_end = false;
  server.get("/", [&](const Request&) -> Task<Response> {
    begun = true;
    while (!to_end) co_await net::sleep_for(1ms);
    co_return Response::text("done");
  });
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  Client idle(port);
  Client client(port);
  client.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(until([&] { return begun.load(); }));
  server.stop({.deadline = 1h});
  idle.receive_all();
  EXPECT_TRUE(idle.at_end);
  to_end = true;
  EXPECT_TRUE(client.receive_until("done"));
  EXPECT_NE(client.text.find("Connection: close"), std::string::npos) << client.text;
  client.go();
  server.wait();
}

// ---------------------------------------------------------------------------- other threads

TEST(Server, DeliversInOrderWhatAForeignThreadPublishes) {
  Server server(quiet(2));
  server.websocket("/ws", {.on_open = [](WebSocket& socket, const Request&) {
                     socket.subscribe("news");
                     socket.send("ready");
                   }});
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(connect_websocket(port, "/ws"));
    ASSERT_TRUE(clients.back().receive_until("ready"));
    clients.back().text.clear();
  }
  constexpr int count = 200;
  std::string expected;
  for (int i = 0; i < count; ++i) expected += plain(Opcode::text, "message " + std::to_string(i));
  expected += plain(Opcode::text, "end");
  std::thread([&] {
    for (int i = 0; i < count; ++i) server.publish("news", "message " + std::to_string(i));
    server.publish("news", "end");
  }).join();
  for (Client& client : clients) {
    ASSERT_TRUE(client.receive_until("end"));
    EXPECT_EQ(client.text, expected);
  }
}

TEST(Server, DeliversOnceWhatAHandlerPublishes) {
  Server server(quiet(2));
  server.websocket("/ws", {.on_open = [](WebSocket& socket, const Request&) {
                     socket.subscribe("news");
                     socket.send("ready");
                   }});
  server.post("/news", [&](const Request& request) {
    server.publish("news", request.text());
    return Response();
  });
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  std::vector<Client> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(connect_websocket(port, "/ws"));
    ASSERT_TRUE(clients.back().receive_until("ready"));
    clients.back().text.clear();
  }
  Client poster(port);
  for (const char* word : {"one", "end"}) {
    poster.send(ParsedRequest::text("POST", "/news", {"Content-Length: 3"}) + word);
  }
  for (Client& client : clients) {
    ASSERT_TRUE(client.receive_until("end"));
    EXPECT_EQ(client.text, plain(Opcode::text, "one") + plain(Opcode::text, "end"));
  }
}

TEST(Sender, MayBeUsedByAnyThreadAtAnyTime) {
  std::mutex mutex;
  std::optional<Sender> sender;
  const auto current = [&] {
    const std::lock_guard lock(mutex);
    return sender;
  };
  {
    Server server(quiet(1));
    server.websocket("/ws", {.on_open = [&](WebSocket& socket, const Request&) {
                       const std::lock_guard lock(mutex);
                       sender = socket.sender();
                     }});
    const std::uint16_t port = server.listen({.port = 0});
    server.start();
    Client client = connect_websocket(port, "/ws");
    ASSERT_TRUE(until([&] { return current().has_value(); }));
    const Sender first = *current();
    EXPECT_TRUE(first.send("text"));
    EXPECT_TRUE(first.send(as_bytes("bytes")));
    EXPECT_TRUE(first.send(PreparedMessage::text("prepared")));
    ASSERT_TRUE(client.receive_until("prepared"));
    EXPECT_EQ(client.text, plain(Opcode::text, "text") + plain(Opcode::binary, "bytes") +
                               plain(Opcode::text, "prepared"));

    // The connection ends, and another gets its place: nothing of what was for the first comes.
    client.go();
    ASSERT_TRUE(until([&] { return server.statistics().websockets_open == 0; }));
    EXPECT_TRUE(first.send("nobody hears this"));
    Client second = connect_websocket(port, "/ws");
    EXPECT_TRUE(first.send("nor this"));
    EXPECT_TRUE(first.close());
    ASSERT_TRUE(until([&] { return current()->send("for the second"); }));
    ASSERT_TRUE(second.receive_until("second"));
    EXPECT_EQ(second.text, plain(Opcode::text, "for the second"));
    EXPECT_TRUE(current()->close(CloseCode::going_away, "bye"));
    ASSERT_TRUE(second.receive_until("bye"));
  }
  // The server has ended.
  std::thread([&] {
    EXPECT_FALSE(sender->send("text"));
    EXPECT_FALSE(sender->close());
  }).join();
  EXPECT_FALSE(Sender().send("text"));
  EXPECT_FALSE(Sender().close());
}

TEST(Sender, MayGoOnWhileTheServerEnds) {
  for (int round = 0; round < 10; ++round) {
    std::mutex mutex;
    std::optional<Sender> sender;
    std::thread other;
    {
      Server server(quiet(1));
      server.websocket("/ws", {.on_open = [&](WebSocket& socket, const Request&) {
                         const std::lock_guard lock(mutex);
                         sender = socket.sender();
                       }});
      const std::uint16_t port = server.listen({.port = 0});
      server.start();
      Client client = connect_websocket(port, "/ws");
      ASSERT_TRUE(until([&] {
        const std::lock_guard lock(mutex);
        return sender.has_value();
      }));
      other = std::thread([copy = *sender] {
        while (copy.send("x")) std::this_thread::yield();
      });
    }
    other.join();
  }
}

// ---------------------------------------------------------------------------- the log

TEST(Server, GoesOnWhenItsLogThrows) {
  ServerOptions options = quiet(1);
  options.log = [](LogLevel, std::string_view) { throw std::runtime_error("the disk is full"); };
  Server server(std::move(options));
  server.get("/", [](const Request&) -> Response { throw std::runtime_error("a mistake"); });
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  Client client(port);
  for (int i = 0; i < 2; ++i) {
    client.text.clear();
    client.send(ParsedRequest::text("GET", "/"));
    ASSERT_TRUE(client.receive_until("Internal server error.\n")) << client.text;
  }
}

// ---------------------------------------------------------------------------- statistics

TEST(Server, CountsWhatItDoes) {
  ServerOptions options = quiet(1);
  options.connections_max = 2;
  Server server(std::move(options));
  server.get("/", [](const Request&) { return Response::text("hello"); });
  server.websocket(
      "/ws", {.on_message = [](WebSocket& socket, Message message) { socket.send(message); }});
  const std::uint16_t port = server.listen({.port = 0});
  server.start();
  Client client(port);
  client.send(ParsedRequest::text("GET", "/"));
  ASSERT_TRUE(client.receive_until("hello"));
  Client socket = connect_websocket(port, "/ws");
  socket.send(frame(Opcode::text, "a") + frame(Opcode::ping, "") + frame(Opcode::text, "bc"));
  ASSERT_TRUE(socket.receive_until("bc"));
  Client refused(port);
  refused.receive_all();
  EXPECT_TRUE(refused.text.starts_with("HTTP/1.1 503 ")) << refused.text;

  Statistics statistics = server.statistics();
  EXPECT_EQ(statistics.connections_open, 2u);
  EXPECT_EQ(statistics.connections_accepted, 2u);
  EXPECT_EQ(statistics.connections_refused, 1u);
  EXPECT_EQ(statistics.requests, 2u);
  EXPECT_EQ(statistics.websockets_open, 1u);
  EXPECT_EQ(statistics.messages_received, 2u);
  EXPECT_EQ(statistics.messages_dropped, 0u);
  EXPECT_EQ(statistics.slow_consumers_closed, 0u);

  socket.go();
  client.go();
  ASSERT_TRUE(until([&] { return server.statistics().connections_open == 0; }));
  EXPECT_EQ(server.statistics().websockets_open, 0u);
  EXPECT_EQ(server.statistics().requests, 2u);
}

TEST(Server, RefusesToListenWhereItCannot) {
  Server server(quiet());
  EXPECT_THROW(server.listen({.address = "no address"}), std::invalid_argument);
  EXPECT_THROW(server.listen("nonsense"), std::invalid_argument);
  const std::uint16_t port = server.listen({.port = 0});
  Server second(quiet());
  EXPECT_THROW(second.listen({.port = port}), std::runtime_error);
}

TEST(Server, SharesAPortWithOthersThatDo) {
  Server first(quiet());
  const std::uint16_t port = first.listen({.port = 0, .reuse_port = true});
  Server second(quiet());
  EXPECT_EQ(second.listen({.port = port, .reuse_port = true}), port);
  Server third(quiet());
  EXPECT_THROW(third.listen({.port = port}), ListenError);
  EXPECT_THROW(third.listen({.unix_path = "/nowhere", .reuse_port = true}), std::invalid_argument);
}

TEST(Server, TellsAddressesThatTheSystemRefusesApart) {
  Server first(quiet());
  const std::uint16_t port = first.listen({.port = 0});
  Server second(quiet());
  try {
    second.listen({.port = port});
    ADD_FAILURE() << "nothing was refused";
  } catch (const ListenError& error) {
    EXPECT_NE(std::string_view(error.what()).find(std::to_string(port)), std::string_view::npos)
        << error.what();
  }
  EXPECT_THROW(second.listen({.address = "192.0.2.1", .port = 0}), ListenError);
  EXPECT_THROW(second.listen({.address = "nowhere", .port = 0}), std::invalid_argument);
  try {
    second.listen({.port = port, .tls = {.certificate = "/nowhere.pem", .key = "/nowhere.pem"}});
    ADD_FAILURE() << "nothing was refused";
  } catch (const ListenError&) {
    ADD_FAILURE() << "another address would not help";
  } catch (const std::runtime_error&) {
  }
}

}  // namespace
}  // namespace duplex::server

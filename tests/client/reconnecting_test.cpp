#include "client/reconnecting.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "client/response_facts.hpp"
#include "tests/client/running_server.hpp"
#include "tests/client/scripted_server.hpp"
#include <duplex/base/all.hpp>
#include <duplex/client/client.hpp>
#include <duplex/client/proxy_error.hpp>
#include <duplex/net/async.hpp>
#include <duplex/tls/error.hpp>

namespace duplex::client {
namespace {

using connection::CloseInfo;
using connection::Message;
using connection::SendStatus;
using connection::WebSocket;
using http::Status;
using server::Request;
using websocket::ClientHandshakeError;
using websocket::CloseCode;
using namespace std::chrono_literals;

// Nothing listens there.
constexpr const char* nowhere = "ws://127.0.0.1:1/";
// Waits that no test waits for.
constexpr std::uint32_t for_ever_ms = 3'600'000;

// ---------------------------------------------------------------------------- the rules

TEST(ClientReconnecting, WaitsTwiceAsLongAfterEachFailure) {
  struct Case {
    std::uint32_t first_ms;
    std::uint32_t most_ms;
    std::uint32_t failures;
    std::uint32_t expected_ms;
  };
  for (const Case& test : std::vector<Case>{
           {500, 30'000, 0, 500},
           {500, 30'000, 1, 1'000},
           {500, 30'000, 5, 16'000},
           {500, 30'000, 6, 30'000},
           {500, 30'000, 31, 30'000},
           {500, 30'000, 32, 30'000},
           {500, 30'000, UINT32_MAX, 30'000},
           {1, UINT32_MAX, 31, 1U << 31U},
           {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
           {1'000, 10, 0, 10},
           {0, 30'000, 7, 0},
           {500, 0, 7, 0},
       }) {
    const ReconnectOptions options{.delay_ms_first = test.first_ms, .delay_ms_max = test.most_ms};
    EXPECT_EQ(backoff_ms(options, test.failures), test.expected_ms)
        << test.first_ms << " " << test.most_ms << " " << test.failures;
  }
}

Error error_of(Step step, std::error_code code) {
  return {.step = step, .code = code};
}

Error refused_with(int status) {
  Error error = error_of(Step::handshake, ClientError::upgrade_refused);
  error.response = std::make_shared<const Response>(
      response_of(static_cast<Status>(status), "ws://example.com/"), "", http::Fields());
  return error;
}

TEST(ClientReconnecting, KnowsWhichErrorsMayMend) {
  const auto late = std::make_error_code(std::errc::timed_out);
  for (const Error& error : std::vector<Error>{
           error_of(Step::resolve, std::make_error_code(std::errc::host_unreachable)),
           error_of(Step::connect, std::make_error_code(std::errc::connection_refused)),
           error_of(Step::protocol, ClientError::connection_closed),
           error_of(Step::proxy, ProxyError::connection_refused),
           error_of(Step::tls, tls::TlsError::truncated),
           error_of(Step::tls, late),
           error_of(Step::handshake, late),
           error_of(Step::handshake, ClientError::connection_closed),
           refused_with(408),
           refused_with(425),
           refused_with(429),
           refused_with(500),
           refused_with(503),
       }) {
    EXPECT_TRUE(may_mend(error)) << error.message();
  }
}

TEST(ClientReconnecting, KnowsWhichErrorsDoNotMend) {
  for (const Error& error : std::vector<Error>{
           error_of(Step::connect, std::make_error_code(std::errc::operation_canceled)),
           error_of(Step::request, http::UrlError::unsupported_scheme),
           error_of(Step::redirect, ClientError::too_many_redirects),
           error_of(Step::proxy, ClientError::invalid_request),
           error_of(Step::proxy, ProxyError::authentication_required),
           error_of(Step::proxy, ProxyError::authentication_refused),
           error_of(Step::proxy, ProxyError::login_refused),
           error_of(Step::tls, tls::TlsError::not_tls),
           error_of(Step::tls, tls::TlsError::alert),
           error_of(Step::handshake, ClientHandshakeError::wrong_accept),
           refused_with(200),
           refused_with(301),
           refused_with(401),
           refused_with(404),
       }) {
    EXPECT_FALSE(may_mend(error)) << error.message();
  }
}

TEST(ClientReconnecting, ComesBackUnlessItIsSentAway) {
  for (const int code : {1001, 1002, 1005, 1006, 1009, 1011, 1012, 1013, 4000}) {
    EXPECT_TRUE(may_come_back({.code = static_cast<CloseCode>(code)})) << code;
  }
  EXPECT_FALSE(may_come_back({.code = CloseCode::normal}));
  EXPECT_FALSE(may_come_back({.code = CloseCode::policy_violation}));
}

// ---------------------------------------------------------------------------- coming back

TEST(ClientReconnecting, ComesBackAfterAnAbnormalEnd) {
  std::atomic<int> connections = 0;
  const Running there([&](server::Server& server) {
    server.websocket("/", {.on_open =
                               [&](WebSocket& socket, const Request&) {
                                 socket.send("connection " + std::to_string(++connections));
                               },
                           .on_message = [](WebSocket& socket, Message) { socket.terminate(); }});
  });
  const Client client(plain_options());
  std::vector<std::string> received;
  std::vector<bool> again;
  int lost = 0;
  const auto stay = [&]() -> Task<> {
    ReconnectOptions options{.delay_ms_first = 1, .delay_ms_max = 5};
    options.on_connected = [&](WebSocket, bool is_again) -> Task<> {
      again.push_back(is_again);
      co_return;
    };
    options.on_lost = [&](const Error&, std::uint32_t) { ++lost; };
    auto socket = client.connect(there.ws("/")).reconnecting(std::move(options));
    for (int i = 0; i < 3; ++i) {
      auto message = co_await socket.receive();
      if (!message) break;
      received.emplace_back(message->text());
      socket.send("end it");
    }
  };
  client.run(stay());
  EXPECT_EQ(received, (std::vector<std::string>{"connection 1", "connection 2", "connection 3"}));
  EXPECT_EQ(again, (std::vector<bool>{false, true, true}));
  EXPECT_EQ(lost, 2);
}

TEST(ClientReconnecting, GivesUpAfterAsManyAttemptsAsAreAllowed) {
  const Client client(plain_options());
  const auto stay = [&]() -> Task<Error> {
    ReconnectOptions options{.delay_ms_first = 1, .attempts_max = 3};
    auto socket = client.connect("ws://127.0.0.1:1/").reconnecting(std::move(options));
    EXPECT_FALSE(co_await socket.receive());
    co_return socket.error().value();
  };
  EXPECT_EQ(client.run(stay()).code, ClientError::gave_up);
}

TEST(ClientReconnecting, QueuesOrRefusesWhileAway) {
  const Client client(plain_options());
  const auto stay = [&]() -> Task<> {
    ReconnectOptions options{.delay_ms_first = 60'000, .queue_bytes_max = 10};
    auto queues = client.connect("ws://127.0.0.1:1/").reconnecting(options);
    EXPECT_EQ(queues.send("1234567"), SendStatus::accepted);
    EXPECT_EQ(queues.send("1234"), SendStatus::dropped);
    options.while_away = WhileAway::refuse;
    auto refuses = client.connect("ws://127.0.0.1:1/").reconnecting(options);
    EXPECT_EQ(refuses.send("1"), SendStatus::closed);
    queues.close();
    EXPECT_FALSE(co_await queues.receive());
  };
  client.run(stay());
}

// ---------------------------------------------------------------------------- ends

/// How a reconnecting socket ended, as its user was told.
struct Ending {
  bool received = false;
  std::optional<Error> error;
  std::uint64_t connections = 0;
};

Task<Ending> end_of(ReconnectingWebSocket& socket) {
  Ending ending;
  ending.received = (co_await socket.receive()).has_value();
  ending.error = socket.error();
  ending.connections = socket.connections();
  co_return ending;
}

/// A server that tells how its first WebSocket was closed.
struct Watched {
  std::promise<void> opened;
  std::promise<CloseCode> closed;
  Running server{[this](server::Server& its_server) {
    its_server.websocket(
        "/",
        {.on_open = [this](WebSocket&, const Request&) { opened.set_value(); },
         .on_close = [this](WebSocket&, const CloseInfo& info) { closed.set_value(info.code); }});
  }};
};

TEST(ClientReconnecting, ResumesNobodyInsideOfClose) {
  const Client client(plain_options());
  std::vector<std::string> order;
  const auto stay = [&]() -> Task<> {
    const ReconnectOptions options{.delay_ms_first = 60'000};
    auto socket = client.connect("ws://127.0.0.1:1/").reconnecting(options);
    const auto receive = [&]() -> Task<> {
      const auto message = co_await socket.receive();
      order.emplace_back(message ? "received" : "ended");
    };
    const auto close = [&]() -> Task<> {
      co_await net::sleep_for(1ms);
      socket.close();
      order.emplace_back("closed");
    };
    co_await all(receive(), close());
  };
  client.run(stay());
  EXPECT_EQ(order, (std::vector<std::string>{"closed", "ended"}));
}

TEST(ClientReconnecting, EndsWhenClosedInOnConnected) {
  Watched there;
  const Client client(plain_options());
  const auto stay = [&]() -> Task<Ending> {
    std::optional<ReconnectingWebSocket> socket;
    ReconnectOptions options{.delay_ms_first = 1};
    options.on_connected = [&](WebSocket, bool) -> Task<> {
      socket->close(static_cast<CloseCode>(4001), "enough");
      co_return;
    };
    socket.emplace(client.connect(there.server.ws("/")).reconnecting(std::move(options)));
    co_return co_await end_of(*socket);
  };
  const Ending ending = client.run(stay());
  EXPECT_FALSE(ending.received);
  EXPECT_FALSE(ending.error);
  EXPECT_EQ(ending.connections, 1U);
  EXPECT_EQ(there.closed.get_future().get(), static_cast<CloseCode>(4001));
}

TEST(ClientReconnecting, EndsWhenClosedInOnLost) {
  const Client client(plain_options());
  int lost = 0;
  const auto stay = [&]() -> Task<Ending> {
    std::optional<ReconnectingWebSocket> socket;
    ReconnectOptions options{.delay_ms_first = for_ever_ms, .delay_ms_max = for_ever_ms};
    options.on_lost = [&](const Error&, std::uint32_t) {
      ++lost;
      socket->close();
    };
    socket.emplace(client.connect(nowhere).reconnecting(std::move(options)));
    co_return co_await end_of(*socket);
  };
  const Ending ending = client.run(stay());
  EXPECT_FALSE(ending.received);
  EXPECT_FALSE(ending.error);
  EXPECT_EQ(lost, 1);
}

TEST(ClientReconnecting, ClosesWhenItIsDestroyedWithAMessageThatNobodyTook) {
  std::promise<CloseCode> closed;
  const Running there([&](server::Server& server) {
    server.get("/", [](const Request&) { return Status::ok; });
    server.websocket(
        "/socket",
        {.on_open =
             [](WebSocket& socket, const Request&) {
               socket.send("taken");
               socket.send("not taken");
             },
         .on_close = [&](WebSocket&, const CloseInfo& info) { closed.set_value(info.code); }});
  });
  const Client client(plain_options());
  const auto stay = [&]() -> Task<> {
    auto socket = client.connect(there.ws("/socket")).reconnecting();
    const auto message = co_await socket.receive();
    EXPECT_EQ(message.value().text(), "taken");
    // The second came with the first; while this waits, it is received.
    static_cast<void>(co_await client.get(there.url("/")));
  };
  client.run(stay());
  EXPECT_EQ(closed.get_future().get(), CloseCode::normal);
}

// What nobody has taken when it says goodbye is kept, and of what comes behind it nothing is given
// that has a gap in front.
TEST(ClientReconnecting, GivesNothingBehindAMessageThatWasLost) {
  const Running there([](server::Server& server) {
    server.websocket("/", {.on_message = [](WebSocket& socket, Message) {
                       for (int number = 1; number <= 4; ++number) {
                         socket.send(std::to_string(number));
                       }
                     }});
  });
  const Client client(plain_options());
  std::vector<std::string> heard;
  const auto stay = [&]() -> Task<> {
    auto socket = client.connect(there.ws("/")).reconnecting();
    socket.send("go");
    const auto first = co_await socket.receive();
    heard.emplace_back(first.value().text());
    const WebSocket connection = socket.current();
    socket.close();
    while (!connection.close_info()) co_await net::sleep_for(1ms);
    while (const auto message = co_await socket.receive()) heard.emplace_back(message->text());
  };
  client.run(stay());
  EXPECT_EQ(heard, (std::vector<std::string>{"1", "2"}));
}

TEST(ClientReconnecting, EndsWithItsClientWhileItReceives) {
  Watched there;
  auto client = std::make_unique<Client>(plain_options());
  std::promise<Ending> told;
  const auto stay = [&]() -> Task<> {
    auto socket = client->connect(there.server.ws("/")).reconnecting();
    told.set_value(co_await end_of(socket));
  };
  client->spawn(stay());
  there.opened.get_future().wait();
  client.reset();
  const Ending ending = told.get_future().get();
  EXPECT_FALSE(ending.received);
  ASSERT_TRUE(ending.error);
  EXPECT_TRUE(ending.error->cancelled()) << ending.error->message();
  there.closed.get_future().wait();
}

/// A client whose reconnecting socket is away, and waits before its next attempt.
class Away {
 public:
  explicit Away(std::stop_token stop = {}) : client_(std::make_unique<Client>(plain_options())) {
    client_->spawn(stay(std::move(stop)));
    lost_.get_future().wait();
  }
  void end_client() { client_.reset(); }
  Ending ending() { return told_.get_future().get(); }

 private:
  Task<> stay(std::stop_token stop) {
    ReconnectOptions options{.delay_ms_first = for_ever_ms, .delay_ms_max = for_ever_ms};
    options.on_lost = [this](const Error&, std::uint32_t) { lost_.set_value(); };
    auto socket = client_->connect(nowhere).stop_on(std::move(stop)).reconnecting(options);
    told_.set_value(co_await end_of(socket));
  }

  std::promise<void> lost_;
  std::promise<Ending> told_;
  std::unique_ptr<Client> client_;
};

TEST(ClientReconnecting, EndsWithTheThreadInWhichItWasMade) {
  const Client client(plain_options());
  std::optional<ReconnectingWebSocket> socket;
  {
    const Running there([&](server::Server& server) {
      server.get("/", [&](const Request&) {
        socket.emplace(client.connect(nowhere).reconnecting({.delay_ms_first = for_ever_ms}));
        return server::Response();
      });
    });
    ASSERT_TRUE(Client(plain_options()).get(there.url("/")).wait());
    ASSERT_TRUE(socket);
  }
  EXPECT_EQ(socket->send("nobody is there to send it"), SendStatus::closed);
  EXPECT_TRUE(socket->error() && socket->error()->cancelled());
}

TEST(ClientReconnecting, EndsWithItsClientWhileItIsAway) {
  Away away;
  away.end_client();
  const Ending ending = away.ending();
  EXPECT_FALSE(ending.received);
  ASSERT_TRUE(ending.error);
  EXPECT_TRUE(ending.error->cancelled()) << ending.error->message();
}

TEST(ClientReconnecting, StopsWhileItIsAway) {
  std::stop_source stop;
  Away away(stop.get_token());
  stop.request_stop();
  const Ending ending = away.ending();
  EXPECT_FALSE(ending.received);
  ASSERT_TRUE(ending.error);
  EXPECT_TRUE(ending.error->cancelled()) << ending.error->message();
}

TEST(ClientReconnecting, StopsWhileItReceives) {
  Watched there;
  const Client client(plain_options());
  std::stop_source stop;
  std::promise<Ending> told;
  const auto stay = [&]() -> Task<> {
    auto socket = client.connect(there.server.ws("/")).stop_on(stop.get_token()).reconnecting();
    told.set_value(co_await end_of(socket));
  };
  client.spawn(stay());
  there.opened.get_future().wait();
  stop.request_stop();
  const Ending ending = told.get_future().get();
  EXPECT_FALSE(ending.received);
  ASSERT_TRUE(ending.error);
  EXPECT_TRUE(ending.error->cancelled()) << ending.error->message();
  there.closed.get_future().wait();
}

TEST(ClientReconnecting, StopsBeforeItBeginsWhenItsTokenHasStopped) {
  const Client client(plain_options());
  std::stop_source stop;
  stop.request_stop();
  const auto stay = [&]() -> Task<Ending> {
    ReconnectOptions options{.delay_ms_first = for_ever_ms, .delay_ms_max = for_ever_ms};
    auto socket = client.connect(nowhere).stop_on(stop.get_token()).reconnecting(options);
    co_return co_await end_of(socket);
  };
  const Ending ending = client.run(stay());
  ASSERT_TRUE(ending.error);
  EXPECT_TRUE(ending.error->cancelled()) << ending.error->message();
}

// ---------------------------------------------------------------------------- attempts

TEST(ClientReconnecting, TakesADeadlineForEachAttempt) {
  const ScriptedServer there([](ScriptedPeer& peer, int) { peer.read_to_end(); });
  const Client client(plain_options());
  std::vector<Error> errors;
  const auto stay = [&]() -> Task<Ending> {
    ReconnectOptions options{.delay_ms_first = 1, .attempts_max = 3};
    options.on_lost = [&](const Error& error, std::uint32_t) { errors.push_back(error); };
    auto socket = client.connect(there.url("/", "ws")).deadline(10ms).reconnecting(options);
    co_return co_await end_of(socket);
  };
  const Ending ending = client.run(stay());
  EXPECT_EQ(ending.error.value().code, ClientError::gave_up);
  ASSERT_EQ(errors.size(), 2U);
  for (const Error& error : errors) EXPECT_TRUE(error.timed_out()) << error.message();
}

TEST(ClientReconnecting, CountsAnAttemptAsFailedWhenOnConnectedThrows) {
  Watched there;
  const Client client(plain_options());
  const auto stay = [&]() -> Task<Ending> {
    ReconnectOptions options{.attempts_max = 1};
    options.on_connected = [](WebSocket, bool) -> Task<> {
      throw std::runtime_error("can't subscribe");
      co_return;
    };
    auto socket = client.connect(there.server.ws("/")).reconnecting(options);
    co_return co_await end_of(socket);
  };
  const Ending ending = client.run(stay());
  EXPECT_EQ(ending.error.value().code, ClientError::gave_up);
  EXPECT_NE(ending.error->reason.find("on_connected failed: can't subscribe"), std::string::npos);
  EXPECT_EQ(there.closed.get_future().get(), CloseCode::internal_error);
}

Task<std::optional<Error>> receive_nothing(const Client& client, ReconnectOptions options) {
  auto socket = client.connect(nowhere).reconnecting(std::move(options));
  const auto received = co_await net::within(10s, socket.receive());
  EXPECT_TRUE(received) << "nobody told that it is over";
  EXPECT_TRUE(!received || !*received);
  EXPECT_EQ(socket.send("more"), SendStatus::closed);
  co_return socket.error();
}

TEST(ClientReconnecting, EndsWhenOneOfItsFunctionsThrows) {
  ReconnectOptions on_lost;
  on_lost.on_lost = [](const Error&, std::uint32_t) { throw std::runtime_error("a bad idea"); };
  ReconnectOptions retry_on;
  retry_on.retry_on = [](const Error&) -> bool { throw std::runtime_error("a bad idea"); };
  for (const ReconnectOptions& options : {on_lost, retry_on}) {
    const Client client(plain_options());
    const auto error = client.run(receive_nothing(client, options));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, ClientError::content_failed);
    EXPECT_NE(error->reason.find("a bad idea"), std::string::npos) << error->reason;
  }
}

TEST(ClientReconnecting, WaitsAsLongAsTheServerAsks) {
  const ScriptedServer there([](ScriptedPeer& peer, int) {
    peer.read_head();
    peer.send("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    peer.read_to_end();
  });
  const Client client(plain_options());
  std::uint32_t waits_ms = 0;
  const auto stay = [&]() -> Task<Ending> {
    std::optional<ReconnectingWebSocket> socket;
    ReconnectOptions options{.delay_ms_first = 1};
    options.on_lost = [&](const Error&, std::uint32_t delay_ms) {
      waits_ms = delay_ms;
      socket->close();
    };
    socket.emplace(client.connect(there.url("/", "ws")).reconnecting(std::move(options)));
    co_return co_await end_of(*socket);
  };
  client.run(stay());
  EXPECT_EQ(waits_ms, 120'000U);
}

TEST(ClientReconnecting, EndsWhenTheServerSaysThatAllIsSaid) {
  const Running there([](server::Server& server) {
    server.websocket("/", {.on_open = [](WebSocket& socket, const Request&) { socket.close(); }});
  });
  const Client client(plain_options());
  const auto stay = [&]() -> Task<Ending> {
    auto socket = client.connect(there.ws("/")).reconnecting();
    co_return co_await end_of(socket);
  };
  const Ending ending = client.run(stay());
  EXPECT_FALSE(ending.received);
  EXPECT_FALSE(ending.error);
  EXPECT_EQ(ending.connections, 1U);
}

TEST(ClientReconnecting, SendsWhatWaitedBehindWhatOnConnectedSends) {
  const Running there([](server::Server& server) {
    server.websocket(
        "/", {.on_message = [](WebSocket& socket, Message message) { socket.send(message); }});
  });
  const Client client(plain_options());
  std::vector<std::string> echoes;
  const auto stay = [&]() -> Task<> {
    ReconnectOptions options;
    options.on_connected = [](WebSocket socket, bool) -> Task<> {
      co_await socket.send("subscribe");
    };
    auto socket = client.connect(there.ws("/")).reconnecting(options);
    EXPECT_EQ(socket.send("first"), SendStatus::accepted);
    EXPECT_EQ(socket.send("second"), SendStatus::accepted);
    while (echoes.size() < 3) {
      const auto message = co_await socket.receive();
      echoes.emplace_back(message.value().text());
    }
  };
  client.run(stay());
  EXPECT_EQ(echoes, (std::vector<std::string>{"subscribe", "first", "second"}));
}

}  // namespace
}  // namespace duplex::client

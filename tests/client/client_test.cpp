#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/reconnecting.hpp"
#include "tests/client/running_server.hpp"
#include <duplex/base/all.hpp>
#include <duplex/client/client.hpp>
#include <duplex/net/async.hpp>
#include <duplex/server/server.hpp>

// The client against our own server, over real sockets. Others are in tests/integration.

namespace duplex::client {
namespace {

using connection::CloseInfo;
using connection::Message;
using connection::SendStatus;
using connection::WebSocket;
using http::Method;
using http::Status;
using server::Request;
using server::Response;
using websocket::CloseCode;
using namespace std::chrono_literals;

void add_echo(server::Server& server) {
  server.post("/echo", [](const Request& request) {
    return Response::bytes(std::string(request.text()),
                           request.field("content-type").value_or("none"));
  });
  server.get("/hello/{name}", [](const Request& request) {
    return Response::text("Hello, " + std::string(request.param("name")) + "!\n");
  });
}

TEST(Client, GetsAResponseInAThreadThatWaits) {
  const Running there(add_echo);
  const Client client(plain_options());
  const auto response = client.get(there.url("/hello/Ada")).wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status(), Status::ok);
  EXPECT_TRUE(response->ok());
  EXPECT_EQ(response->text(), "Hello, Ada!\n");
  EXPECT_EQ(response->url(), there.url("/hello/Ada"));
  EXPECT_EQ(response->field("content-type"), "text/plain; charset=utf-8");
  EXPECT_TRUE(response->raw().starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(response->request_head().starts_with("GET /hello/Ada HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_FALSE(response->secure());
}

Task<std::string> two_in_a_row(const Client& client, const Running& there) {
  const auto first = co_await client.get(there.url("/hello/Ada"));
  const auto second = co_await client.get(there.url("/hello/Bob")).field("X-Test", "a value");
  co_return first.value().text() + second.value().text();
}

TEST(Client, RunsCoroutinesInItsThread) {
  const Running there(add_echo);
  const Client client(plain_options());
  EXPECT_EQ(client.run(two_in_a_row(client, there)), "Hello, Ada!\nHello, Bob!\n");
  const ClientStatistics statistics = client.statistics();
  EXPECT_EQ(statistics.requests, 2U);
  EXPECT_EQ(statistics.connections_opened, 1U);
  EXPECT_EQ(statistics.connections_reused, 1U);
}

TEST(Client, CallsBack) {
  const Running there(add_echo);
  const Client client(plain_options());
  std::promise<std::string> text;
  client.get(there.url("/hello/Ada")).then([&](Result<client::Response> response) {
    text.set_value(response.value().text());
  });
  EXPECT_EQ(text.get_future().get(), "Hello, Ada!\n");
}

TEST(Client, AsksAnotherServerFromAHandler) {
  const Running behind(add_echo);
  const Client client(plain_options());
  const Running front([&](server::Server& server) {
    server.get("/through", [&](const Request&) -> Task<Response> {
      const auto thread = std::this_thread::get_id();
      const auto response = co_await client.get(behind.url("/hello/Ada"));
      if (std::this_thread::get_id() != thread) co_return Status::internal_server_error;
      co_return Response::text(response.value().text());
    });
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(client.get(front.url("/through")).wait().value().text(), "Hello, Ada!\n");
  }
}

TEST(Client, OutlivesTheServerThatUsedIt) {
  const Running behind(add_echo);
  const Client client(plain_options());
  {
    const Running front([&](server::Server& server) {
      server.get("/through", [&](const Request&) -> Task<Response> {
        const auto response = co_await client.get(behind.url("/hello/Ada"));
        co_return Response::text(response.value().text());
      });
    });
    EXPECT_TRUE(client.get(front.url("/through")).wait());
  }
  EXPECT_TRUE(client.get(behind.url("/hello/Ada")).wait());
}

// What is begun last in a thread ends first there.
TEST(Client, EndsWithTheThreadOfATaskOfAnotherClient) {
  std::promise<void> asked;
  const Running behind([&](server::Server& server) {
    server.get("/", [&](const Request&) -> Task<Response> {
      asked.set_value();
      co_await net::sleep_for(1h);
      co_return Response();
    });
  });
  ClientOptions one_at_a_time = plain_options();
  one_at_a_time.pool.connections_per_origin_max = 1;
  const Client first(plain_options());
  const Client second(one_at_a_time);
  const auto ask = [](const Client& client, std::string url) -> Task<> {
    static_cast<void>(co_await client.get(url));
  };
  {
    const Running front([&](server::Server& server) {
      server.get("/", [&](const Request&) {
        first.spawn(ask(second, behind.url("/")));
        first.spawn(ask(second, behind.url("/")));  // waits for the connection
        return Response();
      });
    });
    ASSERT_TRUE(Client(plain_options()).get(front.url("/")).wait());
    asked.get_future().wait();
  }
  EXPECT_EQ(second.statistics().connections_open, 0U);
}

TEST(Client, EndsWhileAServerStillUsesIt) {
  const Running behind([](server::Server& server) {
    server.get("/never", [](const Request&) -> Task<Response> {
      co_await net::sleep_for(1h);
      co_return Status::ok;
    });
  });
  auto client = std::make_unique<Client>(plain_options());
  std::promise<void> asked;
  const Running front([&](server::Server& server) {
    server.get("/through", [&](const Request&) -> Task<Response> {
      auto call = client->get(behind.url("/never"));
      asked.set_value();
      const auto response = co_await std::move(call);
      co_return Response::text(response ? "answered" : response.error().code.message());
    });
  });
  const Client outside(plain_options());
  std::promise<std::string> text;
  outside.get(front.url("/through")).then([&](Result<client::Response> response) {
    text.set_value(response.value().text());
  });
  asked.get_future().wait();
  client.reset();
  EXPECT_EQ(text.get_future().get(), "Operation canceled");
}

TEST(Client, SendsContentOfEveryKind) {
  const Running there(add_echo);
  const Client client(plain_options());
  const auto echoed = [&](Content content) {
    const auto response = client.post(there.url("/echo"), std::move(content)).wait();
    if (!response) return response.error().message();
    return std::string(response->field("content-type").value_or("")) + ": " + response->text();
  };
  EXPECT_EQ(echoed("text"), "text/plain; charset=utf-8: text");
  EXPECT_EQ(echoed(Content::json("{}")), "application/json: {}");
  EXPECT_EQ(echoed(Content::form({{"a b", "c&d"}})),
            "application/x-www-form-urlencoded: a+b=c%26d");
  EXPECT_EQ(echoed(Content::bytes("\x01\x02")), "application/octet-stream: \x01\x02");
  const auto write = [](ContentWriter& writer) -> Task<> {
    co_await writer.write("one, ");
    co_await net::sleep_for(1ms);
    co_await writer.write("two");
  };
  EXPECT_EQ(echoed(Content::stream("text/x", write)), "text/x: one, two");
  EXPECT_EQ(echoed(Content::stream("text/x", write, 8)), "text/x: one, two");
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(echoed(large), "text/plain; charset=utf-8: " + large);
}

TEST(Client, EndsARequestWhoseContentIsNotAsAnnounced) {
  const Running there(add_echo);
  const Client client(plain_options());
  const auto write = [](ContentWriter& writer) -> Task<> { co_await writer.write("four"); };
  const auto short_one =
      client.post(there.url("/echo"), Content::stream("text/x", write, 5)).wait();
  ASSERT_FALSE(short_one);
  EXPECT_EQ(short_one.error().code, ClientError::content_failed);
  const auto fail = [](ContentWriter&) -> Task<> {
    throw std::runtime_error("no more ink");
    co_return;
  };
  const auto failed = client.post(there.url("/echo"), Content::stream("text/x", fail)).wait();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().reason, "no more ink");
  EXPECT_TRUE(client.get(there.url("/hello/Ada")).wait());
}

void add_redirects(server::Server& server) {
  add_echo(server);
  server.route(Method::get, "/from/{status}", [](const Request& request) {
    return Response::redirect("/hello/Ada",
                              static_cast<Status>(std::stoi(std::string(request.param("status")))));
  });
  server.post("/from/{status}", [](const Request& request) {
    return Response::redirect("/echo",
                              static_cast<Status>(std::stoi(std::string(request.param("status")))));
  });
  server.get("/loop", [](const Request&) { return Response::redirect("/loop"); });
}

TEST(Client, FollowsRedirections) {
  const Running there(add_redirects);
  const Client client(plain_options());
  for (const char* status : {"301", "302", "303", "307", "308"}) {
    const auto response = client.get(there.url(std::string("/from/") + status)).wait();
    ASSERT_TRUE(response) << response.error().message();
    EXPECT_EQ(response->text(), "Hello, Ada!\n");
    EXPECT_EQ(response->url(), there.url("/hello/Ada"));
    EXPECT_EQ(response->redirects(), 1U);
  }
  EXPECT_EQ(client.post(there.url("/from/307"), "again").wait().value().text(), "again");
  EXPECT_EQ(client.get(there.url("/from/302")).redirects_max(0).wait().value().status(),
            Status::found);
  const auto endless = client.get(there.url("/loop")).redirects_max(3).wait();
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().step, Step::redirect);
  EXPECT_EQ(endless.error().code, ClientError::too_many_redirects);
  const auto once = [](ContentWriter& writer) -> Task<> { co_await writer.write("once"); };
  const auto replayed = client.post(there.url("/from/307"), Content::stream("text/x", once)).wait();
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().code, ClientError::content_not_replayable);
}

Task<std::string> tell_in_steps(const Client& client, std::string url, bool with_token) {
  auto call = client.post(url, "told");
  call.field("X-First", "1");
  if (with_token) call.bearer("a-token").deadline(20s);
  const auto response = co_await std::move(call);
  co_return response ? response->request_head() : response.error().message();
}

TEST(Client, TakesACallInSteps) {
  const Running there(add_echo);
  const Client client(plain_options());
  const std::string with = client.run(tell_in_steps(client, there.url("/echo"), true));
  EXPECT_NE(with.find("X-First: 1\r\nAuthorization: Bearer a-token\r\n"), std::string::npos);
  const std::string without = client.run(tell_in_steps(client, there.url("/echo"), false));
  EXPECT_EQ(without.find("Authorization"), std::string::npos);

  auto waiting = client.get(there.url("/nowhere"));
  waiting.redirects_max(0).expect_continue().undecoded();
  const auto response = std::move(waiting).wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->status(), Status::not_found);
}

// Who begins a call that has a name says that it is spent.
template <class Called>
concept AwaitedByName = requires(Called call) { call.operator co_await(); };
template <class Called>
concept WaitedForByName = requires(Called call) { call.wait(); };
template <class Called>
concept AwaitedWhenMoved = requires(Called call) { std::move(call).operator co_await(); };
static_assert(!AwaitedByName<FetchCall> && !WaitedForByName<FetchCall>);
static_assert(!AwaitedByName<ConnectCall> && !WaitedForByName<ConnectCall>);
static_assert(AwaitedWhenMoved<FetchCall> && AwaitedWhenMoved<ConnectCall>);

Task<std::string> read_all(const Client& client, std::string url) {
  auto stream = (co_await client.stream(url)).value();
  std::string text;
  while (true) {
    auto piece = (co_await stream.read()).value();
    if (!piece) co_return text;
    text += *piece;
  }
}

void add_streams(server::Server& server) {
  server.get("/large", [](const Request&) {
    return Response::generated("text/plain", [left = 1000]() mutable -> std::optional<std::string> {
      if (left-- == 0) return std::nullopt;
      return std::string(10'000, 'x');
    });
  });
}

TEST(Client, StreamsContent) {
  const Running there(add_streams);
  const Client client(plain_options());
  EXPECT_EQ(client.run(read_all(client, there.url("/large"))).size(), 10'000'000U);
}

TEST(Client, LimitsTheContentThatItCollects) {
  const Running there(add_streams);
  const Client client(plain_options());
  const auto response = client.get(there.url("/large")).body_bytes_max(9'999'999).wait();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().step, Step::content);
  EXPECT_EQ(response.error().code, ClientError::content_too_large);
  EXPECT_TRUE(client.get(there.url("/large")).body_bytes_max(10'000'000).wait());
}

TEST(Client, ReportsProgressBothWays) {
  const Running there(add_echo);
  const Client client(plain_options());
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  const std::string text(2'000'000, 'x');
  const auto response =
      client.post(there.url("/echo"), text)
          .on_upload([&](std::uint64_t bytes, std::optional<std::uint64_t> total) {
            EXPECT_EQ(total, text.size());
            EXPECT_GE(bytes, up);
            up = bytes;
          })
          .on_download([&](std::uint64_t bytes, std::optional<std::uint64_t> total) {
            EXPECT_EQ(total, text.size());
            EXPECT_GT(bytes, down);
            down = bytes;
          })
          .wait();
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(up, text.size());
  EXPECT_EQ(down, text.size());
}

void add_never(server::Server& server) {
  server.get("/never", [](const Request&) -> Task<Response> {
    co_await net::sleep_for(1h);
    co_return Status::ok;
  });
}

TEST(Client, EndsAtItsDeadline) {
  const Running there(add_never);
  const Client client(plain_options());
  const auto response = client.get(there.url("/never")).deadline(20ms).wait();
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().timed_out());
  EXPECT_EQ(response.error().step, Step::protocol);
  EXPECT_NE(response.error().message().find("time limit"), std::string::npos);
}

TEST(Client, EndsAtTheLimitForAHead) {
  const Running there(add_never);
  ClientOptions options = plain_options();
  options.time_limits.head_ms_max = 30;
  const Client client(options);
  const auto response = client.get(there.url("/never")).wait();
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().timed_out());
}

TEST(Client, StopsWhenAskedTo) {
  const Running there(add_never);
  const Client client(plain_options());
  std::stop_source stop;
  std::promise<Error> error;
  client.get(there.url("/never")).stop_on(stop.get_token()).then([&](const auto& response) {
    error.set_value(response.error());
  });
  stop.request_stop();
  EXPECT_TRUE(error.get_future().get().cancelled());
  const auto late = client.get(there.url("/never")).stop_on(stop.get_token()).wait();
  EXPECT_TRUE(late.error().cancelled());
}

TEST(Client, CancelsWhatItsCoroutineNoLongerAwaits) {
  const Running there(add_never);
  const Client client(plain_options());
  const auto give_up = [&]() -> Task<bool> {
    const auto ask = [&]() -> Task<> {
      const auto response = co_await client.get(there.url("/never"));
      ADD_FAILURE() << "it was answered";
    };
    co_return co_await net::within(20ms, ask());
  };
  EXPECT_FALSE(client.run(give_up()));
}

TEST(Client, LetsRequestsWaitForAConnection) {
  const Running there(add_echo);
  ClientOptions options = plain_options();
  options.pool.connections_per_origin_max = 2;
  options.pool.waiting_per_origin_max = 7;
  const Client client(options);
  int answered = 0;
  int refused = 0;
  const auto ask = [&]() -> Task<> {
    const auto response = co_await client.get(there.url("/hello/Ada"));
    if (response) {
      ++answered;
    } else if (response.error().code == ClientError::too_many_requests) {
      ++refused;
    }
  };
  const auto ask_often = [&]() -> Task<> {
    std::vector<Task<>> tasks;
    for (int i = 0; i < 10; ++i) tasks.push_back(ask());
    co_await all(std::move(tasks));
  };
  client.run(ask_often());
  EXPECT_EQ(answered, 9);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(client.statistics().connections_opened, 2U);
}

TEST(Client, NamesTheStepThatFailed) {
  const Client client(plain_options());
  const auto step_of = [&](const std::string& url) {
    const auto response = client.get(url).wait();
    return response ? "none" : std::string(name(response.error().step));
  };
  EXPECT_EQ(step_of("no url"), "request");
  EXPECT_EQ(step_of("ws://127.0.0.1/"), "request");
  EXPECT_EQ(step_of("http://127.0.0.1:1/"), "connect");
  EXPECT_EQ(client.get("http://127.0.0.1:1/").wait().error().code, std::errc::connection_refused);
}

TEST(Client, RefusesToWaitWhereALoopRuns) {
  const Client client(plain_options());
  const auto wait_inside = [&]() -> Task<> {
    static_cast<void>(client.get("http://127.0.0.1:1/").wait());
    co_return;
  };
  EXPECT_THROW(client.run(wait_inside()), std::logic_error);
}

// ---------------------------------------------------------------------------- WebSocket

void add_sockets(server::Server& server) {
  server.websocket(
      "/echo", {.on_message = [](WebSocket& socket, Message message) { socket.send(message); }});
  server.websocket("/chat", {.on_open =
                                 [](WebSocket& socket, const Request&) {
                                   socket.send("subprotocol " + std::string(socket.subprotocol()));
                                 },
                             .options = {.subprotocols = {"one", "two"}}});
  server.websocket("/bye", {.on_open = [](WebSocket& socket, const Request&) {
                     socket.send("last words");
                     socket.close(static_cast<CloseCode>(4000), "go");
                   }});
  server.get("/plain", [](const Request&) { return Response::text("no socket here"); });
  server.get("/elsewhere", [](const Request&) { return Response::redirect("/echo"); });
}

Task<std::string> converse(const Client& client, std::string url) {
  WebSocket socket = (co_await client.connect(url)).value();
  co_await socket.send("hello");
  auto message = co_await socket.receive();
  std::string text = message ? std::string(message->text()) : "nothing";
  socket.close();
  while (co_await socket.receive()) {
  }
  co_return text + " " + std::to_string(number(socket.close_info()->code));
}

TEST(ClientWebSocket, TalksInACoroutine) {
  const Running there(add_sockets);
  const Client client(plain_options());
  EXPECT_EQ(client.run(converse(client, there.ws("/echo"))), "hello 1000");
  EXPECT_EQ(client.run(converse(client, there.url("/echo"))), "hello 1000");
}

TEST(ClientWebSocket, Blocks) {
  const Running there(add_sockets);
  const Client client(plain_options());
  auto socket = client.connect(there.ws("/echo")).wait().value();
  EXPECT_TRUE(socket.is_open());
  EXPECT_EQ(socket.send("hello"), SendStatus::accepted);
  EXPECT_EQ(socket.receive()->text(), "hello");
  EXPECT_FALSE(socket.receive(5ms)) << "nothing was sent";
  EXPECT_TRUE(socket.round_trip());
  EXPECT_FALSE(socket.close_info());
  socket.close();
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(socket.close_info()->code, CloseCode::normal);
  EXPECT_EQ(socket.send("more"), SendStatus::closed);
}

TEST(ClientWebSocket, CompressesWhileItBlocks) {
  const Running there([](server::Server& server) {
    server.websocket(
        "/echo", {.on_message = [](WebSocket& socket, Message message) { socket.send(message); },
                  .options = {.deflate = websocket::DeflateOptions{}}});
  });
  const Client client(plain_options());
  std::vector<bool> compressed;
  WebSocketRequest request(there.ws("/echo"));
  request.offer.deflate = websocket::DeflateOptions{};
  request.on_frame = [&compressed](const connection::FrameInfo& frame) {
    if (!frame.incoming && frame.header.opcode == websocket::Opcode::text) {
      compressed.push_back(frame.header.rsv1);
    }
  };
  auto socket = client.connect(request).wait().value();
  ASSERT_TRUE(socket.deflate());
  EXPECT_TRUE(socket.deflate()->client_no_context_takeover);
  const std::string text(1000, 'a');
  for (const auto compression : {websocket::Compression::by_size, websocket::Compression::never}) {
    EXPECT_EQ(socket.send(text, compression), SendStatus::accepted);
    EXPECT_EQ(socket.receive()->text(), text);
  }
  socket.close();
  EXPECT_EQ(compressed, (std::vector<bool>{true, false}));
  EXPECT_FALSE(client.connect(there.ws("/echo")).wait().value().deflate()) << "not offered";
}

TEST(ClientWebSocket, CallsBack) {
  const Running there(add_sockets);
  const Client client(plain_options());
  std::promise<std::vector<std::string>> result;
  auto events = std::make_shared<std::vector<std::string>>();
  client.connect(there.ws("/bye"))
      .start(
          {.on_open = [=](WebSocket&) { events->emplace_back("open"); },
           .on_message = [=](WebSocket&, Message message) { events->emplace_back(message.text()); },
           .on_close =
               [=, &result](WebSocket&, const CloseInfo& info) {
                 events->push_back(std::to_string(number(info.code)) + " " +
                                   std::string(info.reason));
                 result.set_value(*events);
               }});
  EXPECT_EQ(result.get_future().get(), (std::vector<std::string>{"open", "last words", "4000 go"}));
}

TEST(ClientWebSocket, CallsBackWithTheErrorWhenItCanNotOpen) {
  const Client client(plain_options());
  std::promise<Error> error;
  client.connect("ws://127.0.0.1:1/").start({.on_error = [&](const Error& what) {
    error.set_value(what);
  }});
  EXPECT_EQ(error.get_future().get().code, std::errc::connection_refused);
}

TEST(ClientWebSocket, OffersSubprotocols) {
  const Running there(add_sockets);
  const Client client(plain_options());
  auto socket = client.connect(there.ws("/chat")).subprotocols({"three", "two"}).wait().value();
  EXPECT_EQ(socket.subprotocol(), "two");
  EXPECT_EQ(socket.receive()->text(), "subprotocol two");
}

TEST(ClientWebSocket, RefusesAnOfferThatCanNotBeBeforeItConnects) {
  const std::string url = "ws://127.0.0.1:1/";  // where nobody listens
  const auto offering = [](const auto& change) {
    websocket::HandshakeOffer offer;
    change(offer);
    return offer;
  };
  const struct {
    websocket::HandshakeOffer offer;
    std::string_view reason;
  } cases[] = {
      {{.deflate = websocket::DeflateOptions{.send_window_bits_max = 16}},
       "send_window_bits_max is 16: set it to 9 to 15"},
      {{.deflate = websocket::DeflateOptions{.receive_window_bits_max = 8}},
       "receive_window_bits_max is 8: set it to 9 to 15"},
      {{.deflate = websocket::DeflateOptions{.level = 0}},
       "the compression level is 0: set it to 1 (fast) to 9 (small)"},
      {{.subprotocols = {"one", "one"}}, "the subprotocol \"one\" is offered twice"},
      {{.origin = " https://a"},
       "the origin holds a control byte or blanks: write it as https://example.com"},
      {offering([](auto& offer) { offer.fields.add("Sec-WebSocket-Key", "mine"); }),
       "the field Sec-WebSocket-Key is set by the handshake"},
  };
  const Client client(plain_options());
  for (const auto& [offer, reason] : cases) {
    WebSocketRequest request(url);
    request.offer = offer;
    const auto socket = client.connect(request).wait();
    ASSERT_FALSE(socket) << reason;
    EXPECT_EQ(socket.error().step, Step::request) << reason;
    EXPECT_EQ(socket.error().code, ClientError::invalid_request) << reason;
    EXPECT_EQ(socket.error().peer, url) << reason;
    EXPECT_EQ(socket.error().reason, reason);
    EXPECT_FALSE(may_mend(socket.error())) << "another attempt is of no use";
  }
}

TEST(ClientWebSocket, RefusesFieldsThatAreTheConnections) {
  const Running there(add_sockets);
  const Client client(plain_options());
  for (const auto& [name, value] :
       {std::pair("Expect", "100-continue"), std::pair("Host", "a b")}) {
    const auto socket = client.connect(there.ws("/echo")).field(name, value).wait();
    ASSERT_FALSE(socket) << name;
    EXPECT_EQ(socket.error().step, Step::request) << name;
    EXPECT_EQ(socket.error().code.category(), http1::request_category()) << name;
  }
}

TEST(ClientWebSocket, CarriesTheResponseWhenItIsRefused) {
  const Running there(add_sockets);
  const Client client(plain_options());
  const auto refused = client.connect(there.ws("/plain")).wait();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().step, Step::handshake);
  EXPECT_EQ(refused.error().code, ClientError::upgrade_refused);
  ASSERT_TRUE(refused.error().response);
  EXPECT_EQ(refused.error().response->status(), Status::ok);
  EXPECT_EQ(refused.error().response->text(), "no socket here");
}

TEST(ClientWebSocket, FollowsRedirectionsOnlyWhenAsked) {
  const Running there(add_sockets);
  const Client client(plain_options());
  EXPECT_EQ(client.connect(there.ws("/elsewhere")).wait().error().code,
            ClientError::upgrade_refused);
  EXPECT_TRUE(client.connect(there.ws("/elsewhere")).redirects_max(1).wait());
}

TEST(ClientWebSocket, ReceivesWhatCameBeforeTheEnd) {
  const Running there(add_sockets);
  const Client client(plain_options());
  auto socket = client.connect(there.ws("/bye")).wait().value();
  EXPECT_EQ(socket.receive()->text(), "last words");
  EXPECT_FALSE(socket.receive());
  ASSERT_TRUE(socket.close_info());
  EXPECT_EQ(socket.close_info()->code, static_cast<CloseCode>(4000));
  EXPECT_EQ(socket.close_info()->reason, "go");
}

TEST(ClientWebSocket, ClosesWhenItsLastHandleGoes) {
  std::promise<CloseCode> code;
  const Running there([&](server::Server& server) {
    server.websocket(
        "/", {.on_close = [&](WebSocket&, const CloseInfo& info) { code.set_value(info.code); }});
  });
  const Client client(plain_options());
  const auto open_and_forget = [&]() -> Task<> {
    const auto socket = co_await client.connect(there.ws("/"));
    EXPECT_TRUE(socket);
  };
  client.run(open_and_forget());
  EXPECT_EQ(code.get_future().get(), CloseCode::normal);
}

TEST(ClientDeathTest, SaysSoWhenItIsDestroyedInItsOwnThread) {
  // The process has threads already, of other tests.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [] {
    auto client = std::make_shared<Client>(plain_options());
    const auto hold = [](std::shared_ptr<Client> last, std::shared_future<void> alone) -> Task<> {
      co_await net::sleep_for(1ms);
      alone.wait();
      last.reset();
    };
    std::promise<void> alone;
    client->spawn(hold(client, alone.get_future().share()));
    client.reset();
    alone.set_value();
    // It ends meanwhile.
    std::promise<void>().get_future().wait_for(10s);
  };
  EXPECT_DEATH(run(), "a client was destroyed in its own thread");
}

// What a server's threads have of clients ends with it: callbacks are told in such a thread still,
// and all of the server is there.
TEST(ClientWebSocket, CallsBackBeforeAnyOfTheServerHasGoneThatUsedIt) {
  const Running behind([](server::Server& server) { server.websocket("/", {}); });
  const Client client(plain_options());
  std::atomic<int> opened = 0;
  int closed = 0;
  int ran_at_once = 0;
  const auto work = [](int& count) -> Task<> {
    ++count;
    co_return;
  };
  {
    server::Server front({.threads = 2});
    front.get("/", [&](const Request&) {
      client.connect(behind.ws("/"))
          .start({
              .on_open = [&](WebSocket&) { ++opened; },
              .on_close =
                  [&](WebSocket&, const CloseInfo&) {
                    ++closed;
                    front.publish("news", "the other end is gone");
                    // Where the socket is, and not in the client's own thread.
                    client.spawn(work(ran_at_once));
                  },
          });
      return Response();
    });
    const std::string url = "http://127.0.0.1:" + std::to_string(front.listen({.port = 0})) + "/";
    front.start();
    for (int i = 1; i <= 8; ++i) {
      ASSERT_TRUE(Client(plain_options()).get(url).wait());
      while (opened < i) std::this_thread::sleep_for(1ms);
    }
    front.stop({.deadline = 0ms});
    front.wait();
  }
  EXPECT_EQ(closed, 8);
  EXPECT_EQ(ran_at_once, 8);
}

TEST(ClientWebSocket, SaysGoodbyeWhenTheClientEnds) {
  std::promise<CloseCode> code;
  const Running there([&](server::Server& server) {
    server.websocket(
        "/", {.on_close = [&](WebSocket&, const CloseInfo& info) { code.set_value(info.code); }});
  });
  {
    const Client client(plain_options());
    const auto socket = client.connect(there.ws("/")).wait();
    ASSERT_TRUE(socket);
    client.spawn([](WebSocketHandlers) -> Task<> { co_return; }({}));
    std::promise<void> open;
    client.connect(there.ws("/unknown")).start({.on_error = [&](const Error&) {
      open.set_value();
    }});
    open.get_future().wait();
  }
  const CloseCode said = code.get_future().get();
  EXPECT_TRUE(said == CloseCode::going_away || said == CloseCode::normal);
}

Task<> send_many(WebSocket socket, int count) {
  const std::string text(100, 'x');
  for (int i = 0; i < count; ++i) co_await socket.send(text);
}

Task<> receive_many(WebSocket socket, int count, int& received) {
  while (received < count) {
    const auto message = co_await socket.receive();
    if (!message) co_return;
    ++received;
  }
}

TEST(ClientWebSocket, SendsAndReceivesAtOnce) {
  const Running there(add_sockets);
  const Client client(plain_options());
  int received = 0;
  const auto talk = [&]() -> Task<> {
    WebSocket socket = (co_await client.connect(there.ws("/echo"))).value();
    co_await all(send_many(socket, 20'000), receive_many(socket, 20'000, received));
  };
  client.run(talk());
  EXPECT_EQ(received, 20'000);
}

Task<std::size_t> count_pieces(const Client& client, std::string url, std::size_t bytes) {
  const WebSocketLimits limits{.deliver_chunks = true};
  WebSocket socket = (co_await client.connect(url).limits(limits)).value();
  co_await socket.send(std::string(bytes, 'x'));
  std::size_t pieces = 0;
  std::size_t received = 0;
  while (auto chunk = co_await socket.receive_chunk()) {
    ++pieces;
    received += chunk->piece().bytes().size();
    if (chunk->last()) break;
  }
  EXPECT_EQ(received, bytes);
  co_return pieces;
}

TEST(ClientWebSocket, ReceivesALargeMessageInPieces) {
  const Running there([](server::Server& server) {
    server.websocket(
        "/echo", {.on_message = [](WebSocket& socket, Message message) { socket.send(message); },
                  .options = {.message_bytes_max = 10'000'000}});
  });
  const Client client(plain_options());
  EXPECT_GT(client.run(count_pieces(client, there.ws("/echo"), 4'000'000)), 3U);
}

}  // namespace
}  // namespace duplex::client

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include <duplex/http1/client_exchange.hpp>

namespace duplex::http1 {
namespace {

using http::Method;
using http::Status;

const ResponseLimits limits{.drain_bytes_max = 1000};

/// Presents the one response head that `text` (without its last empty line) makes.
std::expected<void, Error> answer(ClientExchange& exchange, std::string_view text) {
  std::string stream = "HTTP/1.1 " + std::string(text) + "\r\n\r\n";
  if (text.starts_with("HTTP/")) stream = std::string(text) + "\r\n\r\n";
  FieldTable table;
  const ResponseLimits parser_limits;
  ResponseParser parser(parser_limits, table);
  parser.expect(exchange.answered_request());
  Bytes input = std::as_writable_bytes(std::span(stream));
  const auto event = parser.next(input);
  EXPECT_TRUE(event && *event) << text;
  if (const auto* head = std::get_if<ResponseParser::Head>(&**event)) {
    return exchange.response_begun(head->head, head->framing);
  }
  exchange.interim_received(std::get<ResponseParser::Interim>(**event).head.status);
  return {};
}

/// An exchange whose request, without content, has been sent.
ClientExchange after(const RequestIntent& intent) {
  ClientExchange exchange(limits);
  exchange.begin(intent);
  exchange.request_ended();
  return exchange;
}

TEST(ClientExchange, PlansFraming) {
  struct Case {
    RequestIntent intent;
    RequestPlan plan;
  };
  const Case cases[] = {
      {{}, {}},
      {{.method = Method::head}, {}},
      {{.method = Method::delete_}, {}},
      {{.method = Method::post}, {.framing = Framing::content_length}},
      {{.method = Method::put}, {.framing = Framing::content_length}},
      {{.method = Method::patch}, {.framing = Framing::content_length}},
      {{.method = Method::get, .content_bytes = 5},
       {.framing = Framing::content_length, .content_length = 5}},
      {{.method = Method::post, .content_bytes = std::nullopt}, {.framing = Framing::chunked}},
      {{.method = Method::connect, .content_bytes = 5}, {}},
      {{.method = Method::connect, .content_bytes = std::nullopt, .expect_continue = true}, {}},
      {{.method = Method::post, .content_bytes = 5, .expect_continue = true},
       {.framing = Framing::content_length, .content_length = 5, .expect_continue = true}},
      {{.method = Method::post, .content_bytes = std::nullopt, .expect_continue = true},
       {.framing = Framing::chunked, .expect_continue = true}},
      {{.method = Method::post, .expect_continue = true}, {.framing = Framing::content_length}},
      {{.upgrade = true}, {.connection = {.upgrade = true}}},
      {{.close = true}, {.connection = {.close = true}}},
  };
  for (const Case& c : cases) {
    ClientExchange exchange(limits);
    EXPECT_EQ(exchange.begin(c.intent), c.plan);
    EXPECT_EQ(exchange.answered_request().method, c.intent.method);
    EXPECT_EQ(exchange.answered_request().upgrade, c.intent.upgrade);
  }
}

TEST(ClientExchange, KeepsTheConnectionByTheRules) {
  struct Case {
    std::string_view head;
    bool keeps;
  };
  const Case cases[] = {
      {"200 OK\r\nContent-Length: 0", true},
      {"500 OK\r\nContent-Length: 0", true},
      {"200 OK\r\nTransfer-Encoding: chunked", true},
      {"204 OK", true},
      {"200 OK\r\nConnection: close\r\nContent-Length: 0", false},
      {"200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 0", false},
      {"200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 0", false},
      {"200 OK\r\nConnection: closed\r\nContent-Length: 0", true},
      {"200 OK", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0", false},
      {"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0", true},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 0", false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive", false},
  };
  for (const Case& c : cases) {
    ClientExchange exchange = after({});
    EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
    EXPECT_TRUE(exchange.awaiting_response());
    EXPECT_FALSE(exchange.may_begin());
    ASSERT_TRUE(answer(exchange, c.head));
    EXPECT_TRUE(exchange.receiving_response());
    EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
    exchange.response_ended();
    EXPECT_EQ(exchange.may_begin(), c.keeps) << c.head;
    EXPECT_EQ(exchange.next_step(), c.keeps ? ClientStep::begin_request : ClientStep::close);
  }
}

TEST(ClientExchange, KeepsTheConnectionAfterAnAnswerToHead) {
  ClientExchange exchange = after({.method = Method::head});
  ASSERT_TRUE(answer(exchange, "200 OK\r\nContent-Length: 5"));
  exchange.response_ended();
  EXPECT_TRUE(exchange.may_begin());
  exchange.begin({});
  EXPECT_TRUE(exchange.awaiting_response());
}

TEST(ClientExchange, ClosesAfterARequestThatSaidSo) {
  ClientExchange exchange = after({.close = true});
  ASSERT_TRUE(answer(exchange, "200 OK\r\nContent-Length: 0"));
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), ClientStep::close);
}

TEST(ClientExchange, BeginsNothingOnceItIsToClose) {
  ClientExchange idle(limits);
  idle.close_after_response();
  EXPECT_FALSE(idle.may_begin());
  EXPECT_EQ(idle.next_step(), ClientStep::close);

  ClientExchange busy = after({});
  busy.close_after_response();
  EXPECT_EQ(busy.next_step(), ClientStep::read_response);
  ASSERT_TRUE(answer(busy, "200 OK\r\nContent-Length: 0"));
  busy.response_ended();
  EXPECT_EQ(busy.next_step(), ClientStep::close);
}

TEST(ClientExchange, HoldsContentBackUntilItIsAskedFor) {
  const RequestIntent intent{.method = Method::post, .content_bytes = 5, .expect_continue = true};
  ClientExchange exchange(limits);
  exchange.begin(intent);
  EXPECT_EQ(exchange.next_step(), ClientStep::await_continue);
  ASSERT_TRUE(answer(exchange, "103 Early Hints"));
  EXPECT_EQ(exchange.next_step(), ClientStep::await_continue);
  ASSERT_TRUE(answer(exchange, "100 Continue"));
  EXPECT_EQ(exchange.next_step(), ClientStep::send_content);
  exchange.request_ended();
  ASSERT_TRUE(answer(exchange, "200 OK\r\nContent-Length: 0"));
  exchange.response_ended();
  EXPECT_TRUE(exchange.may_begin());

  ClientExchange impatient(limits);
  impatient.begin(intent);
  impatient.stop_waiting();
  EXPECT_EQ(impatient.next_step(), ClientStep::send_content);
  // Then one that comes late changes nothing.
  ASSERT_TRUE(answer(impatient, "100 Continue"));
  EXPECT_EQ(impatient.next_step(), ClientStep::send_content);
}

TEST(ClientExchange, SendsNoContentThatWasAnsweredBeforeItWasAskedFor) {
  for (std::string_view head : {"417 No", "401 Who", "200 OK"}) {
    ClientExchange exchange(limits);
    exchange.begin({.method = Method::post, .content_bytes = 5, .expect_continue = true});
    ASSERT_TRUE(answer(exchange, std::string(head) + "\r\nContent-Length: 0"));
    EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
    exchange.response_ended();
    // The server still counts on the content.
    EXPECT_EQ(exchange.next_step(), ClientStep::close);
  }
}

TEST(ClientExchange, GoesOnSendingWhenTheAnswerComesEarly) {
  struct Case {
    std::string_view head;
    bool sends;
    bool keeps;
  };
  const Case cases[] = {
      {"200 OK\r\nContent-Length: 0", true, true},
      {"413 Large\r\nContent-Length: 0", true, true},
      {"200 OK\r\nConnection: close\r\nContent-Length: 0", true, false},
      {"413 Large\r\nConnection: close\r\nContent-Length: 0", false, false},
      {"302 There\r\nConnection: close\r\nContent-Length: 0", false, false},
      {"HTTP/1.0 413 Large\r\nContent-Length: 0", false, false},
  };
  for (const Case& c : cases) {
    // The answer ends first.
    ClientExchange exchange(limits);
    exchange.begin({.method = Method::post, .content_bytes = std::nullopt});
    EXPECT_EQ(exchange.next_step(), ClientStep::send_content);
    ASSERT_TRUE(answer(exchange, c.head));
    EXPECT_EQ(exchange.next_step(), c.sends ? ClientStep::send_content : ClientStep::read_response)
        << c.head;
    exchange.response_ended();
    EXPECT_FALSE(exchange.may_begin()) << c.head;
    EXPECT_EQ(exchange.next_step(), c.keeps ? ClientStep::send_content : ClientStep::close)
        << c.head;
    if (c.keeps) {
      exchange.request_ended();
      EXPECT_TRUE(exchange.may_begin()) << c.head;
    }
    // The request ends first.
    if (!c.sends) continue;
    ClientExchange other(limits);
    other.begin({.method = Method::post, .content_bytes = std::nullopt});
    ASSERT_TRUE(answer(other, c.head));
    other.request_ended();
    EXPECT_EQ(other.next_step(), ClientStep::read_response);
    other.response_ended();
    EXPECT_EQ(other.may_begin(), c.keeps) << c.head;
  }
}

TEST(ClientExchange, ReadsTheAnswerToARequestThatWasGivenUp) {
  ClientExchange exchange(limits);
  exchange.begin({.method = Method::post, .content_bytes = std::nullopt});
  exchange.abandon_request();
  EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
  ASSERT_TRUE(answer(exchange, "200 OK\r\nContent-Length: 0"));
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), ClientStep::close);

  ClientExchange complete = after({});
  complete.abandon_request();  // nothing to give up
  ASSERT_TRUE(answer(complete, "200 OK\r\nContent-Length: 0"));
  complete.response_ended();
  EXPECT_TRUE(complete.may_begin());
}

TEST(ClientExchange, SwitchesProtocols) {
  ClientExchange exchange = after({.upgrade = true});
  ASSERT_TRUE(answer(exchange, "101 Switching Protocols\r\nUpgrade: websocket"));
  EXPECT_EQ(exchange.next_step(), ClientStep::switch_protocol);
  EXPECT_FALSE(exchange.may_begin());

  ClientExchange tunnel = after({.method = Method::connect});
  ASSERT_TRUE(answer(tunnel, "HTTP/1.0 200 Connection established"));
  EXPECT_EQ(tunnel.next_step(), ClientStep::switch_protocol);
}

TEST(ClientExchange, ReadsAnOrdinaryAnswerToAnUpgrade) {
  for (const RequestIntent& intent :
       {RequestIntent{.upgrade = true}, RequestIntent{.method = Method::connect}}) {
    ClientExchange exchange = after(intent);
    ASSERT_TRUE(answer(exchange, "403 No\r\nContent-Length: 2"));
    EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
    exchange.content_received(2);
    exchange.response_ended();
    EXPECT_TRUE(exchange.may_begin());
  }
}

TEST(ClientExchange, RefusesToSwitchBeforeTheRequestIsSent) {
  ClientExchange exchange(limits);
  exchange.begin({.method = Method::post, .content_bytes = 5, .upgrade = true});
  const auto begun = answer(exchange, "101 Switching Protocols");
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error(), Error::unexpected_upgrade);
  EXPECT_EQ(exchange.next_step(), ClientStep::close);
}

TEST(ClientExchange, RefusesAnswersToNothing) {
  ClientExchange idle(limits);
  ASSERT_FALSE(answer(idle, "408 Request Timeout\r\nConnection: close"));
  EXPECT_EQ(idle.next_step(), ClientStep::close);

  ClientExchange twice = after({});
  ASSERT_TRUE(answer(twice, "200 OK\r\nContent-Length: 0"));
  const auto again = answer(twice, "200 OK\r\nContent-Length: 0");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), Error::unsolicited_response);
  EXPECT_FALSE(twice.may_begin());
}

TEST(ClientExchange, DropsAnUnwantedResponseOnlyWhileThatPays) {
  struct Case {
    std::string_view head;
    std::uint64_t comes;
    bool keeps;
  };
  const Case cases[] = {
      {"200 OK\r\nContent-Length: 1000", 1000, true},
      {"200 OK\r\nContent-Length: 1001", 0, false},
      {"200 OK\r\nTransfer-Encoding: chunked", 1000, true},
      {"200 OK\r\nTransfer-Encoding: chunked", 1001, false},
      {"200 OK", 0, false},
      {"200 OK\r\nConnection: close\r\nContent-Length: 1", 0, false},
  };
  for (const Case& c : cases) {
    ClientExchange exchange = after({});
    ASSERT_TRUE(answer(exchange, c.head));
    exchange.discard_response();
    for (std::uint64_t i = 0; i < c.comes; ++i) exchange.content_received(1);
    EXPECT_EQ(exchange.next_step(), c.keeps ? ClientStep::read_response : ClientStep::close)
        << c.head;
    if (!c.keeps) continue;
    exchange.discard_response();  // once more is as once
    exchange.response_ended();
    EXPECT_TRUE(exchange.may_begin());
    // What is dropped is counted for each response.
    exchange.begin({});
    exchange.request_ended();
    ASSERT_TRUE(answer(exchange, "200 OK\r\nContent-Length: 5000"));
    exchange.content_received(5000);
    EXPECT_EQ(exchange.next_step(), ClientStep::read_response);
  }
  // What has been read before does not count.
  ClientExchange late = after({});
  ASSERT_TRUE(answer(late, "200 OK\r\nContent-Length: 5000"));
  late.content_received(4000);
  late.discard_response();
  EXPECT_EQ(late.next_step(), ClientStep::read_response);
}

TEST(ClientExchange, ClosesWhenItFailed) {
  const auto closes = [](ClientExchange exchange) {
    exchange.fail();
    EXPECT_EQ(exchange.next_step(), ClientStep::close);
    EXPECT_FALSE(exchange.may_begin());
    // Whoever is still sending or reading may say so.
    exchange.request_ended();
    exchange.response_ended();
    EXPECT_EQ(exchange.next_step(), ClientStep::close);
  };
  closes(ClientExchange(limits));
  closes(after({}));
  ClientExchange sending(limits);
  sending.begin({.method = Method::post, .content_bytes = 5, .expect_continue = true});
  closes(sending);
}

}  // namespace
}  // namespace duplex::http1

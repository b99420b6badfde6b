#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include <duplex/http1/exchange.hpp>

namespace duplex::http1 {
namespace {

using http::Status;

const Limits limits{.drain_bytes_max = 1000};

/// Begins an exchange with the request that `head` (without its last empty line) and `Host` make.
void begin(Exchange& exchange, std::string_view head) {
  std::string stream(head);
  stream += "\r\nHost: a\r\n\r\n";
  FieldTable table;
  const Limits parser_limits;
  RequestParser parser(parser_limits, table);
  Bytes input = std::as_writable_bytes(std::span(stream));
  const auto event = parser.next(input);
  ASSERT_TRUE(event && *event) << head;
  const auto& found = std::get<RequestParser::Head>(**event);
  exchange.begin(found.head, found.framing);
}

/// An exchange whose request has wholly come.
Exchange after(std::string_view head) {
  Exchange exchange(limits);
  begin(exchange, head);
  exchange.request_ended();
  return exchange;
}

TEST(Exchange, PlansFramingByStatusMethodAndVersion) {
  const std::string_view get = "GET / HTTP/1.1", head = "HEAD / HTTP/1.1";
  const std::string_view old_get = "GET / HTTP/1.0\r\nConnection: keep-alive";
  const std::string_view old_head = "HEAD / HTTP/1.0\r\nConnection: keep-alive";
  struct Case {
    std::string_view request;
    Status status;
    std::optional<std::uint64_t> content_bytes;
    Framing framing;
    std::uint64_t content_length;
    bool send_content;
    bool persistent;
  };
  const Case cases[] = {
      {get, Status::ok, 5, Framing::content_length, 5, true, true},
      {get, Status::ok, 0, Framing::content_length, 0, true, true},
      {get, Status::ok, {}, Framing::chunked, 0, true, true},
      {get, Status::not_found, 5, Framing::content_length, 5, true, true},
      {get, Status::no_content, 0, Framing::none, 0, false, true},
      {get, Status::no_content, 5, Framing::none, 0, false, true},
      {get, Status::not_modified, 5, Framing::none, 0, false, true},
      {get, Status::not_modified, {}, Framing::none, 0, false, true},
      {get, Status::reset_content, 5, Framing::content_length, 0, false, true},
      {head, Status::ok, 5, Framing::content_length, 5, false, true},
      {head, Status::ok, {}, Framing::chunked, 0, false, true},
      {head, Status::no_content, {}, Framing::none, 0, false, true},
      {old_get, Status::ok, 5, Framing::content_length, 5, true, true},
      {old_get, Status::ok, {}, Framing::until_close, 0, true, false},
      {old_head, Status::ok, {}, Framing::none, 0, false, true},
      {old_head, Status::ok, 7, Framing::content_length, 7, false, true},
  };
  for (const Case& c : cases) {
    Exchange exchange = after(c.request);
    const ResponsePlan plan = exchange.plan(c.status, c.content_bytes);
    const bool old = c.request.find("1.0") != c.request.npos;
    EXPECT_EQ(plan.framing, c.framing) << c.request << http::code(c.status);
    EXPECT_EQ(plan.content_length, c.content_length) << c.request << http::code(c.status);
    EXPECT_EQ(plan.send_content, c.send_content) << c.request << http::code(c.status);
    EXPECT_EQ(plan.persistent, c.persistent) << c.request << http::code(c.status);
    EXPECT_EQ(plan.connection.close, !c.persistent) << c.request;
    EXPECT_EQ(plan.connection.keep_alive, old && c.persistent) << c.request;
    EXPECT_FALSE(plan.connection.upgrade);
    EXPECT_EQ(exchange.next_step(), NextStep::wait_for_response);
    exchange.response_ended();
    EXPECT_EQ(exchange.next_step(), c.persistent ? NextStep::read_request : NextStep::close);
  }
}

TEST(Exchange, PersistsAsTheRequestAsks) {
  struct Case {
    std::string_view request;
    ConnectionOptions connection;
  };
  const ConnectionOptions nothing, close{.close = true}, keep_alive{.keep_alive = true};
  const Case cases[] = {
      {"GET / HTTP/1.1", nothing},
      {"GET / HTTP/1.1\r\nConnection: keep-alive", nothing},
      {"GET / HTTP/1.1\r\nConnection: close", close},
      {"GET / HTTP/1.1\r\nCONNECTION: Keep-Alive, Close", close},
      {"GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: te, close", close},
      {"GET / HTTP/1.1\r\nConnection: closed", nothing},
      {"GET / HTTP/1.1\r\nProxy-Connection: close", nothing},
      {"GET / HTTP/1.0", close},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive", keep_alive},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close", close},
  };
  for (const Case& c : cases) {
    Exchange exchange = after(c.request);
    EXPECT_EQ(exchange.plan(Status::ok, 0).connection, c.connection) << c.request;
    exchange.response_ended();
    EXPECT_EQ(exchange.next_step(), c.connection.close ? NextStep::close : NextStep::read_request);
  }
}

TEST(Exchange, KnowsWhetherTheClientSendsMore) {
  EXPECT_FALSE(Exchange(limits).had_last_request());
  EXPECT_FALSE(after("GET / HTTP/1.1").had_last_request());
  EXPECT_FALSE(after("GET / HTTP/1.0\r\nConnection: keep-alive").had_last_request());
  EXPECT_TRUE(after("GET / HTTP/1.1\r\nConnection: close").had_last_request());
  EXPECT_TRUE(after("GET / HTTP/1.0").had_last_request());

  Exchange posting(limits);
  begin(posting, "POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2");
  EXPECT_FALSE(posting.had_last_request()) << "its content is to come";
  posting.request_ended();
  EXPECT_TRUE(posting.had_last_request());

  Exchange closed_by_server = after("GET / HTTP/1.1");
  closed_by_server.plan(Status::ok, 0, true);
  closed_by_server.response_ended();
  EXPECT_FALSE(closed_by_server.had_last_request()) << "the client may have sent another";
}

TEST(Exchange, ClosesWhenTheHandlerAsks) {
  Exchange exchange = after("GET / HTTP/1.1");
  const ResponsePlan plan = exchange.plan(Status::ok, 0, true);
  EXPECT_FALSE(plan.persistent);
  EXPECT_TRUE(plan.connection.close);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

TEST(Exchange, ClosesAfterTheResponseWhenTheServerStops) {
  Exchange exchange = after("GET / HTTP/1.0\r\nConnection: keep-alive");
  exchange.close_after_response();
  EXPECT_EQ(exchange.next_step(), NextStep::wait_for_response);
  EXPECT_EQ(exchange.plan(Status::ok, 0).connection, ConnectionOptions{.close = true});
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::close);

  Exchange idle(limits);
  EXPECT_EQ(idle.next_step(), NextStep::read_request);
  idle.close_after_response();
  EXPECT_EQ(idle.next_step(), NextStep::close);

  // Said too late for the fields: it closes nevertheless.
  Exchange late = after("GET / HTTP/1.1");
  EXPECT_TRUE(late.plan(Status::ok, 0).persistent);
  late.close_after_response();
  late.response_ended();
  EXPECT_EQ(late.next_step(), NextStep::close);
}

TEST(Exchange, CarriesOneExchangeAfterAnother) {
  Exchange exchange(limits);
  for (const std::string_view request :
       {"HEAD / HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.1\r\nContent-Length: 5"}) {
    EXPECT_EQ(exchange.next_step(), NextStep::read_request);
    begin(exchange, request);
    EXPECT_TRUE(exchange.owes_response());
    EXPECT_FALSE(exchange.request_complete());
    exchange.content_received(5);
    exchange.request_ended();
    EXPECT_TRUE(exchange.request_complete());
    EXPECT_EQ(exchange.plan(Status::ok, 3).send_content, !request.starts_with("HEAD"));
    EXPECT_TRUE(exchange.sending_response());
    exchange.response_ended();
    EXPECT_FALSE(exchange.sending_response());
  }
  EXPECT_EQ(exchange.next_step(), NextStep::read_request);
}

TEST(Exchange, FinishesARequestThatWasAnsweredEarly) {
  Exchange exchange(limits);
  begin(exchange, "POST / HTTP/1.1\r\nContent-Length: 1500");
  exchange.content_received(500);
  EXPECT_TRUE(exchange.plan(Status::ok, 0).persistent);
  EXPECT_EQ(exchange.next_step(), NextStep::wait_for_response);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::finish_request);
  exchange.content_received(1000);
  exchange.request_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::read_request);
}

TEST(Exchange, FinishesChunkedContentThatWasAnsweredEarly) {
  Exchange exchange(limits);
  begin(exchange, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked");
  EXPECT_TRUE(exchange.plan(Status::ok, 0).persistent);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::finish_request);
  exchange.request_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::read_request);
}

TEST(Exchange, ClosesWhenMoreIsOutstandingThanItDrains) {
  Exchange exchange(limits);
  begin(exchange, "POST / HTTP/1.1\r\nContent-Length: 1501");
  exchange.content_received(500);
  const ResponsePlan plan = exchange.plan(Status::ok, 0);
  EXPECT_FALSE(plan.persistent);
  EXPECT_TRUE(plan.connection.close);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::finish_request);
  exchange.request_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

TEST(Exchange, WantsContinueUntilContentComes) {
  const std::string_view request = "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5";
  Exchange exchange(limits);
  begin(exchange, request);
  EXPECT_TRUE(exchange.wants_continue());
  EXPECT_FALSE(exchange.has_unknown_expectation());
  exchange.continue_sent();
  EXPECT_FALSE(exchange.wants_continue());
  EXPECT_TRUE(exchange.plan(Status::ok, 0).persistent);

  Exchange impatient(limits);
  begin(impatient, request);
  impatient.content_received(1);
  EXPECT_FALSE(impatient.wants_continue());
  EXPECT_TRUE(impatient.plan(Status::ok, 0).persistent);
}

TEST(Exchange, ClosesWhenTheClientStillWaitsToContinue) {
  Exchange exchange(limits);
  begin(exchange, "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5");
  EXPECT_FALSE(exchange.plan(Status::unauthorized, 0).persistent);
  EXPECT_FALSE(exchange.wants_continue());
}

TEST(Exchange, HeedsExpectationsOnlyWhereTheyCount) {
  struct Case {
    std::string_view request;
    bool wants_continue;
    bool unknown;
  };
  const Case cases[] = {
      {"POST / HTTP/1.1\r\nContent-Length: 5", false, false},
      {"POST / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked", true, false},
      {"POST / HTTP/1.1\r\nExpect: 100-continue", false, false},
      {"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0", false, false},
      {"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5", false, false},
      {"POST / HTTP/1.0\r\nExpect: tea", false, false},
      {"POST / HTTP/1.1\r\nExpect: tea\r\nContent-Length: 5", false, true},
      {"POST / HTTP/1.1\r\nExpect: 100-continue, tea\r\nContent-Length: 5", true, true},
      {"POST / HTTP/1.1\r\nExpect:\r\nContent-Length: 5", false, false},
  };
  for (const Case& c : cases) {
    Exchange exchange(limits);
    begin(exchange, c.request);
    EXPECT_EQ(exchange.wants_continue(), c.wants_continue) << c.request;
    EXPECT_EQ(exchange.has_unknown_expectation(), c.unknown) << c.request;
  }
}

TEST(Exchange, SwitchesProtocols) {
  Exchange exchange = after("GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket");
  const ResponsePlan plan = exchange.plan(Status::switching_protocols, std::nullopt);
  EXPECT_EQ(plan, (ResponsePlan{.persistent = false, .connection = {.upgrade = true}}));
  EXPECT_EQ(exchange.next_step(), NextStep::switch_protocol);
}

TEST(Exchange, SwitchesProtocolsOnlyInsteadOfAnAnswerToAWholeRequestInHttp11) {
  Exchange exchange(limits);
  EXPECT_FALSE(exchange.may_switch_protocol());
  begin(exchange, "GET / HTTP/1.1");
  EXPECT_FALSE(exchange.may_switch_protocol());
  exchange.request_ended();
  EXPECT_TRUE(exchange.may_switch_protocol());
  exchange.plan(Status::ok, 0);
  EXPECT_FALSE(exchange.may_switch_protocol());
  EXPECT_FALSE(after("GET / HTTP/1.0").may_switch_protocol());
}

TEST(Exchange, NamesTheUpgradeThatIsRequired) {
  Exchange exchange = after("GET / HTTP/1.1");
  EXPECT_EQ(exchange.plan(Status::upgrade_required, 0).connection,
            ConnectionOptions{.upgrade = true});
  Exchange closing = after("GET / HTTP/1.1\r\nConnection: close");
  EXPECT_EQ(closing.plan(Status::upgrade_required, 0).connection,
            (ConnectionOptions{.close = true, .upgrade = true}));
}

TEST(Exchange, AnswersWhatCouldNotBeReadAndCloses) {
  Exchange exchange = after("HEAD / HTTP/1.0\r\nConnection: keep-alive");
  exchange.plan(Status::ok, 5);
  exchange.response_ended();
  ASSERT_EQ(exchange.next_step(), NextStep::read_request);

  exchange.request_failed();
  const ResponsePlan plan = exchange.plan(Status::bad_request, 5);
  EXPECT_EQ(plan.framing, Framing::content_length);
  EXPECT_TRUE(plan.send_content);
  EXPECT_EQ(plan.connection, ConnectionOptions{.close = true});
  EXPECT_EQ(exchange.next_step(), NextStep::wait_for_response);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

TEST(Exchange, ClosesWithoutAnAnswerWhenNothingWasAsked) {
  Exchange exchange(limits);
  exchange.request_failed();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

TEST(Exchange, ClosesAtOnceWhenContentFailsAfterTheAnswer) {
  Exchange exchange(limits);
  begin(exchange, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked");
  exchange.plan(Status::ok, 0);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::finish_request);
  exchange.request_failed();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

TEST(Exchange, AnswersContentThatFails) {
  Exchange exchange(limits);
  begin(exchange, "HEAD / HTTP/1.1\r\nContent-Length: 500");
  exchange.request_failed();
  const ResponsePlan plan = exchange.plan(Status::content_too_large, 9);
  EXPECT_FALSE(plan.send_content);  // it is still the answer to a HEAD
  EXPECT_TRUE(plan.connection.close);
  exchange.response_ended();
  EXPECT_EQ(exchange.next_step(), NextStep::close);
}

}  // namespace
}  // namespace duplex::http1

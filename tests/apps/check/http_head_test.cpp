#include "check/http_head.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace duplex::app::check {
namespace {

using testing::HasSubstr;

// RFC 6455 section 1.3.
constexpr auto key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr auto accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

HttpHead good_response() {
  return {.start_line = "HTTP/1.1 101 Switching Protocols",
          .fields = {{"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Sec-WebSocket-Accept", accept}}};
}

HttpHead good_request() {
  return {.start_line = "GET /echo?a=b HTTP/1.1",
          .fields = {{"Host", "example.com"},
                     {"Upgrade", "websocket"},
                     {"Connection", "Upgrade"},
                     {"Sec-WebSocket-Key", key},
                     {"Sec-WebSocket-Version", "13"}}};
}

TEST(CheckHttpHead, IsTakenWhenItIsComplete) {
  const std::string text = "GET /a HTTP/1.1\r\nHost:  x \r\nEmpty:\r\n\r\nrest";
  for (std::size_t size = 0; size < text.size() - 4; ++size) {
    std::string_view part = std::string_view(text).substr(0, size);
    EXPECT_FALSE(take_head(part)) << size;
  }
  std::string_view all = text;
  const auto head = take_head(all);
  ASSERT_TRUE(head);
  EXPECT_EQ(all, "rest");
  EXPECT_EQ(head->start_line, "GET /a HTTP/1.1");
  EXPECT_EQ(head->target(), "/a");
  EXPECT_EQ(head->find("HOST"), "x");
  EXPECT_EQ(head->find("empty"), "");
  EXPECT_FALSE(head->find("other"));
}

TEST(CheckHttpHead, RefusesWhatIsNotHttp) {
  for (const std::string text :
       {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "a\r\n: no name\r\n\r\n", "a\r\nna me: x\r\n\r\n",
        "a\r\nname : x\r\n\r\n", "a\r\nname: x\ny\r\n\r\n"}) {
    std::string_view view = text;
    EXPECT_THROW(take_head(view), std::invalid_argument) << text;
  }
  const std::string endless(70000, 'a');
  std::string_view view = endless;
  EXPECT_THROW(take_head(view), std::invalid_argument);
}

TEST(CheckHttpHead, CanBeChanged) {
  HttpHead head = good_request();
  head.set("upgrade", "h2c")
      .add("Host", "twice")
      .rename("connection", "Conection")
      .remove("sec-websocket-key");
  EXPECT_EQ(head.text(),
            "GET /echo?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: h2c\r\nConection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nHost: twice\r\n\r\n");
  EXPECT_EQ(head.count("HOST"), 2);
  EXPECT_EQ(head.list("host"), "example.com, twice");
}

TEST(CheckHttpHead, KnowsTheStatus) {
  EXPECT_EQ(good_response().status(), 101);
  EXPECT_EQ(good_request().status(), 0);
  EXPECT_EQ(HttpHead{}.status(), 0);
}

TEST(CheckHttpHead, AcceptsAResponseThatIsRight) {
  EXPECT_EQ(accept_key(key), accept);
  EXPECT_EQ(what_is_wrong_with_response(good_response(), key), "");
}

TEST(CheckHttpHead, TellsWhatIsWrongWithAResponse) {
  const struct {
    HttpHead head;
    std::string_view words;
  } cases[] = {
      {{.start_line = "HTTP/1.0 101 OK", .fields = {}}, "begins with"},
      {{.start_line = "HTTP/1.1 404 Not Found", .fields = {}}, "404 Not Found instead of 101"},
      {good_response().remove("Upgrade"), "Upgrade: websocket"},
      {good_response().set("Upgrade", "h2c"), "Upgrade: websocket"},
      {good_response().set("Connection", "close"), "Connection: Upgrade"},
      {good_response().remove("Sec-WebSocket-Accept"), "0 fields"},
      {good_response().add("Sec-WebSocket-Accept", accept), "2 fields"},
      {good_response().set("Sec-WebSocket-Accept", "abc"), "\"abc\" instead of"},
  };
  for (const auto& [head, words] : cases) {
    EXPECT_THAT(what_is_wrong_with_response(head, key), HasSubstr(words));
  }
}

TEST(CheckHttpHead, TellsWhatIsWrongWithARequest) {
  EXPECT_EQ(what_is_wrong_with_request(good_request()), "");
  const auto with_line = [](std::string line) {
    HttpHead head = good_request();
    head.start_line = std::move(line);
    return head;
  };
  const struct {
    HttpHead head;
    std::string_view words;
  } cases[] = {
      {with_line("POST / HTTP/1.1"), "GET"},
      {with_line("GET / HTTP/1.0"), "HTTP/1.1"},
      {good_request().remove("Host"), "0 fields Host"},
      {good_request().remove("Upgrade"), "Upgrade"},
      {good_request().remove("Connection"), "Connection"},
      {good_request().remove("Sec-WebSocket-Key"), "0 fields"},
      {good_request().set("Sec-WebSocket-Key", "AAAA"), "16 bytes"},
      {good_request().set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ"), "16 bytes"},
      {good_request().set("Sec-WebSocket-Key", "dGhl_HNhbXBsZSBub25jZQ=="), "16 bytes"},
      {good_request().set("Sec-WebSocket-Version", "8"), "\"8\""},
      {good_request().add("Sec-WebSocket-Version", "13"), "\"13, 13\""},
  };
  for (const auto& [head, words] : cases) {
    EXPECT_THAT(what_is_wrong_with_request(head), HasSubstr(words));
  }
}

}  // namespace
}  // namespace duplex::app::check

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include <duplex/http1/response_writer.hpp>

namespace duplex::http1 {
namespace {

using http::Status;

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

std::string head(Status status, const http::Fields& fields, const ResponsePlan& plan,
                 std::string_view at = {}) {
  ByteQueue out;
  out.append("before");
  write_response_head(status, fields, plan, at, out);
  const std::string text(as_text(out.content()));
  EXPECT_TRUE(text.starts_with("before"));
  return text.substr(6);
}

TEST(ResponseWriter, WritesAHead) {
  http::Fields fields;
  fields.add("Content-Type", "text/plain");
  fields.add("X-Empty", "");
  EXPECT_EQ(
      head(Status::ok, fields,
           {.framing = Framing::content_length, .content_length = 18446744073709551615U}, date),
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n"
      "X-Empty: \r\nContent-Length: 18446744073709551615\r\n\r\n");
}

TEST(ResponseWriter, MakesRoomForTheLongestOfItsOwnLines) {
  http::Fields fields;
  const std::string long_value(1000, 'x');  // so that the queue's block is no larger than asked for
  fields.add("X-Long", long_value);
  ByteQueue out;
  write_response_head(Status::request_header_fields_too_large, fields,
                      {.framing = Framing::content_length,
                       .content_length = 18446744073709551615U,
                       .connection = {.keep_alive = true, .upgrade = true}},
                      date, out, {"Strict-Transport-Security", "max-age=1"});
  EXPECT_LE(out.size(), out.capacity());
  EXPECT_EQ(as_text(out.content()),
            "HTTP/1.1 431 Request Header Fields Too Large\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Long: " +
                long_value +
                "\r\nStrict-Transport-Security: max-age=1\r\n"
                "Content-Length: 18446744073709551615\r\nConnection: Upgrade, keep-alive\r\n\r\n");
}

TEST(ResponseWriter, WritesTheFramingThatWasPlanned) {
  struct Case {
    ResponsePlan plan;
    std::string_view lines;
  };
  const Case cases[] = {
      {{.framing = Framing::none}, ""},
      {{.framing = Framing::until_close, .connection = {.close = true}}, "Connection: close\r\n"},
      {{.framing = Framing::content_length}, "Content-Length: 0\r\n"},
      {{.framing = Framing::chunked}, "Transfer-Encoding: chunked\r\n"},
      {{.connection = {.keep_alive = true}}, "Connection: keep-alive\r\n"},
      {{.connection = {.upgrade = true}}, "Connection: Upgrade\r\n"},
      {{.connection = {.close = true, .upgrade = true}}, "Connection: Upgrade, close\r\n"},
      {{.connection = {.keep_alive = true, .upgrade = true}},
       "Connection: Upgrade, keep-alive\r\n"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(head(Status::not_found, {}, c.plan),
              "HTTP/1.1 404 Not Found\r\n" + std::string(c.lines) + "\r\n");
  }
}

TEST(ResponseWriter, LeavesOutWhatIsNotTheHandlersToSet) {
  http::Fields fields;
  for (std::string_view name : {"Connection", "content-length", "TRANSFER-ENCODING", "Keep-Alive",
                                "Proxy-Connection", "Upgrade"}) {
    fields.add(name, "x");
  }
  fields.add("Server", "duplex");  // names as long as those
  fields.add("Set-Cookie", "a=b");
  fields.add("Content-Digest", "c");
  fields.add("Trailer", "T");
  EXPECT_EQ(head(Status::ok, fields, {}),
            "HTTP/1.1 200 OK\r\nServer: duplex\r\nSet-Cookie: a=b\r\nContent-Digest: c\r\n"
            "Trailer: T\r\n\r\n");
}

TEST(ResponseWriter, KeepsUpgradeWhereItBelongs) {
  http::Fields fields;
  fields.add("Upgrade", "websocket");
  EXPECT_EQ(
      head(Status::switching_protocols, fields, {.connection = {.upgrade = true}}),
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(head(Status::upgrade_required, fields, {.connection = {.upgrade = true}}),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
}

TEST(ResponseWriter, WritesOneDate) {
  http::Fields fields;
  fields.add("date", "then");
  EXPECT_EQ(head(Status::ok, fields, {}, date), "HTTP/1.1 200 OK\r\ndate: then\r\n\r\n");
}

TEST(ResponseWriter, WritesAStandingLineUnlessTheFieldsHaveTheirOwn) {
  const auto head = [](const http::Fields& fields, http::FieldView standing) {
    ByteQueue out;
    write_response_head(Status::ok, fields, {}, {}, out, standing);
    return std::string(as_text(out.content()));
  };
  http::Fields fields;
  EXPECT_EQ(head(fields, {"X-Always", "yes"}), "HTTP/1.1 200 OK\r\nX-Always: yes\r\n\r\n");
  EXPECT_EQ(head(fields, {}), "HTTP/1.1 200 OK\r\n\r\n");
  fields.add("x-always", "no");
  EXPECT_EQ(head(fields, {"X-Always", "yes"}), "HTTP/1.1 200 OK\r\nx-always: no\r\n\r\n");
}

TEST(ResponseWriter, WritesStatusesWithoutAName) {
  EXPECT_EQ(head(static_cast<Status>(299), {}, {}), "HTTP/1.1 299 \r\n\r\n");
}

TEST(ResponseWriter, WritesAWholeErrorResponse) {
  ByteQueue out;
  write_error_response(Status::bad_request, "No.", date, out);
  EXPECT_EQ(as_text(out.content()),
            "HTTP/1.1 400 Bad Request\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nNo.\n");
  out.clear();
  write_error_response(Status::bad_request, "No.", {}, out, {"X-Always", "yes"});
  EXPECT_EQ(as_text(out.content()),
            "HTTP/1.1 400 Bad Request\r\nX-Always: yes\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n"
            "Connection: close\r\n\r\nNo.\n");
}

TEST(ResponseWriter, WritesContinue) {
  ByteQueue out;
  write_continue(out);
  EXPECT_EQ(as_text(out.content()), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(ResponseWriter, WritesChunks) {
  ByteQueue out;
  write_chunk(as_bytes("hello"), out);
  write_chunk({}, out);
  write_chunk_head(0xffffffffffffffff, out);
  write_chunk_tail(out);
  write_chunk(as_bytes(std::string(26, 'x')), out);
  write_last_chunk(out);
  EXPECT_EQ(as_text(out.content()), "5\r\nhello\r\nffffffffffffffff\r\n\r\n1a\r\n" +
                                        std::string(26, 'x') + "\r\n0\r\n\r\n");
}

TEST(ResponseWriter, WritesTrailersButThoseThatFrame) {
  http::Fields trailers;
  trailers.add("Digest", "a");
  trailers.add("Content-Length", "5");
  trailers.add("Set-Cookie", "b=c");
  ByteQueue out;
  write_last_chunk(trailers, out);
  EXPECT_EQ(as_text(out.content()), "0\r\nDigest: a\r\n\r\n");
}

}  // namespace
}  // namespace duplex::http1

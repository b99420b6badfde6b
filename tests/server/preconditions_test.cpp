#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/server/asking.hpp"
#include <duplex/duplex.hpp>

/// What becomes of the answers of handlers that say which state of their content they are.
namespace duplex::server {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";

class Preconditions : public Asking {};

TEST_F(Preconditions, AreComparedWithTheTagAndTheDateOfTheAnswer) {
  server.get("/both", [](const Request&) {
    return Response::text("content").set_field("ETag", "\"now\"").set_field("last-modified", date);
  });
  server.get("/tag",
             [](const Request&) { return Response::json("content").set_field("etag", "\"now\""); });
  server.get("/weak", [](const Request&) {
    return Response::html("content").set_field("ETag", "W/\"now\"");
  });
  server.get("/date", [](const Request&) {
    return Response::bytes("content").set_field("Last-Modified", date);
  });
  const struct {
    const char* target;
    const char* line;
    int status;
  } cases[] = {
      {"/both", "If-None-Match: \"now\"", 304},
      {"/both", "If-None-Match: W/\"now\"", 304},
      {"/both", "If-None-Match: \"then\", \"now\"", 304},
      {"/both", "If-None-Match: \"then\"\r\nIf-None-Match: \"now\"", 304},
      {"/both", "If-None-Match: *", 304},
      {"/both", "If-None-Match: \"then\"", 200},
      {"/both", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304},
      {"/both", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200},
      {"/both", "If-Modified-Since: yesterday", 200},
      // The tag says more than the date.
      {"/both", "If-None-Match: \"then\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200},
      {"/both", "If-Match: \"now\"", 200},
      {"/both", "If-Match: *", 200},
      {"/both", "If-Match: \"then\"", 412},
      {"/both", "If-Match: W/\"now\"", 412},
      {"/both", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200},
      {"/both", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412},
      {"/both", "If-Match: \"now\"\r\nIf-None-Match: \"now\"", 304},
      {"/tag", "If-None-Match: \"now\"", 304},
      {"/tag", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200},
      {"/tag", "If-Match: \"then\"", 412},
      {"/weak", "If-None-Match: \"now\"", 304},
      {"/weak", "If-Match: W/\"now\"", 412},
      {"/date", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304},
      {"/date", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412},
  };
  for (const auto& [target, line, status] : cases) {
    SCOPED_TRACE(std::string(target) + " " + line);
    const std::string begin = "HTTP/1.1 " + std::to_string(status) + " ";
    for (const char* method : {"GET", "HEAD"}) {
      const std::string answer = ask(method, target, std::string(line) + "\r\n");
      EXPECT_THAT(answer, StartsWith(begin)) << method;
      EXPECT_EQ(answer.ends_with("\r\n\r\n"), status == 304 || method == std::string("HEAD"));
    }
  }
}

TEST_F(Preconditions, LeaveOfAnAnswerWhatTheCacheMayNeed) {
  server.get("/", [](const Request&) {
    return Response::text("content")
        .set_field("ETag", "\"now\"")
        .set_field("Last-Modified", date)
        .set_field("Content-Language", "de")
        .set_field("Content-Location", "/de")
        .set_field("Cache-Control", "max-age=60")
        .set_field("Vary", "Accept-Language")
        .set_field("Set-Cookie", "a=b");
  });
  EXPECT_THAT(
      ask("GET", "/", "If-None-Match: \"now\"\r\n"),
      AllOf(StartsWith("HTTP/1.1 304 Not Modified\r\n"), HasSubstr("ETag: \"now\"\r\n"),
            HasSubstr("Content-Location: /de\r\n"), HasSubstr("Cache-Control: max-age=60"),
            HasSubstr("Vary: Accept-Language\r\n"), HasSubstr("Set-Cookie: a=b\r\n"),
            HasSubstr("Date: "), Not(HasSubstr("Content-Type")), Not(HasSubstr("Content-Language")),
            Not(HasSubstr("Content-Length")), Not(HasSubstr("Last-Modified"))));
  EXPECT_THAT(ask("GET", "/", "If-Match: \"then\"\r\n"),
              AllOf(StartsWith("HTTP/1.1 412 "), HasSubstr("Content-Type: text/plain"),
                    HasSubstr("Set-Cookie: a=b\r\n"), Not(HasSubstr("ETag")),
                    Not(HasSubstr("Content-Language")), Not(HasSubstr("Cache-Control")),
                    EndsWith("\r\n\r\nPrecondition Failed.\n")));
}

TEST_F(Preconditions, SayTheDateWhereThereIsNoTag) {
  server.get("/",
             [](const Request&) { return Response::text("x").set_field("Last-Modified", date); });
  EXPECT_THAT(ask("GET", "/", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
              AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("Last-Modified: Sun, 06 Nov 1994")));
}

TEST_F(Preconditions, CountForContentThatIsSharedOrMadeToo) {
  static const SharedBytes shared = SharedBytes::copy_of(as_bytes("content"));
  server.get("/shared", [](const Request&) {
    return Response::shared(shared, "text/plain").set_field("ETag", "\"now\"");
  });
  server.get("/made", [](const Request&) {
    auto never = []() -> std::optional<std::string> { throw std::logic_error("nobody asked"); };
    return Response::generated("text/plain", never).set_field("ETag", "\"now\"");
  });
  server.get("/waited", [](const Request&) -> Task<Response> {
    co_return Response::text("content").set_field("ETag", "\"now\"");
  });
  for (const char* target : {"/shared", "/made", "/waited"}) {
    EXPECT_THAT(ask("GET", target, "If-None-Match: \"now\"\r\n"),
                AllOf(StartsWith("HTTP/1.1 304 "), EndsWith("\r\n\r\n")))
        << target;
  }
}

// RFC 9110 section 13.2.1.
TEST_F(Preconditions, AreNotLookedAtForOtherStatusesAndMethods) {
  server.get("/404", [](const Request&) {
    return Response::text("x", http::Status::not_found).set_field("ETag", "\"now\"");
  });
  server.post("/", [](const Request&) { return Response::text("x").set_field("ETag", "\"now\""); });
  EXPECT_THAT(ask("GET", "/404", "If-None-Match: \"now\"\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("GET", "/404", "If-Match: \"then\"\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask("POST", "/", "Content-Length: 0\r\nIf-None-Match: *\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nx")));
}

TEST_F(Preconditions, AreIgnoredWhereTheAnswerSaysNothingThatCanBeCompared) {
  server.get("/none", [](const Request&) { return Response::text("x"); });
  server.get("/bad", [](const Request&) {
    return Response::text("x").set_field("ETag", "now").set_field("Last-Modified", "today");
  });
  for (const char* target : {"/none", "/bad"}) {
    for (const char* line : {"If-None-Match: *", "If-Match: \"then\"",
                             "If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT"}) {
      EXPECT_THAT(ask("GET", target, std::string(line) + "\r\n"), StartsWith("HTTP/1.1 200 "))
          << target << " " << line;
    }
  }
}

}  // namespace
}  // namespace duplex::server

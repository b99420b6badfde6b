#include "server/incoming_request.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/server/request_support.hpp"

namespace duplex::server {
namespace {

TEST(IncomingRequest, OutlivesTheInputThatItOwns) {
  const std::string text =
      ParsedRequest::text("GET", "/a/b?c=d", {"Cookie: e=f", "X-Empty:", "X-Last:  padded \t"});
  ParsedRequest parsed(text);
  parsed.incoming.own_head();
  parsed.overwrite_input();
  const Request& request = parsed.request();
  EXPECT_EQ(request.target(), "/a/b?c=d");
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.head().query, "c=d");
  EXPECT_EQ(request.authority(), "example.com");
  EXPECT_EQ(request.head().raw, text);
  EXPECT_EQ(request.head().fields.size(), 4u);
  EXPECT_EQ(request.field("host"), "example.com");
  EXPECT_EQ(request.cookie("e"), "f");
  EXPECT_EQ(request.field("x-empty"), "");
  EXPECT_EQ(request.field("x-last"), "padded");
}

TEST(IncomingRequest, OwnsItsHeadAsOftenAsItIsAsked) {
  const std::string text = ParsedRequest::text("GET", "/a?b", {"X-Field: value"});
  ParsedRequest parsed(text);
  parsed.incoming.own_head();
  parsed.incoming.own_head();
  parsed.overwrite_input();
  EXPECT_EQ(parsed.request().path(), "/a");
  EXPECT_EQ(parsed.request().field("X-Field"), "value");
  EXPECT_EQ(parsed.request().head().raw, text);
}

// In absolute-form the path may be missing; the one that stands for it is not in the input.
TEST(IncomingRequest, OwnsAHeadWhoseTargetHasNoPath) {
  const struct {
    const char* method;
    const char* target;
    const char* path;
    const char* query;
  } cases[] = {
      {"GET", "http://example.com", "/", ""},
      {"GET", "http://example.com?a=b", "/", "a=b"},
      {"GET", "http://example.com/", "/", ""},
      {"OPTIONS", "http://example.com", "*", ""},
      {"OPTIONS", "*", "*", ""},
  };
  for (const auto& [method, target, path, query] : cases) {
    SCOPED_TRACE(target);
    ParsedRequest parsed(ParsedRequest::text(method, target));
    parsed.incoming.own_head();
    parsed.overwrite_input();
    EXPECT_EQ(parsed.request().path(), path);
    EXPECT_EQ(parsed.request().head().query, query);
    EXPECT_EQ(parsed.request().target(), target);
    EXPECT_EQ(parsed.request().authority(), "example.com");
  }
}

TEST(IncomingRequest, ForgetsTheLastRequest) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/a?b=c"));
  parsed.incoming.set_peer("127.0.0.1:5");
  parsed.incoming.add_parameter("name", "value");
  parsed.incoming.append_content(as_bytes("content"));
  parsed.incoming.show_content();
  EXPECT_EQ(parsed.request().text(), "content");
  EXPECT_EQ(parsed.request().param("name"), "value");

  parsed.incoming.forget();
  EXPECT_EQ(parsed.request().text(), "");
  EXPECT_EQ(parsed.request().param("name"), "");
  EXPECT_EQ(parsed.request().path(), "");
  EXPECT_EQ(parsed.request().head().fields.size(), 0u);
  EXPECT_EQ(parsed.request().peer(), "127.0.0.1:5") << "the connection is the same";
}

TEST(IncomingRequest, CollectsContentWhoseSizeIsKnown) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/"));
  const std::string piece(50'000, 'x');
  parsed.incoming.expect_content(2 * piece.size());
  for (int i = 0; i < 2; ++i) parsed.incoming.append_content(as_bytes(piece));
  parsed.incoming.show_content();
  EXPECT_EQ(parsed.request().text(), piece + piece);
  // And the next one, of which nobody knows.
  parsed.incoming.forget();
  for (int i = 0; i < 3; ++i) parsed.incoming.append_content(as_bytes(piece));
  parsed.incoming.show_content();
  EXPECT_EQ(parsed.request().text(), piece + piece + piece);
}

TEST(IncomingRequest, ShowsContentOnlyWhenAllOfItHasCome) {
  ParsedRequest parsed(ParsedRequest::text("GET", "/"));
  parsed.incoming.append_content(as_bytes("one "));
  EXPECT_EQ(parsed.request().text(), "");
  parsed.incoming.append_content(as_bytes("two"));
  parsed.incoming.show_content();
  EXPECT_EQ(parsed.request().text(), "one two");
  parsed.incoming.release();
  EXPECT_EQ(parsed.request().text(), "");
}

}  // namespace
}  // namespace duplex::server

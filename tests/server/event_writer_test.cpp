#include <gtest/gtest.h>

#include <string>

#include <duplex/server/body.hpp>

namespace duplex::server {
namespace {

using namespace std::string_view_literals;

TEST(ServerSentEventText, WritesOneDataLineForEachLineOfTheData) {
  const struct {
    std::string_view data;
    std::string_view text;
  } cases[] = {
      {"hello", "data: hello\n\n"},
      {"", "data: \n\n"},
      {"a\nb", "data: a\ndata: b\n\n"},
      {"a\rb", "data: a\ndata: b\n\n"},
      {"a\r\nb", "data: a\ndata: b\n\n"},
      {"a\n\rb", "data: a\ndata: \ndata: b\n\n"},
      {"a\n\nb", "data: a\ndata: \ndata: b\n\n"},
      {"a\r\r\nb", "data: a\ndata: \ndata: b\n\n"},
      {"a\n", "data: a\ndata: \n\n"},
      {"a\r\n", "data: a\ndata: \n\n"},
      {"\n", "data: \ndata: \n\n"},
      {"\r\n", "data: \ndata: \n\n"},
      {"\na", "data: \ndata: a\n\n"},
      {" a", "data:  a\n\n"},
      {"data: x\n\nevent: evil", "data: data: x\ndata: \ndata: event: evil\n\n"},
      {"a\0b"sv, "data: ab\n\n"},
      {"caf\xC3\xA9", "data: caf\xC3\xA9\n\n"},
  };
  for (const auto& [data, text] : cases) {
    EXPECT_EQ(to_string(ServerSentEvent{.data = data}), text);
  }
}

TEST(ServerSentEventText, WritesTheFieldsThatAreGiven) {
  EXPECT_EQ(to_string(ServerSentEvent{.data = "x", .event = "tick", .id = "7", .retry_ms = 1500}),
            "event: tick\nid: 7\nretry: 1500\ndata: x\n\n");
}

TEST(ServerSentEventText, LetsNoFieldBreakOutOfItsLine) {
  EXPECT_EQ(to_string(ServerSentEvent{
                .data = "x", .event = "a\ndata: evil\n\n", .id = "1\r\nevent: evil\r2\0"sv}),
            "event: adata: evil\nid: 1event: evil2\ndata: x\n\n");
}

}  // namespace
}  // namespace duplex::server

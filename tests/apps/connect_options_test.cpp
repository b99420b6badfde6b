#include "connect_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "subcommand.hpp"

namespace duplex::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

ConnectArguments to(std::string url) {
  ConnectArguments arguments;
  arguments.url = std::move(url);
  return arguments;
}

std::string refusal(const ConnectArguments& arguments) {
  try {
    resolve(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ConnectOptions, HaveDefaults) {
  const ConnectOptions options = resolve(to("ws://example.com/"));
  EXPECT_EQ(options.framing, Framing::lines);
  EXPECT_EQ(options.wait, 1000ms);
  EXPECT_EQ(options.limits.message_bytes_max, 64U * 1024 * 1024);
  EXPECT_EQ(options.limits.heartbeat_ms, 30'000U);
  EXPECT_FALSE(options.count);
  EXPECT_FALSE(options.ping_interval);
}

TEST(ConnectOptions, TakeAnyUrlOfTheSamePlace) {
  for (const char* const url : {"ws://a/b", "wss://a/b", "http://a/b", "https://a/b"}) {
    EXPECT_EQ(resolve(to(url)).url, url);
  }
  EXPECT_EQ(resolve(to("localhost:8080/echo")).url, "ws://localhost:8080/echo");
  for (const char* const url : {"", "ftp://a/", "ws://", "ws://a b/", "ws://a/#fragment"}) {
    EXPECT_THAT(refusal(to(url)), HasSubstr("no URL to connect to")) << url;
  }
}

TEST(ConnectOptions, AreTaken) {
  ConnectArguments arguments = to("ws://a/");
  arguments.subprotocols = {"one, two", "three"};
  arguments.origin = "https://example.com";
  arguments.message_bytes_max = "1M";
  arguments.show_bytes_max = "10";
  arguments.heartbeat = "0";
  arguments.ping_interval = "0.5";
  arguments.wait = "forever";
  arguments.count = "3";
  arguments.reconnect = true;
  const ConnectOptions options = resolve(arguments);
  EXPECT_THAT(options.offer.subprotocols, ElementsAre("one", "two", "three"));
  EXPECT_EQ(options.offer.origin, "https://example.com");
  EXPECT_EQ(options.limits.message_bytes_max, 1024U * 1024);
  EXPECT_EQ(options.show_text_bytes_max, 10U);
  EXPECT_EQ(options.show_binary_bytes_max, 10U);
  EXPECT_EQ(options.limits.heartbeat_ms, 0U);
  EXPECT_EQ(options.ping_interval, 500ms);
  EXPECT_EQ(options.wait, std::nullopt);
  EXPECT_EQ(options.count, 3U);
  EXPECT_TRUE(options.reconnect);
}

TEST(ConnectOptions, OfferCompressionOnlyWhenAskedTo) {
  ConnectArguments arguments = to("ws://a/");
  EXPECT_EQ(resolve(arguments).offer.deflate, std::nullopt);
  arguments.compress = true;
  EXPECT_EQ(resolve(arguments).offer.deflate, websocket::DeflateOptions());
  arguments.compress_keep = true;
  arguments.compress_level = "9";
  arguments.compress_bytes_min = "0";
  arguments.compress_window = "9";
  EXPECT_EQ(resolve(arguments).offer.deflate, (websocket::DeflateOptions{
                                                  .send_window_bits_max = 9,
                                                  .receive_window_bits_max = 9,
                                                  .keep_send_window = true,
                                                  .keep_receive_window = true,
                                                  .level = 9,
                                                  .threshold_bytes = 0,
                                              }));
  arguments.compress = false;
  EXPECT_EQ(refusal(arguments), "--compress-level needs --compress");
  arguments.compress_window = "8";
  EXPECT_THAT(refusal(arguments), HasSubstr("--compress-window: \"8\""));
}

TEST(ConnectOptions, ChooseTheFraming) {
  ConnectArguments arguments = to("ws://a/");
  arguments.binary = true;
  EXPECT_EQ(resolve(arguments).framing, Framing::unframed);
  arguments.chunk_bytes = "10";
  EXPECT_EQ(resolve(arguments).chunk_bytes, 10U);
  arguments.null = true;
  EXPECT_THAT(refusal(arguments), HasSubstr("--chunk"));
  arguments.chunk_bytes.clear();
  EXPECT_EQ(resolve(arguments).framing, Framing::nulls);
  EXPECT_TRUE(resolve(arguments).binary);
}

TEST(ConnectOptions, AreRefusedWithWordsThatHelp) {
  const auto with = [](auto member, auto value) {
    ConnectArguments arguments = to("ws://a/");
    arguments.*member = value;
    return refusal(arguments);
  };
  using Strings = std::vector<std::string>;
  EXPECT_THAT(with(&ConnectArguments::subprotocols, Strings{"a b"}), HasSubstr("a b"));
  EXPECT_THAT(with(&ConnectArguments::subprotocols, Strings{"a,a"}), HasSubstr("a"));
  EXPECT_THAT(with(&ConnectArguments::origin, "a\nb"), testing::Ne("accepted"));
  EXPECT_THAT(with(&ConnectArguments::message_bytes_max, "0"), HasSubstr("--max-message"));
  EXPECT_THAT(with(&ConnectArguments::heartbeat, "x"), HasSubstr("--heartbeat"));
  EXPECT_THAT(with(&ConnectArguments::ping_interval, "0"), HasSubstr("--ping-interval"));
  EXPECT_THAT(with(&ConnectArguments::wait, "soon"), HasSubstr("--wait"));
  EXPECT_THAT(with(&ConnectArguments::count, "0"), HasSubstr("--count"));
  EXPECT_THAT(with(&ConnectArguments::show_bytes_max, "x"), HasSubstr("--show-bytes-max"));
}

TEST(ConnectOptions, RefuseFieldsThatTheHandshakeSets) {
  ConnectArguments arguments = to("ws://a/");
  arguments.client.fields = {"Sec-WebSocket-Key: x"};
  EXPECT_THAT(refusal(arguments), HasSubstr("Sec-WebSocket-Key"));
}

}  // namespace
}  // namespace duplex::app

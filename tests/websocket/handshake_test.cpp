#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {
namespace {

using Lines = std::vector<http::FieldView>;

/// The key of the example in RFC 6455 section 1.3.
constexpr std::string_view example_key = "dGhlIHNhbXBsZSBub25jZQ==";

/// The example of RFC 6455 section 1.2.
Lines example_lines() {
  return {{"Host", "server.example.com"},   {"Upgrade", "websocket"},
          {"Connection", "Upgrade"},        {"Sec-WebSocket-Key", example_key},
          {"Origin", "http://example.com"}, {"Sec-WebSocket-Protocol", "chat, superchat"},
          {"Sec-WebSocket-Version", "13"}};
}

http::RequestHead head_of(const Lines& lines) {
  http::RequestHead head;
  head.target = head.path = "/chat";
  head.fields = http::FieldsView(lines);
  head.authority = head.fields.find("Host").value_or("");
  return head;
}

Lines with(std::string_view name, std::string_view value) {
  Lines lines = example_lines();
  for (auto& line : lines) {
    if (line.name == name) {
      line.value = value;
      return lines;
    }
  }
  lines.push_back({name, value});
  return lines;
}

Lines without(std::string_view name) {
  Lines lines = example_lines();
  std::erase_if(lines, [name](const auto& line) { return line.name == name; });
  return lines;
}

Lines twice(std::string_view name, std::string_view value) {
  Lines lines = example_lines();
  lines.push_back({name, value});
  return lines;
}

TEST(Handshake, AcceptsTheExampleOfTheSpecification) {
  const Lines lines = example_lines();
  const auto request = check_handshake(head_of(lines));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->key, example_key);
  const auto accept = accept_key(request->key);
  EXPECT_EQ(std::string_view(accept.data(), accept.size()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, AcceptsWhatMeansTheSame) {
  const Lines cases[] = {
      with("Upgrade", "WebSocket"),
      with("Upgrade", "h2c, WEBSOCKET"),
      twice("Upgrade", "h2c"),
      with("Connection", "keep-alive, upgrade"),
      twice("Connection", "keep-alive"),
      with("Content-Length", "0"),
      with("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAA+/=="),
      without("Origin"),
      without("Sec-WebSocket-Protocol"),
      with("Sec-WebSocket-Extensions", ""),
      with("Sec-WebSocket-Extensions", "x-unknown; y=\"1\", permessage-deflate"),
  };
  for (const Lines& lines : cases) EXPECT_TRUE(check_handshake(head_of(lines)));
}

TEST(Handshake, RefusesEachBrokenRule) {
  using enum HandshakeError;
  struct Case {
    HandshakeError error;
    Lines lines;
  };
  const Case cases[] = {
      {no_host, without("Host")},
      {no_upgrade, without("Upgrade")},
      {no_upgrade, with("Upgrade", "h2c")},
      {no_upgrade, with("Upgrade", "websockets")},
      {no_connection_upgrade, without("Connection")},
      {no_connection_upgrade, with("Connection", "keep-alive")},
      {unsupported_version, without("Sec-WebSocket-Version")},
      {unsupported_version, with("Sec-WebSocket-Version", "8")},
      {unsupported_version, with("Sec-WebSocket-Version", "013")},
      {unsupported_version, with("Sec-WebSocket-Version", "13, 8")},
      {unsupported_version, twice("Sec-WebSocket-Version", "13")},
      {not_one_key, without("Sec-WebSocket-Key")},
      {not_one_key, twice("sec-websocket-key", example_key)},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "")},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "SGVsbG8sIHdvcmxkIQ==")},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=A")},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQAA")},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ===")},
      {key_not_16_bytes, with("Sec-WebSocket-Key", "dGhlIHNhbXBs*SBub25jZQ==")},
      {malformed_extensions, with("Sec-WebSocket-Extensions", "permessage-deflate;")},
      {malformed_extensions, with("Sec-WebSocket-Extensions", "a b")},
      {request_has_content, with("Content-Length", "5")},
      {request_has_content, with("Transfer-Encoding", "chunked")},
  };
  std::set<HandshakeError> provoked;
  for (const auto& [error, lines] : cases) {
    const auto request = check_handshake(head_of(lines));
    ASSERT_FALSE(request) << describe(error);
    EXPECT_EQ(request.error(), error) << describe(error) << ", not " << describe(request.error());
    provoked.insert(error);
  }
  const Lines lines = example_lines();
  http::RequestHead head = head_of(lines);
  head.method = http::Method::post;
  EXPECT_EQ(check_handshake(head).error(), not_a_get);
  provoked.insert(not_a_get);
  head = head_of(lines);
  head.version = http::Version::http_1_0;
  EXPECT_EQ(check_handshake(head).error(), not_http_1_1);
  provoked.insert(not_http_1_1);
  EXPECT_EQ(provoked.size(), handshake_error_count);
}

TEST(Handshake, HasAStatusAndASentenceForEachError) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < handshake_error_count; ++i) {
    const auto error = static_cast<HandshakeError>(i);
    sentences.insert(describe(error));
    const http::Status expected =
        error == HandshakeError::not_a_get ? http::Status::method_not_allowed
        : error == HandshakeError::no_upgrade || error == HandshakeError::unsupported_version
            ? http::Status::upgrade_required
            : http::Status::bad_request;
    EXPECT_EQ(status_of(error), expected) << describe(error);
  }
  EXPECT_EQ(sentences.size(), handshake_error_count);
}

TEST(Handshake, IsWantedByWhoeverAsksToUpgradeToIt) {
  EXPECT_TRUE(wants_websocket(head_of(example_lines())));
  const Lines bad = {{"Upgrade", "foo,WebSocket"}};
  EXPECT_TRUE(wants_websocket(head_of(bad)));
  EXPECT_FALSE(wants_websocket(head_of(without("Upgrade"))));
  EXPECT_FALSE(wants_websocket(head_of(with("Upgrade", "h2c"))));
}

TEST(Handshake, ChoosesTheSubprotocolThatTheClientLikesBest) {
  Lines lines = with("Sec-WebSocket-Protocol", "b, a");
  lines.push_back({"sec-websocket-protocol", "c"});
  const http::RequestHead head = head_of(lines);
  const auto choose = [&head](std::vector<std::string> supported) -> std::string {
    return std::string(choose_subprotocol(head, supported).value_or("none"));
  };
  EXPECT_EQ(choose({"a", "b"}), "b");
  EXPECT_EQ(choose({"c", "x"}), "c");
  EXPECT_EQ(choose({"A"}), "none");
  EXPECT_EQ(choose({}), "none");
  EXPECT_TRUE(offers_subprotocol(head, "a"));
  EXPECT_TRUE(offers_subprotocol(head, "c"));
  EXPECT_FALSE(offers_subprotocol(head, "B"));
  EXPECT_FALSE(offers_subprotocol(head, ""));
}

TEST(Handshake, ViewsTheSupportedSubprotocolThatItChose) {
  const std::vector<std::string> supported = {"chat"};
  const auto chosen = choose_subprotocol(head_of(example_lines()), supported);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->data(), supported[0].data());
}

TEST(Handshake, SwitchesProtocols) {
  ByteQueue output;
  http::Fields extra;
  write_switching_protocols({.key = example_key}, extra, output);
  EXPECT_EQ(as_text(output.content()),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "\r\n");
  output.clear();
  extra.add("Set-Cookie", "id=1");
  write_switching_protocols(
      {.key = example_key, .subprotocol = "chat", .extensions = "permessage-deflate"}, extra,
      output);
  EXPECT_EQ(as_text(output.content()),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
            "Set-Cookie: id=1\r\n"
            "\r\n");
}

}  // namespace
}  // namespace duplex::websocket

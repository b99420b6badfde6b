#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "fuzz/websocket/client_handshake_properties.hpp"
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>

namespace duplex::websocket {
namespace {

using enum ClientHandshakeError;

/// The nonce, the key and the answer of the example in RFC 6455 section 1.3.
constexpr std::string_view example_nonce = "the sample nonce";
constexpr std::string_view example_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view example_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

HandshakeKey key_of_example() {
  return handshake_key(as_bytes(example_nonce).first<16>());
}

using Lines = std::vector<http::FieldView>;

/// The example of RFC 6455 section 1.2.
Lines example_lines() {
  return {{"Upgrade", "websocket"},
          {"Connection", "Upgrade"},
          {"Sec-WebSocket-Accept", example_accept},
          {"Sec-WebSocket-Protocol", "chat"}};
}

Lines with(std::string_view name, std::string_view value) {
  Lines lines = example_lines();
  const auto line = std::ranges::find(lines, name, &http::FieldView::name);
  if (line == lines.end()) {
    lines.push_back({name, value});
  } else {
    line->value = value;
  }
  return lines;
}

Lines without(std::string_view name) {
  Lines lines = example_lines();
  std::erase_if(lines, [name](const auto& line) { return line.name == name; });
  return lines;
}

Lines plus(std::string_view name, std::string_view value) {
  Lines lines = example_lines();
  lines.push_back({name, value});
  return lines;
}

/// The line `name` under another name.
Lines renamed(std::string_view name, std::string_view other) {
  Lines lines = example_lines();
  std::ranges::find(lines, name, &http::FieldView::name)->name = other;
  return lines;
}

http::ResponseHead head_of(const Lines& lines) {
  http::ResponseHead head;
  head.status = http::Status::switching_protocols;
  head.reason = "Switching Protocols";
  head.fields = http::FieldsView(lines);
  return head;
}

const HandshakeOffer example_offer{.subprotocols = {"chat", "superchat"}};

auto check(const Lines& lines, const HandshakeOffer& offer = example_offer) {
  return check_answer(head_of(lines), offer, key_of_example());
}

std::string text_of(const http::Fields& fields) {
  std::string text;
  for (const auto [name, value] : fields) {
    text.append(name).append(": ").append(value).append("\n");
  }
  return text;
}

constexpr DeflateOptions keeping{.keep_send_window = true, .keep_receive_window = true};
constexpr DeflateOptions bounded{.send_window_bits_max = 12,
                                 .receive_window_bits_max = 10,
                                 .keep_send_window = true,
                                 .keep_receive_window = true};

/// The example with these lines of Sec-WebSocket-Extensions, where compression was offered so.
auto check_compression(const std::vector<std::string>& values, const DeflateOptions& options) {
  static HandshakeOffer offer = example_offer;
  offer.deflate = options;
  Lines lines = example_lines();
  for (const std::string& value : values) lines.push_back({"Sec-WebSocket-Extensions", value});
  return check(lines, offer);
}

struct BrokenCompression {
  ClientHandshakeError error;
  DeflateOptions options;
  std::vector<std::string> values;
};

/// Answers to an offer of permessage-deflate that fail the connection (RFC 7692 section 7.1).
std::vector<BrokenCompression> broken_compression() {
  const std::string name = "permessage-deflate";
  const DeflateOptions silent{
      .keep_send_window = true, .keep_receive_window = true, .let_server_limit_window = false};
  return {
      {malformed_extensions, keeping, {name + ";"}},
      {malformed_extensions, keeping, {name, "a b"}},
      {malformed_extensions, keeping, {name + "; server_max_window_bits=\"10"}},
      {extension_not_offered, keeping, {"permessage-foo"}},
      {extension_not_offered, keeping, {"Permessage-Deflate"}},
      {extension_not_offered, keeping, {name, "x"}},
      {extension_not_offered, keeping, {"x, " + name}},
      {repeated_extension, keeping, {name, name}},
      {repeated_extension, keeping, {name + ", " + name + "; client_no_context_takeover"}},
      {unknown_deflate_parameter, keeping, {name + "; foo"}},
      {unknown_deflate_parameter, keeping, {name + "; server_no_context_takeover; foo=1"}},
      {unknown_deflate_parameter, keeping, {name + "; Client_Max_Window_Bits=10"}},
      {repeated_deflate_parameter,
       keeping,
       {name + "; server_no_context_takeover; server_no_context_takeover"}},
      {repeated_deflate_parameter,
       keeping,
       {name + "; client_no_context_takeover; client_no_context_takeover"}},
      {repeated_deflate_parameter,
       keeping,
       {name + "; server_max_window_bits=10; server_max_window_bits=10"}},
      {repeated_deflate_parameter,
       keeping,
       {name + "; client_max_window_bits=10; client_max_window_bits=11"}},
      {invalid_deflate_value, keeping, {name + "; server_no_context_takeover=1"}},
      {invalid_deflate_value, keeping, {name + "; client_no_context_takeover=true"}},
      {invalid_deflate_value, keeping, {name + "; server_max_window_bits"}},
      {invalid_deflate_value, keeping, {name + "; server_max_window_bits=7"}},
      {invalid_deflate_value, keeping, {name + "; server_max_window_bits=16"}},
      {invalid_deflate_value, keeping, {name + "; server_max_window_bits=010"}},
      {invalid_deflate_value, keeping, {name + "; client_max_window_bits=7"}},
      {invalid_deflate_value, keeping, {name + "; client_max_window_bits=\"16\""}},
      // Without a value it stands in offers only (RFC 7692 section 7.1.2.2).
      {invalid_deflate_value, keeping, {name + "; client_max_window_bits"}},
      {server_context_not_refused, {}, {name}},
      {server_context_not_refused, {}, {name + "; client_no_context_takeover"}},
      {server_window_too_large, bounded, {name}},
      {server_window_too_large, bounded, {name + "; server_max_window_bits=11"}},
      {server_window_too_large, bounded, {name + "; server_max_window_bits=15"}},
      {client_window_not_offered, silent, {name + "; client_max_window_bits=10"}},
      {client_window_not_offered, silent, {name + "; client_max_window_bits=15"}},
  };
}

// ---------------------------------------------------------------------------- what is asked

TEST(ClientHandshake, MakesTheKeyOfTheSpecification) {
  const HandshakeKey key = key_of_example();
  EXPECT_EQ(std::string_view(key.data(), key.size()), example_key);
}

TEST(ClientHandshake, WritesTheFieldsOfTheSpecification) {
  HandshakeOffer offer = example_offer;
  EXPECT_EQ(text_of(handshake_fields({}, key_of_example())),
            "Upgrade: websocket\n"
            "Connection: Upgrade\n"
            "Sec-WebSocket-Version: 13\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n");
  offer.origin = "http://example.com";
  offer.fields.add("Authorization", "Bearer x");
  offer.fields.add("Cookie", "id=1");
  EXPECT_EQ(text_of(handshake_fields(offer, key_of_example())),
            "Upgrade: websocket\n"
            "Connection: Upgrade\n"
            "Sec-WebSocket-Version: 13\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
            "Sec-WebSocket-Protocol: chat, superchat\n"
            "Origin: http://example.com\n"
            "Authorization: Bearer x\n"
            "Cookie: id=1\n");
}

TEST(ClientHandshake, OffersCompressionWhereItIsWanted) {
  EXPECT_EQ(text_of(handshake_fields({.subprotocols = {"chat"}, .deflate = DeflateOptions{}},
                                     key_of_example())),
            "Upgrade: websocket\n"
            "Connection: Upgrade\n"
            "Sec-WebSocket-Version: 13\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
            "client_no_context_takeover; client_max_window_bits\n"
            "Sec-WebSocket-Protocol: chat\n");
}

TEST(ClientHandshake, RefusesAnOfferThatMustNotBeSent) {
  const auto offers_field = [](std::string_view name, std::string origin = {}) {
    HandshakeOffer offer{.origin = std::move(origin)};
    offer.fields.add(name, "1");
    return offer;
  };
  struct Case {
    HandshakeOffer offer;
    std::string_view says;
  };
  const Case cases[] = {
      {{.subprotocols = {""}}, "no name of a subprotocol"},
      {{.subprotocols = {"a", "b c"}}, "\"b c\" is no name"},
      {{.subprotocols = {"a,b"}}, "no name of a subprotocol"},
      {{.subprotocols = {"caf\xC3\xA9"}}, "no name of a subprotocol"},
      {{.subprotocols = {"a", "b", "a"}}, "\"a\" is offered twice"},
      {{.origin = "http://a\r\nEvil: 1"}, "origin"},
      {{.origin = " "}, "origin"},
      {{.deflate = DeflateOptions{.send_window_bits_max = 8}}, "set it to 9 to 15"},
      {offers_field("upgrade"), "upgrade is set by the handshake"},
      {offers_field("CONNECTION"), "set by the handshake"},
      {offers_field("Content-Length"), "set by the handshake"},
      {offers_field("Transfer-Encoding"), "set by the handshake"},
      {offers_field("Sec-WebSocket-Key"), "set by the handshake"},
      {offers_field("sec-websocket-extensions"), "set by the handshake"},
      {offers_field("Origin", "http://a"), "set by the handshake"},
  };
  for (const auto& [offer, says] : cases) {
    try {
      handshake_fields(offer, key_of_example());
      ADD_FAILURE() << says;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(std::string(says)));
    }
  }
  EXPECT_NO_THROW(check_offer({.subprotocols = {"a", "A", "v1.b-c"}, .origin = "null"}));
  EXPECT_NO_THROW(check_offer(offers_field("Origin")));
}

// ---------------------------------------------------------------------------- what is answered

TEST(ClientHandshake, AcceptsTheExampleOfTheSpecification) {
  const auto answer = check(example_lines());
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->subprotocol, "chat");
  EXPECT_EQ(answer->subprotocol->data(), example_offer.subprotocols[0].data());
}

TEST(ClientHandshake, AcceptsWhatMeansTheSame) {
  const Lines cases[] = {
      with("Upgrade", "WebSocket"),
      with("Upgrade", " websocket\t"),
      renamed("Upgrade", "UPGRADE"),
      with("Connection", "upgrade"),
      with("Connection", "keep-alive , UPGRADE"),
      with("Connection", " \tUpgrade "),
      plus("Connection", "keep-alive"),
      renamed("Connection", "connection"),
      with("Sec-WebSocket-Accept", "  s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t"),
      renamed("Sec-WebSocket-Accept", "sec-websocket-accept"),
      with("Sec-WebSocket-Protocol", " chat "),
      plus("Sec-WebSocket-Extensions", ""),
      plus("Sec-WebSocket-Extensions", ","),
      plus("Server", "any"),
      plus("Sec-WebSocket-Version", "13"),
      plus("Set-Cookie", "a=b"),
  };
  for (const Lines& lines : cases) {
    const auto answer = check(lines);
    ASSERT_TRUE(answer) << describe(answer.error());
    EXPECT_EQ(answer->subprotocol, "chat");
  }
}

TEST(ClientHandshake, TellsWhichSubprotocolWasChosen) {
  EXPECT_EQ(check(with("Sec-WebSocket-Protocol", "superchat"))->subprotocol, "superchat");
  EXPECT_EQ(check(without("Sec-WebSocket-Protocol"))->subprotocol, std::nullopt);
  EXPECT_EQ(check(without("Sec-WebSocket-Protocol"), {})->subprotocol, std::nullopt);
}

TEST(ClientHandshake, RefusesEachBrokenRule) {
  struct Case {
    ClientHandshakeError error;
    Lines lines;
  };
  const Case cases[] = {
      {not_one_upgrade, without("Upgrade")},
      {not_one_upgrade, renamed("Upgrade", "Upgrades")},
      {not_one_upgrade, renamed("Upgrade", "Upgrade ")},
      {not_one_upgrade, plus("Upgrade", "websocket")},
      {not_one_upgrade, plus("upgrade", "h2c")},
      {upgrade_not_websocket, with("Upgrade", "")},
      {upgrade_not_websocket, with("Upgrade", "h2c")},
      {upgrade_not_websocket, with("Upgrade", "websockets")},
      {upgrade_not_websocket, with("Upgrade", "web socket")},
      {upgrade_not_websocket, with("Upgrade", "websocket, h2c")},
      {no_connection_upgrade, without("Connection")},
      {no_connection_upgrade, renamed("Connection", "Conection")},
      {no_connection_upgrade, with("Connection", "")},
      {no_connection_upgrade, with("Connection", "keep-alive")},
      {no_connection_upgrade, with("Connection", "Upgraded")},
      {no_connection_upgrade, with("Connection", "keep-alive Upgrade")},
      {no_connection_upgrade, with("Connection", "\"Upgrade\"")},
      {not_one_accept, without("Sec-WebSocket-Accept")},
      {not_one_accept, renamed("Sec-WebSocket-Accept", "Sec-Websocket-Accepts")},
      {not_one_accept, plus("Sec-WebSocket-Accept", example_accept)},
      {not_one_accept, plus("sec-websocket-accept", "")},
      {wrong_accept, with("Sec-WebSocket-Accept", "")},
      {wrong_accept, with("Sec-WebSocket-Accept", example_key)},
      {wrong_accept, with("Sec-WebSocket-Accept", "S3PPLMBITXAQ9KYGZZHZRBK+XOO=")},
      {wrong_accept, with("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo")},
      {wrong_accept, with("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo==")},
      {wrong_accept, with("Sec-WebSocket-Accept", "s3pPLMBiTxaQ 9kYGzzhZRbK+xOo=")},
      {malformed_extensions, plus("Sec-WebSocket-Extensions", "permessage-deflate;")},
      {malformed_extensions, plus("Sec-WebSocket-Extensions", "a b")},
      {extension_not_offered, plus("Sec-WebSocket-Extensions", "permessage-deflate")},
      {extension_not_offered, plus("sec-websocket-extensions", ", x; y=1")},
      {repeated_subprotocol, plus("Sec-WebSocket-Protocol", "chat")},
      {repeated_subprotocol, plus("sec-websocket-protocol", "superchat")},
      {subprotocol_not_offered, with("Sec-WebSocket-Protocol", "")},
      {subprotocol_not_offered, with("Sec-WebSocket-Protocol", "Chat")},
      {subprotocol_not_offered, with("Sec-WebSocket-Protocol", "mqtt")},
      {subprotocol_not_offered, with("Sec-WebSocket-Protocol", "chat, superchat")},
      {subprotocol_not_offered, with("Sec-WebSocket-Protocol", "cha t")},
  };
  std::set<ClientHandshakeError> provoked;
  for (const auto& [error, lines] : cases) {
    const auto answer = check(lines);
    ASSERT_FALSE(answer) << describe(error);
    EXPECT_EQ(answer.error().error, error)
        << describe(error) << ", not " << describe(answer.error());
    provoked.insert(error);
  }
  EXPECT_EQ(check(example_lines(), {}).error().error, subprotocol_not_offered);

  const Lines lines = example_lines();
  http::ResponseHead head = head_of(lines);
  head.version = http::Version::http_1_0;
  EXPECT_EQ(check_answer(head, example_offer, key_of_example()).error().error, not_http_1_1);
  provoked.insert(not_http_1_1);
  head.status = http::Status::found;
  EXPECT_EQ(check_answer(head, example_offer, key_of_example()).error().error,
            not_switching_protocols);
  provoked.insert(not_switching_protocols);

  for (const auto& [error, options, values] : broken_compression()) {
    const auto answer = check_compression(values, options);
    ASSERT_FALSE(answer) << describe(error);
    EXPECT_EQ(answer.error().error, error)
        << describe(error) << ", not " << describe(answer.error());
    provoked.insert(error);
  }
  EXPECT_EQ(provoked.size(), client_handshake_error_count);
}

TEST(ClientHandshake, AgreesToCompressionAsTheServerAnswers) {
  struct Case {
    DeflateOptions options;
    std::string answer;
    DeflateParameters agreed;
  };
  const Case cases[] = {
      {keeping, "permessage-deflate", {}},
      {keeping, " ,permessage-deflate,", {}},
      // What nobody has asked for, but a server may say (RFC 7692 sections 7.1.1 and 7.1.2.1).
      {keeping,
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
       "server_max_window_bits=10",
       {.server_no_context_takeover = true,
        .client_no_context_takeover = true,
        .server_max_window_bits = 10}},
      {keeping, "permessage-deflate;server_max_window_bits=\"8\"", {.server_max_window_bits = 8}},
      {keeping, "permessage-deflate; client_max_window_bits=15", {}},
      {keeping, "permessage-deflate; client_max_window_bits=8", {.client_max_window_bits = 8}},
      {bounded,
       "permessage-deflate; client_max_window_bits=9; server_max_window_bits=10",
       {.server_max_window_bits = 10, .client_max_window_bits = 9}},
      {bounded,
       "permessage-deflate; server_max_window_bits=9",
       {.server_max_window_bits = 9, .client_max_window_bits = 12}},
      // A larger one than our hint says nothing against it (RFC 7692 section 7.1.2.2).
      {bounded,
       "permessage-deflate; server_max_window_bits=10; client_max_window_bits=15",
       {.server_max_window_bits = 10, .client_max_window_bits = 12}},
      // Our hint holds where the server does not repeat it (RFC 7692 section 7.1.1.2).
      {{},
       "permessage-deflate; server_no_context_takeover",
       {.server_no_context_takeover = true, .client_no_context_takeover = true}},
      {{.send_window_bits_max = 11, .keep_receive_window = true, .let_server_limit_window = false},
       "permessage-deflate",
       {.client_no_context_takeover = true, .client_max_window_bits = 11}},
  };
  for (const auto& [options, text, agreed] : cases) {
    const auto answer = check_compression({text}, options);
    ASSERT_TRUE(answer) << text << ": " << describe(answer.error());
    EXPECT_EQ(answer->deflate, agreed) << text;
    EXPECT_EQ(answer->subprotocol, "chat");
  }
  for (const auto& nothing : {std::vector<std::string>{}, {""}, {",", " "}}) {
    const auto answer = check_compression(nothing, keeping);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->deflate, std::nullopt) << "the server may do without";
  }
  const auto alone = check(without("Sec-WebSocket-Protocol"), {.deflate = keeping});
  EXPECT_EQ(alone->deflate, std::nullopt);
}

TEST(ClientHandshake, TellsTheStatusOfARefusal) {
  struct Case {
    unsigned status;
    std::string sentence;
  };
  const Case cases[] = {
      {200, "the server answered 200 OK instead of 101 Switching Protocols"},
      {401, "the server answered 401 Unauthorized instead of 101 Switching Protocols"},
      {599, "the server answered 599 instead of 101 Switching Protocols"},
  };
  const Lines lines = example_lines();
  for (const auto& [status, sentence] : cases) {
    http::ResponseHead head = head_of(lines);
    head.status = static_cast<http::Status>(status);
    const auto answer = check_answer(head, example_offer, key_of_example());
    ASSERT_FALSE(answer);
    EXPECT_EQ(code(answer.error().status), status);
    EXPECT_EQ(describe(answer.error()), sentence);
  }
  EXPECT_EQ(describe({.error = wrong_accept, .status = http::Status::switching_protocols}),
            describe(wrong_accept));
}

TEST(ClientHandshake, HasASentenceForEachError) {
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < client_handshake_error_count; ++i) {
    sentences.insert(describe(static_cast<ClientHandshakeError>(i)));
  }
  EXPECT_EQ(sentences.size(), client_handshake_error_count);
  const auto none = static_cast<ClientHandshakeError>(client_handshake_error_count);
  EXPECT_FALSE(sentences.contains(describe(none)));
}

TEST(ClientHandshake, HasErrorsThatAreErrorCodes) {
  const std::error_code code = ClientHandshakeError::not_switching_protocols;
  EXPECT_EQ(code, ClientHandshakeError::not_switching_protocols);
  EXPECT_NE(code, ClientHandshakeError::subprotocol_not_offered);
  EXPECT_EQ(code.category(), handshake_category());
  EXPECT_STREQ(code.category().name(), "websocket handshake");
  for (std::size_t i = 0; i < client_handshake_error_count; ++i) {
    const auto error = static_cast<ClientHandshakeError>(i);
    EXPECT_TRUE(make_error_code(error)) << "no error is zero";
    EXPECT_EQ(make_error_code(error).message(), describe(error));
  }
  EXPECT_EQ(handshake_category().message(0), "an unknown error");
}

}  // namespace
}  // namespace duplex::websocket

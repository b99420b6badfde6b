#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/websocket/support.hpp"
#include <duplex/websocket/prepared_message.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

using test::close_body;
using test::frame;
using testing::ElementsAre;

/// Both ends in memory: what one writes the other reads, `step` bytes at a time.
class Pair : public testing::Test {
 protected:
  CountingMasks masks_;
  SessionOptions server_options_{.role = Role::server};
  SessionOptions client_options_{.role = Role::client, .masks = &masks_};
  Session server_{server_options_};
  Session client_{client_options_};
  ByteQueue from_server_;
  ByteQueue from_client_;

  /// Lets `reader` hear all of `from`; what it says goes to `to`.
  static std::vector<std::string> hear(Session& reader, ByteQueue& from, ByteQueue& to) {
    transcript::Writer writer;
    const std::string stream(as_text(from.content()));
    from.clear();
    transcript::play(as_bytes(stream), transcript::steps(3), [&](Bytes& input) {
      const auto event = reader.next(input, to);
      if (!event) {
        writer.lines.push_back(test::error_line(event.error()));
        return false;
      }
      if (!*event) return false;
      std::visit(std::ref(writer), **event);
      return true;
    });
    return writer.lines;
  }
  std::vector<std::string> server_hears() { return hear(server_, from_client_, from_server_); }
  std::vector<std::string> client_hears() { return hear(client_, from_server_, from_client_); }
};

TEST_F(Pair, CarriesMessagesBothWays) {
  const std::string big(100000, 'b');
  EXPECT_TRUE(client_.write_message(Opcode::text, as_bytes("question"), from_client_));
  EXPECT_TRUE(client_.write_message(Opcode::binary, as_bytes(big), from_client_));
  EXPECT_TRUE(server_.write_message(Opcode::text, as_bytes("answer"), from_server_));
  EXPECT_TRUE(server_.write_message(Opcode::text, {}, from_server_));
  EXPECT_THAT(server_hears(), ElementsAre("text question", "binary " + big));
  EXPECT_THAT(client_hears(), ElementsAre("text answer", "text "));
}

TEST_F(Pair, CarriesEveryFormOfLengthBothWays) {
  for (std::size_t size :
       {0U, 1U, 3U, 4U, 63U, 64U, 65U, 125U, 126U, 127U, 65535U, 65536U, 99999U}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7 % 251);
    EXPECT_TRUE(client_.write_message(Opcode::binary, as_bytes(payload), from_client_));
    EXPECT_TRUE(server_.write_message(Opcode::binary, as_bytes(payload), from_server_));
    EXPECT_EQ(from_client_.size(), from_server_.size() + sizeof(MaskKey));
    EXPECT_THAT(server_hears(), ElementsAre("binary " + payload)) << size;
    EXPECT_THAT(client_hears(), ElementsAre("binary " + payload)) << size;
  }
}

TEST_F(Pair, MasksEachFrameOfTheClientWithAFreshKey) {
  from_server_.append(frame(Opcode::ping, "", {.masked = false}));
  client_hears();
  client_.write_message(Opcode::text, as_bytes("same"), from_client_);
  client_.write_message(Opcode::text, as_bytes("same"), from_client_);
  client_.write_fragment(Opcode::text, as_bytes("same"), false, from_client_);
  client_.write_fragment(Opcode::text, as_bytes("same"), true, from_client_);
  client_.write_ping(as_bytes("same"), from_client_);
  client_.write_close(CloseCode::normal, "same", from_client_);
  EXPECT_EQ(as_text(from_client_.content()).find("same"), std::string_view::npos);

  FrameParser parser(Role::server);
  std::set<MaskKey> keys;
  std::vector<Opcode> opcodes;
  for (Bytes input = from_client_.content(); !input.empty();) {
    const auto parsed = parser.next(input);
    ASSERT_TRUE(parsed && *parsed);
    keys.insert((*parsed)->header.mask_key);
    opcodes.push_back((*parsed)->header.opcode);
  }
  EXPECT_THAT(opcodes, ElementsAre(Opcode::pong, Opcode::text, Opcode::text, Opcode::text,
                                   Opcode::continuation, Opcode::ping, Opcode::close));
  EXPECT_EQ(keys.size(), opcodes.size());
}

TEST_F(Pair, MasksThePreparedMessageThatAClientSends) {
  const auto message = PreparedMessage::text("prepared");
  EXPECT_TRUE(client_.write_message(message.opcode(), message.payload(), from_client_));
  EXPECT_EQ(as_text(from_client_.content()).find("prepared"), std::string_view::npos);
  EXPECT_THAT(server_hears(), ElementsAre("text prepared"));
  EXPECT_EQ(as_text(message.payload()), "prepared") << "it is shared, and not masked in place";
}

TEST_F(Pair, StreamsFragmentsWithControlFramesBetween) {
  EXPECT_TRUE(client_.write_fragment(Opcode::text, as_bytes("a"), false, from_client_));
  EXPECT_TRUE(client_.write_ping(as_bytes("alive?"), from_client_));
  EXPECT_FALSE(client_.write_message(Opcode::text, as_bytes("x"), from_client_));
  EXPECT_TRUE(client_.write_fragment(Opcode::binary, as_bytes("b"), false, from_client_));
  EXPECT_TRUE(client_.write_fragment(Opcode::text, {}, true, from_client_));
  EXPECT_TRUE(client_.write_message(Opcode::binary, as_bytes("next"), from_client_));
  EXPECT_THAT(server_hears(), ElementsAre("ping alive?", "text ab", "binary next"));
  EXPECT_THAT(client_hears(), ElementsAre("pong alive?"));
}

TEST_F(Pair, CompletesTheClosingHandshakeWhoeverBegins) {
  for (const bool server_begins : {true, false}) {
    Session server(server_options_);
    Session client(client_options_);
    ByteQueue from_server;
    ByteQueue from_client;
    if (server_begins) {
      EXPECT_TRUE(server.write_close(CloseCode::going_away, "done", from_server));
      EXPECT_THAT(hear(client, from_server, from_client), ElementsAre("closed 1001 done"));
      EXPECT_THAT(hear(server, from_client, from_server), ElementsAre("closed 1001 "));
    } else {
      EXPECT_TRUE(client.write_close(CloseCode::no_status, "ignored", from_client));
      EXPECT_THAT(hear(server, from_client, from_server), ElementsAre("closed 1005 "));
      EXPECT_THAT(hear(client, from_server, from_client), ElementsAre("closed 1005 "));
    }
    EXPECT_EQ(server.closing(), Closing::closed);
    EXPECT_EQ(client.closing(), Closing::closed);
    EXPECT_TRUE(server.hang_up());
    EXPECT_FALSE(client.hang_up()) << "the server does first";
    EXPECT_TRUE(from_server.empty() && from_client.empty());
  }
}

TEST_F(Pair, ClosesAtOnceFromBothEnds) {
  server_.write_close(CloseCode::going_away, "", from_server_);
  client_.write_close(CloseCode::normal, "", from_client_);
  EXPECT_THAT(server_hears(), ElementsAre("closed 1000 "));
  EXPECT_THAT(client_hears(), ElementsAre("closed 1001 "));
  EXPECT_TRUE(from_server_.empty() && from_client_.empty());
}

TEST_F(Pair, TellsThePeerWhatItDidWrong) {
  from_server_.append("\x83");
  EXPECT_FALSE(client_.hang_up());
  EXPECT_THAT(client_hears(), ElementsAre(test::error_line(Error::reserved_opcode)));
  EXPECT_TRUE(client_.hang_up()) << "after an error nothing is waited for";
  EXPECT_THAT(server_hears(),
              ElementsAre("closed 1002 " + std::string(describe(Error::reserved_opcode))));
}

TEST_F(Pair, FailsAServerThatMasksItsFrames) {
  from_server_.append(frame(Opcode::text, "masked").substr(0, 2));
  EXPECT_THAT(client_hears(), ElementsAre(test::error_line(Error::masked_frame_from_server)));
  EXPECT_THAT(server_hears(),
              ElementsAre("closed 1002 " + std::string(describe(Error::masked_frame_from_server))));
}

TEST_F(Pair, WritesTheHeaderAloneForServersOnly) {
  EXPECT_TRUE(server_.write_message_header(Opcode::binary, 4, from_server_));
  EXPECT_EQ(as_text(from_server_.content()), test::hex("82 04"));
  from_server_.append("left");
  EXPECT_THAT(client_hears(), ElementsAre("binary left"));
  EXPECT_FALSE(client_.write_message_header(Opcode::binary, 4, from_client_));
  server_.write_fragment(Opcode::text, {}, false, from_server_);
  EXPECT_FALSE(server_.write_message_header(Opcode::binary, 4, from_server_));
}

TEST_F(Pair, SendsNoPingAboveTheLimit) {
  EXPECT_FALSE(server_.write_ping(as_bytes(std::string(126, 'p')), from_server_));
  EXPECT_TRUE(from_server_.empty());
  EXPECT_TRUE(server_.write_ping(as_bytes(std::string(125, 'p')), from_server_));
}

TEST_F(Pair, ClosesOnlyWithWhatMayBeSent) {
  struct Case {
    CloseCode code;
    std::string reason;
    std::string body;
  };
  const std::string euro = "\xE2\x82\xAC";
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += euro;
  const Case cases[] = {
      {CloseCode::abnormal, "", close_body(1000)},
      {CloseCode::tls_handshake, "x", close_body(1000, "x")},
      {static_cast<CloseCode>(2000), "", close_body(1000)},
      {static_cast<CloseCode>(4000), "mine", close_body(4000, "mine")},
      {CloseCode::no_status, "no room for it", ""},
      {CloseCode::normal, std::string(200, 'r'), close_body(1000, std::string(123, 'r'))},
      {CloseCode::normal, euros, close_body(1000, euros.substr(0, 123))},
      {CloseCode::normal, "x" + euros, close_body(1000, ("x" + euros).substr(0, 121))},
      {CloseCode::normal, "\xFF", close_body(1000)},
  };
  for (const Case& each : cases) {
    Session session(server_options_);
    ByteQueue output;
    EXPECT_TRUE(session.write_close(each.code, each.reason, output));
    EXPECT_EQ(as_text(output.content()), frame(Opcode::close, each.body, {.masked = false}));
    EXPECT_FALSE(session.write_close(each.code, each.reason, output));
  }
}

}  // namespace
}  // namespace duplex::websocket

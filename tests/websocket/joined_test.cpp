#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/websocket/client_handshake_properties.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/http1/request_parser.hpp>
#include <duplex/websocket/client_handshake.hpp>
#include <duplex/websocket/handshake.hpp>
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

using testing::ElementsAre;

// ---------------------------------------------------------------------------- from the first byte

/// The request as it goes over the wire.
std::string request_text(const http::Fields& fields) {
  std::string text = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n";
  for (const auto [name, value] : fields) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  return text + "\r\n";
}

TEST(Joined, ClientAndServerTalkFromTheFirstByteToTheLast) {
  const HandshakeOffer offer{.subprotocols = {"v2", "v1"}, .origin = "https://example.com"};
  constexpr std::string_view nonce = "the sample nonce";
  const HandshakeKey key = handshake_key(as_bytes(nonce).first<16>());
  std::string up = request_text(handshake_fields(offer, key));
  CountingMasks masks;
  const SessionOptions client_options{.role = Role::client, .masks = &masks};
  const SessionOptions server_options{};

  // The server: whatever follows the head are the client's frames.
  const http1::Limits limits;
  http1::FieldTable table;
  http1::RequestParser parser(limits, table);
  std::vector<std::byte> bytes(as_bytes(up).begin(), as_bytes(up).end());
  Bytes input(bytes);
  const auto event = parser.next(input);
  ASSERT_TRUE(event && *event);
  const auto& head = std::get<http1::RequestParser::Head>(**event).head;
  const auto request = check_handshake(head);
  ASSERT_TRUE(request);
  EXPECT_TRUE(input.empty());
  const std::vector<std::string> supported = {"v1"};
  ByteQueue down;
  write_switching_protocols(
      {.key = request->key, .subprotocol = choose_subprotocol(head, supported)}, {}, down);
  Session server(server_options);
  server.write_message(Opcode::text, as_bytes("welcome"), down);

  // The client: the first frame came along with the answer.
  const std::string received(as_text(down.content()));
  const std::size_t head_bytes = received.find("\r\n\r\n") + 4;
  const LooseResponse response(std::string_view(received).substr(0, head_bytes));
  const auto answer = check_answer(response.head(), offer, key);
  ASSERT_TRUE(answer) << describe(answer.error());
  EXPECT_EQ(answer->subprotocol, "v1");
  const transcript::Said said = transcript::listen(
      client_options, as_bytes(received).subspan(head_bytes), transcript::steps(1));
  EXPECT_THAT(said.events, ElementsAre("text welcome"));
}

// ---------------------------------------------------------------------------- to the last

constexpr std::array all_events = {ClosingEvent::we_send, ClosingEvent::we_close,
                                   ClosingEvent::peer_sends, ClosingEvent::peer_closes,
                                   ClosingEvent::peer_breaks_a_rule};

/// A session that is led through a sequence of events, beside the table that tells what must come
/// of it.
class Walk {
 public:
  explicit Walk(Role role) : options_{.role = role, .masks = &masks_}, session_(options_) {}

  /// What happened, and what the session made of it.
  void take(ClosingEvent event) {
    const ClosingStep step = expect(event);
    ByteQueue output;
    EXPECT_EQ(happens(event, output), step.counts);
    const bool we_write = event == ClosingEvent::we_send || event == ClosingEvent::we_close;
    EXPECT_EQ(!output.empty(), we_write ? step.counts : step.answer);
    EXPECT_EQ(session_.closing(), state_);
    EXPECT_EQ(session_.hang_up(), hang_up_);
    EXPECT_EQ(session_.can_send(),
              closing_step(options_.role, state_, ClosingEvent::we_send).counts);
  }

 private:
  ClosingStep expect(ClosingEvent event) {
    const ClosingStep step = closing_step(options_.role, state_, event);
    state_ = step.next;
    hang_up_ = hang_up_ || step.hang_up;
    // A session answers a close frame at once.
    if (event == ClosingEvent::peer_closes && step.answer) expect(ClosingEvent::we_close);
    return step;
  }

  bool happens(ClosingEvent event, ByteQueue& output) {
    switch (event) {
      case ClosingEvent::we_send: return session_.write_message(Opcode::text, {}, output);
      case ClosingEvent::we_close: return session_.write_close(CloseCode::normal, "", output);
      case ClosingEvent::peer_sends: return hears(Opcode::text, output);
      case ClosingEvent::peer_closes: return hears(Opcode::close, output);
      // A continuation of nothing.
      case ClosingEvent::peer_breaks_a_rule: return hears(Opcode::continuation, output);
    }
    return false;
  }

  /// Whether a frame of the peer is heard, as an event or as the error that it is.
  bool hears(Opcode opcode, ByteQueue& output) {
    const bool masked = options_.role == Role::server;
    std::string frame = test::frame(opcode, "", {.masked = masked});
    std::vector<std::byte> bytes(as_bytes(frame).begin(), as_bytes(frame).end());
    Bytes input(bytes);
    const auto event = session_.next(input, output);
    if (event) return event->has_value();
    return !std::exchange(failed_, true);
  }

  CountingMasks masks_;
  SessionOptions options_;
  Session session_;
  Closing state_ = Closing::open;
  bool hang_up_ = false;
  bool failed_ = false;
};

TEST(Joined, SessionsOfBothRolesFollowTheTableOnEveryWalk) {
  constexpr std::size_t steps = 5;
  std::size_t walks = 1;
  for (std::size_t i = 0; i < steps; ++i) walks *= all_events.size();
  for (const Role role : {Role::server, Role::client}) {
    for (std::size_t number = 0; number < walks; ++number) {
      Walk walk(role);
      std::size_t rest = number;
      for (std::size_t i = 0; i < steps; ++i, rest /= all_events.size()) {
        walk.take(all_events[rest % all_events.size()]);
      }
      ASSERT_FALSE(testing::Test::HasFailure()) << "walk " << number;
    }
  }
}

}  // namespace
}  // namespace duplex::websocket

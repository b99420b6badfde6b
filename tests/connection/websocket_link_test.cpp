#include "connection/websocket_link.hpp"

#include <gtest/gtest.h>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "net/event_loop.hpp"
#include "tests/connection/memory_carrier.hpp"
#include "tests/connection/plain_hub.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/base/task.hpp>

namespace duplex::connection {
namespace {

using websocket::CloseCode;
using websocket::Closing;
using websocket::Opcode;
using websocket::PreparedMessage;
using websocket::Role;
using websocket::Session;
using websocket::test::close_body;
using websocket::test::frame;

constexpr std::uint64_t never = UINT64_MAX;

/// A frame as a server sends it.
std::string plain(Opcode opcode, std::string_view payload, bool fin = true) {
  return frame(opcode, payload, {.fin = fin, .masked = false});
}

LinkOptions small_limits() {
  LinkOptions options;
  options.outbox_bytes_max = 100;
  options.backlog_bytes = 10;
  options.heartbeat_ms = 1'000;
  options.heartbeat_answer_ms_max = 300;
  options.close_ms_max = 500;
  return options;
}

struct Bench {
  explicit Bench(LinkOptions its_options = small_limits())
      : options(its_options), hub(loop), carrier(hub), link(carrier, options) {}

  /// Feeds what the peer says, and returns what came of it: texts, and the names of the rest.
  std::vector<std::string> hear(std::string text) {
    std::vector<std::string> events;
    Bytes input(reinterpret_cast<std::byte*>(text.data()), text.size());
    while (true) {
      const auto event = link.next(input);
      if (!event) {
        events.emplace_back("error");
        return events;
      }
      if (!*event) return events;
      if (const auto* message = std::get_if<Session::Message>(&**event)) {
        events.emplace_back(as_text(message->payload));
      } else if (std::holds_alternative<Session::Closed>(**event)) {
        events.emplace_back("closed");
      } else if (std::holds_alternative<Session::Ping>(**event)) {
        events.emplace_back("ping");
      } else {
        events.emplace_back("other");
      }
    }
  }

  net::EventLoop loop;
  LinkOptions options;
  PlainHub hub;
  MemoryCarrier carrier;
  WebSocketLink link;
};

// ---------------------------------------------------------------------------- sending

TEST(WebSocketLink, SendsEveryKindOfMessage) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  EXPECT_EQ(socket.send("a").status(), SendStatus::accepted);
  EXPECT_EQ(socket.send(std::string("b")).status(), SendStatus::accepted);
  EXPECT_EQ(socket.send(as_bytes("c")).status(), SendStatus::accepted);
  EXPECT_EQ(socket.send(Message(Opcode::binary, as_bytes("d"))).status(), SendStatus::accepted);
  EXPECT_EQ(socket.send(OwnedMessage(Message(Opcode::text, as_bytes("e")))).status(),
            SendStatus::accepted);
  EXPECT_EQ(socket.send(PreparedMessage::text("f")).status(), SendStatus::accepted);
  EXPECT_TRUE(socket.ping(as_bytes("g")));
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "a") + plain(Opcode::text, "b") +
                                           plain(Opcode::binary, "c") + plain(Opcode::binary, "d") +
                                           plain(Opcode::text, "e") + plain(Opcode::text, "f") +
                                           plain(Opcode::ping, "g"));
  EXPECT_EQ(bench.carrier.references_sent, 1) << "a prepared message is not copied";
}

TEST(WebSocketLink, SendsLargePayloadsFromWhereTheyAre) {
  Bench bench;
  const std::string large(16 * 1024, 'x');
  bench.link.send(Opcode::text, as_bytes(large));
  ASSERT_EQ(bench.carrier.large_ones.size(), 1u);
  EXPECT_EQ(bench.carrier.large_ones[0], as_bytes(large).data());
  bench.link.send(Opcode::text, as_bytes(large).first(large.size() - 1));
  EXPECT_EQ(bench.carrier.large_ones.size(), 1u);
  EXPECT_EQ(bench.carrier.take_wire(),
            plain(Opcode::text, large) + plain(Opcode::text, large.substr(1)));
}

TEST(WebSocketLink, MasksWhatAClientSends) {
  websocket::MaskSource masks(websocket::test::fill_with_example_mask);
  LinkOptions options = small_limits();
  options.session.role = Role::client;
  options.session.masks = &masks;
  Bench bench(options);
  const std::string large(20'000, 'x');
  bench.link.send(Opcode::text, as_bytes(large));
  bench.link.send(PreparedMessage::binary(as_bytes("b")));
  EXPECT_EQ(bench.carrier.take_wire(), frame(Opcode::text, large) + frame(Opcode::binary, "b"));
}

TEST(WebSocketLink, SendsAMessageInFragments) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  EXPECT_TRUE(socket.send_fragment(Opcode::text, as_bytes("a"), false));
  EXPECT_TRUE(socket.ping());
  EXPECT_TRUE(socket.send("another message")) << "waits, since it can't stand inside of a message";
  EXPECT_TRUE(socket.send_fragment(Opcode::text, as_bytes("b"), true));
  EXPECT_TRUE(socket.send("c"));
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "a", false) + plain(Opcode::ping, "") +
                                           plain(Opcode::continuation, "b") +
                                           plain(Opcode::text, "another message") +
                                           plain(Opcode::text, "c"));
}

// Each would be a frame that can't stand there (RFC 6455 sections 5.4 and 5.5).
TEST(WebSocketLink, RefusesToSendAsAMessageWhatIsNone) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  for (const Opcode opcode : {Opcode::continuation, Opcode::close, Opcode::ping, Opcode::pong,
                              static_cast<Opcode>(3), static_cast<Opcode>(0xf)}) {
    SCOPED_TRACE(static_cast<int>(opcode));
    EXPECT_THROW(socket.send_fragment(opcode, as_bytes("a"), false), std::invalid_argument);
    EXPECT_THROW(socket.send_fragment(opcode, as_bytes("a"), true), std::invalid_argument);
    EXPECT_THROW(socket.send(Message(opcode, as_bytes("a"))), std::invalid_argument);
    EXPECT_THROW(socket.publish("topic", Message(opcode, as_bytes("a"))), std::invalid_argument);
  }
  EXPECT_EQ(bench.carrier.take_wire(), "");
  // Behind the first piece the kind is known.
  EXPECT_TRUE(socket.send_fragment(Opcode::text, as_bytes("a"), false));
  EXPECT_THROW(socket.send_fragment(Opcode::ping, as_bytes("b"), false), std::invalid_argument);
  EXPECT_TRUE(socket.send_fragment(Opcode::continuation, as_bytes("b"), true));
  EXPECT_EQ(bench.carrier.take_wire(),
            plain(Opcode::text, "a", false) + plain(Opcode::continuation, "b"));
  socket.close();
  EXPECT_EQ(socket.send_fragment(Opcode::continuation, as_bytes("b"), true).status(),
            SendStatus::closed);
}

// What others publish comes at any time, but inside of a message there is no place for it (RFC 6455
// section 5.4).
TEST(WebSocketLink, HoldsPreparedMessagesUntilAFragmentedOneIsComplete) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  socket.send_fragment(Opcode::text, as_bytes("a"), false);
  EXPECT_TRUE(socket.send(PreparedMessage::text("published 1")));
  EXPECT_TRUE(socket.send(PreparedMessage::text("published 2")));
  socket.send_fragment(Opcode::text, as_bytes("b"), false);
  socket.send_fragment(Opcode::text, as_bytes("c"), true);
  EXPECT_EQ(bench.carrier.take_wire(),
            plain(Opcode::text, "a", false) + plain(Opcode::continuation, "b", false) +
                plain(Opcode::continuation, "c") + plain(Opcode::text, "published 1") +
                plain(Opcode::text, "published 2"));
  EXPECT_TRUE(socket.send(PreparedMessage::text("3")));
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "3"));
}

TEST(WebSocketLink, HoldsNoMorePreparedMessagesThanItsOutboxMay) {
  LinkOptions options = small_limits();
  options.slow_consumer = SlowConsumer::drop_newest;
  Bench bench(options);
  bench.link.send_fragment(Opcode::text, as_bytes("a"), false);
  int accepted = 0;
  while (bench.link.send(PreparedMessage::text(std::string(30, 'x'))) != SendStatus::dropped) {
    ASSERT_LT(++accepted, 10);
  }
  EXPECT_EQ(accepted, 4);
  EXPECT_EQ(bench.hub.counters().messages_dropped, 1u);
}

// What was accepted is sent, even where the outbox has become full behind it.
TEST(WebSocketLink, DropsNoMessageThatItHasAcceptedInsideOfAnother) {
  LinkOptions options = small_limits();
  options.slow_consumer = SlowConsumer::drop_newest;
  Bench bench(options);
  bench.carrier.stuck = true;
  bench.link.send_fragment(Opcode::text, as_bytes("a"), false);
  EXPECT_EQ(bench.link.send(PreparedMessage::text("1")), SendStatus::accepted);
  EXPECT_EQ(bench.link.send(Opcode::text, as_bytes("2")), SendStatus::accepted);
  const std::string long_end(options.outbox_bytes_max + 1, 'z');
  EXPECT_EQ(bench.link.send_fragment(Opcode::text, as_bytes(long_end), true),
            SendStatus::backlogged);
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "a", false) +
                                           plain(Opcode::continuation, long_end) +
                                           plain(Opcode::text, "1") + plain(Opcode::text, "2"));
  EXPECT_EQ(bench.link.send(PreparedMessage::text("3")), SendStatus::dropped);
}

TEST(WebSocketLink, SendsNothingMoreOnceItCloses) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  socket.close(CloseCode::going_away, "bye");
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::close, close_body(1001, "bye")));
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(socket.send("a").status(), SendStatus::closed);
  EXPECT_EQ(socket.send(PreparedMessage::text("a")).status(), SendStatus::closed);
  EXPECT_EQ(socket.send_fragment(Opcode::text, {}, true).status(), SendStatus::closed);
  EXPECT_FALSE(socket.ping());
  socket.close();
  EXPECT_EQ(bench.carrier.take_wire(), "");
}

// ---------------------------------------------------------------------------- slow peers

TEST(WebSocketLink, TellsOfABacklogAndOnceOfItsEnd) {
  Bench bench;
  bench.carrier.untaken = 10;
  EXPECT_EQ(bench.link.send(Opcode::text, {}), SendStatus::accepted);
  EXPECT_FALSE(bench.link.take_drained());
  bench.carrier.untaken = 11;
  EXPECT_EQ(bench.link.send(Opcode::text, {}), SendStatus::backlogged);
  EXPECT_TRUE(bench.link.backlogged());
  EXPECT_FALSE(bench.link.take_drained());
  bench.carrier.untaken = 10;
  EXPECT_TRUE(bench.link.take_drained());
  EXPECT_FALSE(bench.link.take_drained());
}

TEST(WebSocketLink, DropsWhatASlowConsumerHasNoRoomFor) {
  LinkOptions options = small_limits();
  options.slow_consumer = SlowConsumer::drop_newest;
  Bench bench(options);
  bench.carrier.untaken = 100;
  EXPECT_EQ(bench.link.send(PreparedMessage::text("fits")), SendStatus::backlogged);
  bench.carrier.untaken = 101;
  EXPECT_EQ(bench.link.send(PreparedMessage::text("x")), SendStatus::dropped);
  EXPECT_EQ(bench.link.send(Opcode::text, as_bytes("x")), SendStatus::dropped);
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "fits"));
  EXPECT_EQ(bench.hub.counters().messages_dropped, 2u);
  EXPECT_TRUE(bench.link.is_open());
  bench.carrier.untaken = 0;
  EXPECT_EQ(bench.link.send(Opcode::text, as_bytes("y")), SendStatus::accepted);
}

TEST(WebSocketLink, ClosesRatherThanDropAPieceOfAMessage) {
  LinkOptions options = small_limits();
  options.slow_consumer = SlowConsumer::drop_newest;
  Bench bench(options);
  EXPECT_TRUE(bench.link.send_fragment(Opcode::text, as_bytes("a"), false) == SendStatus::accepted);
  bench.carrier.untaken = 101;
  EXPECT_EQ(bench.link.send_fragment(Opcode::text, as_bytes("b"), true), SendStatus::closed);
  EXPECT_FALSE(bench.link.is_open());
}

TEST(WebSocketLink, ClosesASlowConsumer) {
  Bench bench;
  bench.carrier.untaken = 101;
  EXPECT_EQ(bench.link.send(PreparedMessage::text("x")), SendStatus::closed);
  EXPECT_TRUE(bench.link.closed_as_slow());
  EXPECT_TRUE(bench.carrier.take_wire().starts_with(
      plain(Opcode::close, close_body(1008, "too slow: the outbox is full"))));
  EXPECT_EQ(bench.link.send(PreparedMessage::text("x")), SendStatus::closed);
  EXPECT_EQ(bench.hub.counters().slow_consumers_closed, 1u);
  EXPECT_FALSE(bench.carrier.aborted) << "it may still take its close frame";
}

TEST(WebSocketLink, RefusesNoAnswerHoweverMuchIsBuffered) {
  Bench bench;
  bench.carrier.untaken = 1'000'000;
  bench.carrier.set_answering(true);
  EXPECT_EQ(bench.link.send(Opcode::text, as_bytes("x")), SendStatus::backlogged);
  EXPECT_EQ(bench.link.send(PreparedMessage::text("y")), SendStatus::backlogged);
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::text, "x") + plain(Opcode::text, "y"));
  EXPECT_EQ(bench.hub.counters().slow_consumers_closed, 0u);
}

// ---------------------------------------------------------------------------- reading

TEST(WebSocketLink, AnswersPingsAndTheCloseFrame) {
  Bench bench;
  EXPECT_EQ(bench.hear(frame(Opcode::text, "hi") + frame(Opcode::ping, "p")),
            (std::vector<std::string>{"hi", "ping"}));
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::pong, "p"));
  EXPECT_EQ(bench.hear(frame(Opcode::close, close_body(1000))),
            (std::vector<std::string>{"closed"}));
  EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::close, close_body(1000)));
  EXPECT_FALSE(bench.link.is_open());
  EXPECT_EQ(bench.link.closing(), Closing::closed);
}

TEST(WebSocketLink, TellsThePeerWhichRuleItBroke) {
  Bench bench;
  EXPECT_EQ(bench.hear(plain(Opcode::text, "unmasked")), (std::vector<std::string>{"error"}));
  const std::string told = bench.carrier.take_wire();
  ASSERT_GE(told.size(), 4u);
  EXPECT_EQ(told.substr(2, 2), close_body(1002));
  EXPECT_FALSE(bench.link.is_open());
}

// ---------------------------------------------------------------------------- time

TEST(WebSocketLink, PingsASilentPeerAndGivesItTimeToAnswer) {
  // Also where the low half of the clock turns over, after 49 days.
  for (const std::uint64_t start : {std::uint64_t{10'000}, (std::uint64_t{1} << 32U) - 1'100}) {
    SCOPED_TRACE(start);
    Bench bench;
    EXPECT_EQ(bench.link.on_time({start, start}), start + 1'000);
    EXPECT_EQ(bench.link.on_time({start + 999, start}), start + 1'000);
    EXPECT_EQ(bench.carrier.take_wire(), "");
    EXPECT_EQ(bench.link.on_time({start + 1'005, start}), start + 1'305);
    EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::ping, ""));
    EXPECT_EQ(bench.link.on_time({start + 1'200, start}), start + 1'305);
    // It answered: the next ping is due when it has been silent again.
    EXPECT_EQ(bench.link.on_time({start + 1'305, start + 1'250}), start + 2'250);
    EXPECT_EQ(bench.carrier.take_wire(), "");
    EXPECT_EQ(bench.link.on_time({start + 2'250, start + 1'250}), start + 2'550);
    EXPECT_EQ(bench.carrier.take_wire(), plain(Opcode::ping, ""));
    // It did not.
    EXPECT_EQ(bench.link.on_time({start + 2'549, start + 1'250}), start + 2'550);
    EXPECT_EQ(bench.link.on_time({start + 2'550, start + 1'250}), std::nullopt);
  }
}

TEST(WebSocketLink, LeavesAPeerThatSpeaksAloneWithPings) {
  Bench bench;
  for (std::uint64_t now = 10'000; now < 20'000; now += 900) {
    EXPECT_EQ(bench.link.on_time({now, now - 10}), now - 10 + 1'000);
  }
  EXPECT_EQ(bench.carrier.take_wire(), "");
}

TEST(WebSocketLink, HasNoHeartbeatWhenThereIsToBeNone) {
  LinkOptions options = small_limits();
  options.heartbeat_ms = 0;
  Bench bench(options);
  EXPECT_EQ(bench.link.on_time({1'000'000, 0}), never);
  EXPECT_EQ(bench.carrier.take_wire(), "");
}

TEST(WebSocketLink, WaitsOnlySoLongForTheAnswerToItsCloseFrame) {
  Bench bench;
  const std::uint64_t now = bench.loop.now_ms();
  bench.link.close(CloseCode::normal, "");
  EXPECT_EQ(bench.carrier.wake_times, (std::vector<std::uint64_t>{now + 500}));
  EXPECT_GT(bench.carrier.input_wishes, 0) << "the answer must be read";
  EXPECT_EQ(bench.link.on_time({now + 499, now}), now + 500);
  EXPECT_EQ(bench.link.on_time({now + 500, now + 499}), std::nullopt)
      << "other signs of life don't count";
}

// It can answer only when it has come to our close frame.
TEST(WebSocketLink, WaitsForAPeerThatTakesWhatStandsBeforeTheCloseFrame) {
  Bench bench;
  bench.carrier.untaken = 1'000;
  const std::uint64_t now = bench.loop.now_ms();
  bench.link.close(CloseCode::normal, "");
  EXPECT_EQ(bench.link.on_time({now + 10'000, now, now + 9'900}), now + 10'400);
  EXPECT_EQ(bench.link.on_time({now + 10'400, now, now + 9'900}), std::nullopt);
  bench.carrier.untaken = 0;
  EXPECT_EQ(bench.link.on_time({now + 10'000, now, now + 9'900}), std::nullopt);
}

// The pipe has limits of its own for sending the rest and for the peer's end.
TEST(WebSocketLink, HasNoTimeLimitOnceTheClosingHandshakeIsDone) {
  {
    Bench bench;
    EXPECT_EQ(bench.hear(frame(Opcode::close, close_body(1000))),
              (std::vector<std::string>{"closed"}));
    for (const std::uint64_t now :
         {std::uint64_t{1}, std::uint64_t{1} << 31U, std::uint64_t{1} << 40U}) {
      EXPECT_EQ(bench.link.on_time({now, now}), never);
    }
  }
  {
    Bench bench;
    EXPECT_EQ(bench.hear(plain(Opcode::text, "unmasked")), (std::vector<std::string>{"error"}));
    EXPECT_EQ(bench.link.on_time({bench.loop.now_ms(), 0}), never);
  }
  {
    Bench bench;
    bench.link.close(CloseCode::normal, "");
    bench.hear(frame(Opcode::close, close_body(1000)));
    EXPECT_EQ(bench.link.on_time({bench.loop.now_ms() + 10'000, 0}), never);
  }
}

// ---------------------------------------------------------------------------- coroutines

/// Receives until the end, and notes what it got.
Task<> listen(WebSocket socket, std::vector<std::string>& heard) {
  while (auto message = co_await socket.receive()) heard.emplace_back(message->text());
  heard.emplace_back("end");
}

TEST(WebSocketLink, GivesMessagesToTheCoroutineThatReceives) {
  Bench bench;
  std::vector<std::string> heard;
  {
    Task<> task = listen(bench.link.handle(), heard);
    bench.link.deliver(Message(Opcode::text, as_bytes("before it asked")));
    EXPECT_TRUE(bench.link.delivery_waits());
    task.start();
    EXPECT_FALSE(bench.link.delivery_waits());
    bench.link.deliver(Message(Opcode::text, as_bytes("while it waits")));
    EXPECT_GE(bench.carrier.input_wishes, 2);
    bench.link.end();
    EXPECT_TRUE(task.done());
  }
  EXPECT_EQ(heard, (std::vector<std::string>{"before it asked", "while it waits", "end"}));
  EXPECT_EQ(bench.carrier.handles(), 0U);
}

TEST(WebSocketLink, StillGivesWhatWasDeliveredBeforeTheEnd) {
  Bench bench;
  std::vector<std::string> heard;
  Task<> task = listen(bench.link.handle(), heard);
  bench.link.deliver(Message(Opcode::text, as_bytes("last")));
  bench.link.end();
  task.start();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(heard, (std::vector<std::string>{"last", "end"}));
}

// Behind our own close frame nothing is kept for who may never ask; who does gets nothing with a
// gap in it.
TEST(WebSocketLink, GivesNothingBehindAMessageThatWasLost) {
  Bench bench;
  std::vector<std::string> heard;
  EXPECT_TRUE(bench.link.deliver(Message(Opcode::text, as_bytes("1"))));
  EXPECT_FALSE(bench.link.deliver(Message(Opcode::text, as_bytes("2"))));
  Task<> task = listen(bench.link.handle(), heard);
  task.start();
  EXPECT_FALSE(bench.link.deliver(Message(Opcode::text, as_bytes("3"))));
  bench.link.end();
  EXPECT_EQ(heard, (std::vector<std::string>{"1", "end"}));
}

TEST(WebSocketLink, ForgetsACoroutineThatIsDestroyedWhileItReceives) {
  Bench bench;
  std::vector<std::string> heard;
  {
    const Task<> task = listen(bench.link.handle(), heard);
    const_cast<Task<>&>(task).start();
  }
  bench.link.deliver(Message(Opcode::text, as_bytes("nobody is there")));
  EXPECT_TRUE(bench.link.delivery_waits());
  bench.link.end();
  EXPECT_TRUE(heard.empty());
}

Task<> listen_for_chunks(WebSocket socket, std::vector<std::string>& heard) {
  while (auto chunk = co_await socket.receive_chunk()) {
    heard.push_back((chunk->first() ? "first " : "") + std::string(chunk->piece().text()) +
                    (chunk->last() ? " last" : ""));
  }
}

TEST(WebSocketLink, GivesPiecesToTheCoroutineThatAsksForThem) {
  Bench bench;
  std::vector<std::string> heard;
  Task<> task = listen_for_chunks(bench.link.handle(), heard);
  task.start();
  bench.link.deliver(Chunk{Opcode::text, as_bytes("a"), true, false});
  bench.link.deliver(Chunk{Opcode::text, as_bytes("b"), false, true});
  bench.link.deliver(Message(Opcode::text, as_bytes("whole")));
  bench.link.end();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(heard, (std::vector<std::string>{"first a", "b last", "first whole last"}));
}

/// Measures a round trip, and notes whether it was answered.
Task<> measure(WebSocket socket, std::vector<std::string>& became, std::string name) {
  const auto duration = co_await socket.round_trip();
  became.push_back(name + (duration ? " answered" : " unanswered"));
}

/// The payload of the ping that was sent last.
std::string last_ping(Bench& bench) {
  return bench.carrier.wire.substr(bench.carrier.wire.rfind('\x89') + 2);
}

TEST(WebSocketLink, MeasuresARoundTripByAPingOfItsOwn) {
  Bench bench;
  std::vector<std::string> became;
  Task<> task = measure(bench.link.handle(), became, "ping");
  task.start();
  bench.link.note_pong(as_bytes("another"));
  EXPECT_TRUE(became.empty());
  bench.link.note_pong(as_bytes(last_ping(bench)));
  EXPECT_EQ(became, std::vector<std::string>{"ping answered"});
}

TEST(WebSocketLink, TakesAPongForThePingsBeforeItsOwn) {
  Bench bench;
  std::vector<std::string> became;
  Task<> first = measure(bench.link.handle(), became, "first");
  Task<> second = measure(bench.link.handle(), became, "second");
  Task<> third = measure(bench.link.handle(), became, "third");
  first.start();
  second.start();
  const std::string answer = last_ping(bench);
  third.start();
  bench.link.note_pong(as_bytes(answer));
  EXPECT_EQ(became, (std::vector<std::string>{"first answered", "second answered"}));
  bench.link.end();
  EXPECT_EQ(became.back(), "third unanswered");
}

TEST(WebSocketLink, ForgetsACoroutineThatIsDestroyedWhileItMeasures) {
  Bench bench;
  std::vector<std::string> became;
  std::string answer;
  {
    Task<> task = measure(bench.link.handle(), became, "ping");
    task.start();
    answer = last_ping(bench);
  }
  bench.link.note_pong(as_bytes(answer));
  bench.link.end();
  EXPECT_TRUE(became.empty());
  EXPECT_EQ(bench.carrier.handles(), 0U);
}

TEST(WebSocketLink, TellsHowItEnded) {
  Bench bench;
  const WebSocket socket = bench.link.handle();
  EXPECT_FALSE(socket.close_info());
  bench.link.note_close(CloseCode::going_away, "bye");
  EXPECT_FALSE(socket.close_info());
  bench.link.note_end();
  ASSERT_TRUE(socket.close_info());
  EXPECT_EQ(socket.close_info()->code, CloseCode::going_away);
  EXPECT_EQ(socket.close_info()->reason, "bye");
}

/// Sends, and notes what became of it after the wait.
Task<> speak(WebSocket socket, std::vector<SendStatus>& became) {
  became.push_back(co_await socket.send("x"));
  became.push_back(co_await socket.send("y"));
}

TEST(WebSocketLink, LetsACoroutineWaitForThePeerToCatchUp) {
  Bench bench;
  std::vector<SendStatus> became;
  bench.carrier.untaken = 50;
  Task<> task = speak(bench.link.handle(), became);
  task.start();
  EXPECT_TRUE(became.empty());
  bench.carrier.untaken = 0;
  bench.link.resume_senders();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(became, (std::vector{SendStatus::accepted, SendStatus::accepted}));
}

TEST(WebSocketLink, ReadsNoMoreWhileAnswersWaitThatNobodyAwaits) {
  Bench bench;
  bench.carrier.set_answering(true);
  bench.carrier.untaken = 50;
  EXPECT_FALSE(bench.link.answers_wait());
  bench.link.handle().send("an answer");
  EXPECT_TRUE(bench.link.answers_wait());
  bench.carrier.untaken = 0;
  EXPECT_FALSE(bench.link.answers_wait());
  // Not again because of what others send.
  bench.carrier.set_answering(false);
  bench.carrier.untaken = 50;
  bench.link.handle().send("news");
  EXPECT_FALSE(bench.link.answers_wait());
}

TEST(WebSocketLink, ReadsNoMoreWhilePongsWait) {
  Bench bench;
  bench.carrier.set_answering(true);
  bench.carrier.untaken = 50;
  bench.hear(frame(Opcode::text, "hello"));
  EXPECT_FALSE(bench.link.answers_wait());
  bench.hear(frame(Opcode::ping, "!"));
  EXPECT_TRUE(bench.link.answers_wait());
}

TEST(WebSocketLink, ReadsOnWhileACoroutineWaitsToSendMore) {
  Bench bench;
  bench.carrier.set_answering(true);
  bench.carrier.untaken = 50;
  std::vector<SendStatus> became;
  Task<> task = speak(bench.link.handle(), became);
  task.start();
  EXPECT_TRUE(became.empty());
  EXPECT_FALSE(bench.link.answers_wait());
}

TEST(WebSocketLink, TellsACoroutineThatTheConnectionEndedDuringItsWait) {
  Bench bench;
  std::vector<SendStatus> became;
  bench.carrier.untaken = 50;
  Task<> task = speak(bench.link.handle(), became);
  task.start();
  bench.link.end();
  EXPECT_TRUE(task.done());
  EXPECT_EQ(became, (std::vector{SendStatus::closed, SendStatus::closed}));
}

TEST(WebSocketLink, ForgetsACoroutineThatIsDestroyedWhileItWaitsForRoom) {
  Bench bench;
  std::vector<SendStatus> became;
  bench.carrier.untaken = 50;
  Task<> stays = speak(bench.link.handle(), became);
  {
    Task<> goes = speak(bench.link.handle(), became);
    goes.start();
    stays.start();
  }
  bench.carrier.untaken = 0;
  bench.link.resume_senders();
  EXPECT_TRUE(stays.done());
  EXPECT_EQ(became.size(), 2u);
}

TEST(WebSocketLink, MayLoseOneWaitingCoroutineThroughAnother) {
  Bench bench;
  std::vector<SendStatus> became;
  bench.carrier.untaken = 50;
  std::optional<Task<>> second;
  const auto first_part = [&](WebSocket socket) -> Task<> {
    co_await socket.send("x");
    second.reset();
  };
  Task<> first = first_part(bench.link.handle());
  first.start();
  second.emplace(speak(bench.link.handle(), became));
  second->start();
  bench.carrier.untaken = 0;
  bench.link.resume_senders();
  EXPECT_TRUE(first.done());
  EXPECT_TRUE(became.empty());
}

// ---------------------------------------------------------------------------- handles

TEST(WebSocketHandle, DoesNothingAfterTheEnd) {
  Bench bench;
  WebSocket socket = bench.link.handle();
  socket.emplace_state<int>(7);
  const Sender sender = socket.sender();
  bench.link.end();
  bench.carrier.untaken = 5;
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(socket.send("x").status(), SendStatus::closed);
  EXPECT_EQ(socket.send(PreparedMessage::text("x")).status(), SendStatus::closed);
  EXPECT_EQ(socket.send_fragment(Opcode::text, {}, true).status(), SendStatus::closed);
  EXPECT_FALSE(socket.ping());
  socket.close();
  socket.terminate();
  socket.pause();
  socket.resume();
  EXPECT_FALSE(socket.subscribe("a"));
  EXPECT_FALSE(socket.unsubscribe("a"));
  socket.publish("a", "x");
  socket.publish_to_all("a", "x");
  EXPECT_EQ(socket.buffered_bytes(), 0u);
  EXPECT_EQ(socket.state<int>(), 7) << "the state stays as long as the handle";
  EXPECT_FALSE(socket.sender().send("x"));
  EXPECT_FALSE(bench.carrier.aborted);
  EXPECT_FALSE(bench.carrier.paused);
  EXPECT_EQ(bench.carrier.take_wire(), "");
}

TEST(WebSocketHandle, OfNoConnectionDoesNothing) {
  WebSocket socket;
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(socket.send("x").status(), SendStatus::closed);
  EXPECT_FALSE(socket.ping());
  socket.close();
  socket.terminate();
  socket.pause();
  socket.resume();
  EXPECT_FALSE(socket.subscribe("a"));
  EXPECT_FALSE(socket.unsubscribe("a"));
  socket.publish("a", "x");
  socket.publish_to_all("a", "x");
  EXPECT_EQ(socket.buffered_bytes(), 0u);
  EXPECT_EQ(socket.subprotocol(), "");
  EXPECT_EQ(socket.peer(), "");
  EXPECT_FALSE(socket.sender().send("x"));
  std::vector<std::string> heard;
  Task<> task = listen(socket, heard);
  task.start();
  EXPECT_TRUE(task.done());
}

TEST(WebSocketHandle, KeepsWhatCarriesIt) {
  Bench bench;
  EXPECT_EQ(bench.carrier.handles(), 0U);
  {
    WebSocket first = bench.link.handle();
    WebSocket second = first;
    EXPECT_EQ(bench.carrier.handles(), 2U);
    EXPECT_EQ(first, second);
    WebSocket third = std::move(first);
    EXPECT_EQ(bench.carrier.handles(), 2U);
    second = third;
    EXPECT_EQ(bench.carrier.handles(), 2U);
    second = WebSocket();
    EXPECT_EQ(bench.carrier.handles(), 1U);
    EXPECT_NE(second, third);
  }
  EXPECT_EQ(bench.carrier.handles(), 0U);
}

TEST(WebSocketHandle, AsksItsCarrier) {
  Bench bench;
  bench.link.set_subprotocol("chat");
  WebSocket socket = bench.link.handle();
  EXPECT_EQ(socket.subprotocol(), "chat");
  EXPECT_EQ(socket.peer(), "the peer");
  socket.pause();
  EXPECT_TRUE(bench.carrier.paused);
  socket.resume();
  EXPECT_FALSE(bench.carrier.paused);
  bench.carrier.untaken = 3;
  EXPECT_EQ(socket.buffered_bytes(), 3u);
  socket.terminate();
  EXPECT_TRUE(bench.carrier.aborted);
}

TEST(WebSocketHandle, ThrowsWithoutTheStateThatIsAskedFor) {
  EXPECT_THROW(WebSocket().state<int>(), std::logic_error);
  Bench bench;
  WebSocket socket = bench.link.handle();
  EXPECT_THROW(socket.state<int>(), std::logic_error);
  socket.emplace_state<std::string>("x");
  EXPECT_THROW(socket.state<int>(), std::logic_error);
}

// ---------------------------------------------------------------------------- observers

/// Notes frames, and does something more with each.
struct Watcher final : FrameObserver {
  void frame_sent(WebSocketLink& link, const websocket::FrameHeader& header) noexcept override {
    seen.push_back(header);
    if (react) react(link);
  }
  std::vector<websocket::FrameHeader> seen;
  std::function<void(WebSocketLink&)> react;
};

TEST(WebSocketLink, ShowsEveryFrameThatItSends) {
  Watcher watcher;
  LinkOptions options = small_limits();
  options.observer = &watcher;
  Bench bench(options);
  bench.link.send(Opcode::text, as_bytes("12345"));
  bench.link.send(Opcode::binary, as_bytes(std::string(20'000, 'x')));
  bench.link.send(PreparedMessage::text("123"));
  bench.link.send_fragment(Opcode::text, as_bytes("1"), false);
  bench.link.send_fragment(Opcode::text, {}, true);
  bench.link.ping({});
  bench.hear(frame(Opcode::ping, "12"));
  bench.link.close(CloseCode::normal, "");
  const struct {
    Opcode opcode;
    bool fin;
    std::uint64_t payload_bytes;
  } expected[] = {
      {Opcode::text, true, 5},  {Opcode::binary, true, 20'000},  {Opcode::text, true, 3},
      {Opcode::text, false, 1}, {Opcode::continuation, true, 0}, {Opcode::ping, true, 0},
      {Opcode::pong, true, 2},  {Opcode::close, true, 2},
  };
  ASSERT_EQ(watcher.seen.size(), std::size(expected));
  for (std::size_t i = 0; i < watcher.seen.size(); ++i) {
    EXPECT_EQ(watcher.seen[i].opcode, expected[i].opcode) << i;
    EXPECT_EQ(watcher.seen[i].fin, expected[i].fin) << i;
    EXPECT_EQ(watcher.seen[i].payload_bytes, expected[i].payload_bytes) << i;
  }
}

// An observer may send: on another socket, which encodes in the same place, or even on this one.
TEST(WebSocketLink, MayBeSentThroughByItsObserver) {
  Watcher watcher;
  LinkOptions options = small_limits();
  options.observer = &watcher;
  Bench bench(options);
  watcher.react = [&](WebSocketLink& link) {
    if (watcher.seen.size() > 3) return;
    EXPECT_TRUE(bench.carrier.output().empty()) << "what was written is still in the common place";
    link.send(Opcode::text, as_bytes(std::string(5'000, 'n')));
  };
  bench.link.send(Opcode::text, as_bytes("first"));
  EXPECT_EQ(bench.carrier.take_wire().substr(0, 7), plain(Opcode::text, "first"));
  bench.hear(frame(Opcode::ping, "p"));
  EXPECT_EQ(watcher.seen.size(), 5u);
}

}  // namespace
}  // namespace duplex::connection

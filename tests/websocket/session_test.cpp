#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/websocket/support.hpp"
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

using test::close_body;
using test::error_frame;
using test::error_line;
using test::fragment;
using test::frame;
using testing::ElementsAre;

static_assert(sizeof(Session) <= 56, "an idle WebSocket pays for this");

const SessionOptions server_options{};

transcript::Said say(std::string_view stream, const SessionOptions& options = server_options) {
  const transcript::Said whole = transcript::listen(options, as_bytes(stream), transcript::whole());
  EXPECT_EQ(transcript::listen(options, as_bytes(stream), transcript::steps(1)), whole);
  for (std::size_t cut = 0; cut <= std::min<std::size_t>(stream.size(), 400); ++cut) {
    EXPECT_EQ(transcript::listen(options, as_bytes(stream), transcript::cut_at(cut)), whole) << cut;
  }
  return whole;
}

Bytes bytes_of(std::string& text) {
  return {reinterpret_cast<std::byte*>(text.data()), text.size()};
}

TEST(Session, IsSmall) {
  std::printf("sizeof(websocket::Session) = %zu\n", sizeof(Session));
  EXPECT_LE(sizeof(Session), 56U);
}

TEST(Session, SaysTheSameHoweverTheStreamIsCut) {
  struct Case {
    std::string_view what;
    std::string stream;
    std::vector<std::string> events;
    std::string output;
  };
  const auto pong = [](std::string_view payload) {
    return frame(Opcode::pong, payload, {.masked = false});
  };
  const auto close = [](const std::string& body) {
    return frame(Opcode::close, body, {.masked = false});
  };
  const std::string euro = "\xE2\x82\xAC";
  const Case cases[] = {
      {"messages in a row",
       frame(Opcode::text, "one") + frame(Opcode::binary, "\xFF two"),
       {"text one", "binary \xFF two"},
       ""},
      {"empty messages",
       frame(Opcode::text, "") + frame(Opcode::binary, ""),
       {"text ", "binary "},
       ""},
      {"fragments",
       fragment(Opcode::text, "a") + fragment(Opcode::continuation, "b") +
           frame(Opcode::continuation, "c"),
       {"text abc"},
       ""},
      {"empty fragments",
       fragment(Opcode::text, "") + fragment(Opcode::continuation, "") +
           frame(Opcode::continuation, "") + frame(Opcode::binary, "x"),
       {"text ", "binary x"},
       ""},
      {"content in the last fragment only",
       fragment(Opcode::binary, "") + frame(Opcode::continuation, "late"),
       {"binary late"},
       ""},
      {"an empty last fragment",
       fragment(Opcode::binary, "early") + frame(Opcode::continuation, ""),
       {"binary early"},
       ""},
      {"control frames between fragments",
       fragment(Opcode::text, "a") + frame(Opcode::ping, "1") + frame(Opcode::continuation, "b") +
           frame(Opcode::pong, "2"),
       {"ping 1", "text ab", "pong 2"},
       pong("1")},
      {"a character cut by fragments",
       fragment(Opcode::text, euro.substr(0, 1)) + fragment(Opcode::continuation, "") +
           fragment(Opcode::continuation, euro.substr(1, 1)) + frame(Opcode::ping, "") +
           frame(Opcode::continuation, euro.substr(2)),
       {"ping ", "text " + euro},
       pong("")},
      {"a long message",
       frame(Opcode::text, std::string(70000, 'x')),
       {"text " + std::string(70000, 'x')},
       ""},
      {"a close without a body",
       frame(Opcode::close, "") + frame(Opcode::text, "late"),
       {"closed 1005 "},
       close("")},
      {"a close with a code",
       frame(Opcode::close, close_body(1001)),
       {"closed 1001 "},
       close(close_body(1001))},
      {"a close with a reason",
       frame(Opcode::close, close_body(4999, euro)) + "garbage",
       {"closed 4999 " + euro},
       close(close_body(4999))},
      {"the longest reason",
       frame(Opcode::close, close_body(3000, std::string(123, 'r'))),
       {"closed 3000 " + std::string(123, 'r')},
       close(close_body(3000))},
      {"a close inside a message",
       fragment(Opcode::text, "a") + frame(Opcode::close, ""),
       {"closed 1005 "},
       close("")},
      {"half a message", frame(Opcode::text, "Hello").substr(0, 8), {}, ""},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.what);
    const transcript::Said said = say(each.stream);
    EXPECT_EQ(said.events, each.events);
    EXPECT_EQ(said.output, each.output);
  }
}

TEST(Session, AnswersEveryBrokenRuleWithItsCloseCode) {
  struct Case {
    Error error;
    std::string stream;
    std::vector<std::string> before{};
  };
  const std::string hello = frame(Opcode::text, "Hello");
  const Case cases[] = {
      {Error::reserved_bits_set, hello + "\xC1", {"text Hello"}},
      {Error::reserved_opcode, hello + "\x83", {"text Hello"}},
      {Error::control_frame_fragmented, "\x09"},
      {Error::control_frame_too_long, "\x89\xFE"},
      {Error::length_not_minimal, test::hex("82 fe 00 7d")},
      {Error::length_too_large, test::hex("82 ff 80")},
      {Error::unmasked_frame_from_client, frame(Opcode::text, "x", {.masked = false})},
      {Error::continuation_without_start, frame(Opcode::continuation, "x")},
      {Error::continuation_without_start,
       hello + fragment(Opcode::continuation, ""),
       {"text Hello"}},
      {Error::message_inside_message, fragment(Opcode::text, "a") + frame(Opcode::text, "b")},
      {Error::message_inside_message, fragment(Opcode::text, "") + fragment(Opcode::binary, "")},
      {Error::message_too_big, test::hex("82 ff 00 00 00 00 00 10 00 01 00 00 00 00")},
      {Error::message_too_big, test::hex("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00")},
      {Error::message_too_big,
       fragment(Opcode::binary, "x") + test::hex("80 ff 7f ff ff ff ff ff ff ff 00 00 00 00")},
      {Error::text_not_utf8, frame(Opcode::text, "\xFF")},
      {Error::text_not_utf8, frame(Opcode::text, "\xE2\x82")},
      {Error::text_not_utf8, fragment(Opcode::text, "\xE2") + frame(Opcode::continuation, "")},
      {Error::text_not_utf8, fragment(Opcode::text, "\xED") + frame(Opcode::continuation, "\xA0")},
      {Error::text_not_utf8, fragment(Opcode::text, "\xF4\x90")},
      {Error::close_body_too_short, frame(Opcode::close, "\x03")},
      {Error::close_code_not_allowed, frame(Opcode::close, close_body(1005))},
      {Error::close_code_not_allowed, frame(Opcode::close, close_body(999))},
      {Error::close_code_not_allowed, frame(Opcode::close, close_body(65535))},
      {Error::close_reason_not_utf8, frame(Opcode::close, close_body(1000, "\xC0"))},
  };
  std::vector<bool> provoked(error_count);
  for (const Case& each : cases) {
    SCOPED_TRACE(describe(each.error));
    provoked[static_cast<std::size_t>(each.error)] = true;
    auto events = each.before;
    events.push_back(error_line(each.error));
    const transcript::Said said = say(each.stream);
    EXPECT_EQ(said.events, events);
    EXPECT_EQ(said.output, error_frame(each.error));
  }

  CountingMasks masks;
  const SessionOptions client{.role = Role::client, .masks = &masks};
  EXPECT_EQ(
      transcript::listen(client, as_bytes(frame(Opcode::text, "x")), transcript::whole()).events,
      std::vector{error_line(Error::masked_frame_from_server)});
  provoked[static_cast<std::size_t>(Error::masked_frame_from_server)] = true;
  EXPECT_EQ(
      transcript::listen(server_options, as_bytes(frame(Opcode::text, "Hello", {.rsv1 = true})),
                         transcript::whole(), DeflateParameters{})
          .output,
      error_frame(Error::compressed_data_invalid));
  provoked[static_cast<std::size_t>(Error::compressed_data_invalid)] = true;
  EXPECT_THAT(provoked, testing::Each(true));
}

TEST(Session, StaysFailed) {
  Session session(server_options);
  ByteQueue output;
  std::string stream = "\x83";
  Bytes input = bytes_of(stream);
  EXPECT_EQ(session.next(input, output).error(), Error::reserved_opcode);
  const std::size_t written = output.size();
  std::string more = frame(Opcode::text, "x");
  input = bytes_of(more);
  EXPECT_EQ(session.next(input, output).error(), Error::reserved_opcode);
  EXPECT_EQ(output.size(), written);
  EXPECT_TRUE(session.done_reading());
  EXPECT_FALSE(session.can_send());
  EXPECT_FALSE(session.write_message(Opcode::text, {}, output));
  EXPECT_FALSE(session.write_close(CloseCode::normal, "", output));
  EXPECT_EQ(session.closing(), Closing::closed);
}

TEST(Session, HandsOutAWholeMessageInPlace) {
  Session session(server_options);
  ByteQueue output;
  std::string stream = frame(Opcode::text, "in place");
  Bytes input = bytes_of(stream);
  const auto event = session.next(input, output);
  ASSERT_TRUE(event && *event);
  const auto& message = std::get<Session::Message>(**event);
  EXPECT_EQ(message.payload.data(), bytes_of(stream).data() + 6);
  EXPECT_EQ(as_text(message.payload), "in place");
  EXPECT_TRUE(input.empty());
  EXPECT_FALSE(session.next(input, output)->has_value());
}

TEST(Session, RefusesTextAtItsFirstInvalidByte) {
  // Within a frame that has come in part: everything to the byte is taken, the byte is not.
  std::string text(500, 'x');
  text[300] = '\xFF';
  std::string stream = frame(Opcode::text, text);
  const std::size_t header_bytes = stream.size() - text.size();
  for (bool chunks : {false, true}) {
    std::string copy = stream;
    const SessionOptions options{.deliver_chunks = chunks};
    Session each(options);
    ByteQueue output;
    Bytes input = bytes_of(copy).first(header_bytes + 300);
    while (true) {
      const auto event = each.next(input, output);
      ASSERT_TRUE(event);
      if (!*event) break;
    }
    input = bytes_of(copy).subspan(header_bytes + 300, 1);
    const auto event = each.next(input, output);
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error(), Error::text_not_utf8);
  }
}

TEST(Session, TakesMessagesUpToTheLimitAndNotOneByteMore) {
  const SessionOptions options{.message_bytes_max = 10};
  const std::string ten(10, 'x');
  EXPECT_THAT(say(frame(Opcode::text, ten) + frame(Opcode::text, ten), options).events,
              ElementsAre("text " + ten, "text " + ten));
  EXPECT_THAT(say(fragment(Opcode::text, "xxxxx") + fragment(Opcode::continuation, "xxxxx") +
                      frame(Opcode::continuation, ""),
                  options)
                  .events,
              ElementsAre("text " + ten));
  const transcript::Said refusal = say(frame(Opcode::binary, ten + "x"), options);
  EXPECT_THAT(refusal.events, ElementsAre(error_line(Error::message_too_big)));
  EXPECT_EQ(refusal.output,
            frame(Opcode::close, close_body(1009, "a message is bigger than the limit of 10 bytes"),
                  {.masked = false}));
  // The header of the frame that goes beyond is enough.
  EXPECT_THAT(
      say(fragment(Opcode::text, "xxxxx") + fragment(Opcode::continuation, "xxxxxx").substr(0, 6),
          options)
          .events,
      ElementsAre(error_line(Error::message_too_big)));
  const SessionOptions chunks{.message_bytes_max = 10, .deliver_chunks = true};
  EXPECT_THAT(say(fragment(Opcode::text, ten) + frame(Opcode::continuation, "x"), chunks).events,
              ElementsAre(error_line(Error::message_too_big)));
}

TEST(Session, ReservesByWhatHasComeAndNotByWhatIsClaimed) {
  constexpr std::size_t claimed = 16 << 20;
  const SessionOptions options{.message_bytes_max = claimed};
  std::string stream = frame(Opcode::binary, std::string(claimed, 'x'));
  Session session(options);
  ByteQueue output;
  constexpr std::size_t slack = 16384;  // malloc's own, and what rounding to pages adds
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  const auto in_use = [before] { return mallinfo2().uordblks + mallinfo2().hblkhd - before; };
  for (std::size_t came = 0; came < stream.size();) {
    const std::size_t size = std::min<std::size_t>(came < 1000 ? 100 : came, stream.size() - came);
    Bytes input = bytes_of(stream).subspan(came, size);
    came += size;
    const auto event = session.next(input, output);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->has_value(), came == stream.size());
    EXPECT_LE(in_use(), 2 * came + slack);
  }
  // The message is whole and was handed out; the call after that gives its memory back.
  Bytes nothing;
  EXPECT_FALSE(session.next(nothing, output)->has_value());
  EXPECT_LE(in_use(), slack);
}

TEST(Session, HasAShortcutForMessagesThatAreWhole) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 1000U, 65'535U}) {
    Session session(server_options);
    const std::string text(size, 't');
    std::string stream = frame(Opcode::text, text) + frame(Opcode::binary, "\xFF");
    Bytes input = bytes_of(stream);
    const auto first = session.next_message(input);
    ASSERT_TRUE(first) << size;
    EXPECT_EQ(first->opcode, Opcode::text);
    EXPECT_EQ(as_text(first->payload), text);
    const auto second = session.next_message(input);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->opcode, Opcode::binary);
    EXPECT_TRUE(input.empty());
    EXPECT_FALSE(session.next_message(input));
    EXPECT_FALSE(session.wants_next(input));
  }
}

TEST(Session, LeavesToNextWhatTheShortcutIsNotFor) {
  struct Case {
    std::string_view what;
    std::string stream;
    SessionOptions options;
  };
  std::string longer_form = frame(Opcode::text, std::string(126, 'x'));
  longer_form[3] = 125;
  const Case cases[] = {
      {"a part of a message", frame(Opcode::text, "hello").substr(0, 10), {}},
      {"a part of a header", frame(Opcode::text, std::string(300, 'x')).substr(0, 3), {}},
      {"a fragment", fragment(Opcode::text, "a"), {}},
      {"a ping", frame(Opcode::ping, "a"), {}},
      {"a reserved bit", "\xC1" + frame(Opcode::text, "a").substr(1), {}},
      {"no mask", frame(Opcode::text, "a", {.masked = false}), {}},
      {"a length that is not minimal", longer_form, {}},
      {"an eight-byte length", frame(Opcode::text, std::string(65'536, 'x')), {}},
      {"text that is not UTF-8", frame(Opcode::text, "abc\xFF"), {}},
      {"too long a message", frame(Opcode::text, "abc"), {.message_bytes_max = 2}},
      {"a message that goes out in chunks", frame(Opcode::text, "a"), {.deliver_chunks = true}},
      {"frames that are told", frame(Opcode::text, "a"), {.report_frames = true}},
  };
  for (const Case& each : cases) {
    Session session(each.options);
    std::string copy = each.stream;
    Bytes input = bytes_of(copy);
    EXPECT_FALSE(session.next_message(input)) << each.what;
    EXPECT_EQ(input.size(), each.stream.size()) << each.what;
    EXPECT_EQ(copy, each.stream) << each.what << ": it was changed";
    EXPECT_TRUE(session.wants_next(input));
  }
  // Between fragments, and behind the peer's close frame, a message is none either.
  for (const std::string& before :
       {fragment(Opcode::text, "a"), frame(Opcode::close, close_body(1000))}) {
    Session session(server_options);
    ByteQueue output;
    std::string copy = before;
    Bytes input = bytes_of(copy);
    ASSERT_TRUE(session.next(input, output));
    std::string message = frame(Opcode::text, "b");
    input = bytes_of(message);
    EXPECT_FALSE(session.next_message(input));
  }
}

TEST(Session, TakesALongMessageFromWhereItWasPut) {
  constexpr std::size_t size = 700'000;
  std::string text(size, 'a');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  for (const Opcode opcode : {Opcode::binary, Opcode::text}) {
    const std::string stream = frame(opcode, text);
    Session session(server_options);
    ByteQueue output;
    EXPECT_FALSE(session.has_input_room());
    std::string begin = stream.substr(0, 5'003);
    Bytes input = bytes_of(begin);
    ASSERT_FALSE(session.next(input, output)->has_value());
    std::size_t came = begin.size();
    int placed = 0;
    // As a socket would: never all that there is room for.
    while (session.has_input_room()) {
      const Bytes room = session.input_room();
      ASSERT_GE(room.size(), 64U * 1024);
      ASSERT_LE(room.size(), stream.size() - came);
      Bytes piece = room.first(std::min<std::size_t>(room.size() - 1, 100'001));
      std::ranges::copy(as_bytes(stream).subspan(came, piece.size()), piece.begin());
      came += piece.size();
      ASSERT_FALSE(session.next(piece, output)->has_value());
      ASSERT_TRUE(piece.empty());
      ++placed;
    }
    EXPECT_GT(placed, 4);
    std::string rest = stream.substr(came) + frame(Opcode::binary, "next");
    input = bytes_of(rest);
    const auto event = session.next(input, output);
    ASSERT_TRUE(event && *event);
    EXPECT_EQ(as_text(std::get<Session::Message>(**event).payload), text);
    EXPECT_TRUE(session.next_message(input));
    EXPECT_FALSE(session.next(input, output)->has_value());
  }
}

TEST(Session, ChecksTextThatWasPutAsAnyOther) {
  std::string text(300'000, 'x');
  text[200'000] = '\xFF';
  const std::string stream = frame(Opcode::text, text);
  Session session(server_options);
  ByteQueue output;
  std::string begin = stream.substr(0, 20'000);
  Bytes input = bytes_of(begin);
  ASSERT_FALSE(session.next(input, output)->has_value());
  std::size_t came = begin.size();
  while (true) {
    ASSERT_TRUE(session.has_input_room());
    Bytes piece = session.input_room();
    std::ranges::copy(as_bytes(stream).subspan(came, piece.size()), piece.begin());
    came += piece.size();
    const auto event = session.next(piece, output);
    if (event) continue;
    EXPECT_EQ(event.error(), Error::text_not_utf8);
    break;
  }
  EXPECT_FALSE(session.has_input_room());
}

TEST(Session, DeliversChunksAsTheyCome) {
  const SessionOptions options{.deliver_chunks = true};
  Session session(options);
  ByteQueue output;
  std::string stream = fragment(Opcode::text, "abcdef") + fragment(Opcode::continuation, "") +
                       frame(Opcode::continuation, "gh");
  const Bytes all = bytes_of(stream);
  struct Expected {
    std::string_view text;
    bool first, last;
  };
  std::vector<Expected> chunks;
  const auto present = [&](Bytes input) {
    while (true) {
      const auto event = session.next(input, output);
      ASSERT_TRUE(event);
      if (!*event) break;
      const auto& chunk = std::get<Session::Chunk>(**event);
      EXPECT_EQ(chunk.opcode, Opcode::text);
      chunks.push_back({as_text(chunk.payload), chunk.first, chunk.last});
    }
  };
  present(all.first(8));
  present(all.subspan(8));
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].text, "ab");
  EXPECT_TRUE(chunks[0].first && !chunks[0].last);
  EXPECT_EQ(chunks[1].text, "cdef");
  EXPECT_TRUE(!chunks[1].first && !chunks[1].last);
  EXPECT_EQ(chunks[2].text, "gh");
  EXPECT_TRUE(!chunks[2].first && chunks[2].last);

  EXPECT_THAT(say(fragment(Opcode::binary, "a") + frame(Opcode::ping, "") +
                      frame(Opcode::continuation, "") + frame(Opcode::text, ""),
                  options)
                  .events,
              ElementsAre("ping ", "binary a", "text "));
}

TEST(Session, ReportsEveryFrameBeforeWhatItCarries) {
  const SessionOptions options{.report_frames = true};
  EXPECT_THAT(say(fragment(Opcode::text, "a") + frame(Opcode::ping, "1") +
                      frame(Opcode::continuation, "b") + frame(Opcode::close, close_body(1000)),
                  options)
                  .events,
              ElementsAre("frame text 1", "frame ping fin 1", "ping 1", "frame continuation fin 1",
                          "text ab", "frame close fin 2", "closed 1000 "));
  EXPECT_THAT(
      say(frame(Opcode::continuation, "x"), options).events,
      ElementsAre("frame continuation fin 1", error_line(Error::continuation_without_start)));
  const SessionOptions small{.message_bytes_max = 1, .report_frames = true};
  EXPECT_THAT(say(frame(Opcode::text, "xx").substr(0, 6), small).events,
              ElementsAre("frame text fin 2", error_line(Error::message_too_big)));
}

TEST(Session, GoesOnReadingAfterItsOwnCloseUntilThePeers) {
  Session session(server_options);
  ByteQueue output;
  EXPECT_TRUE(session.can_send());
  EXPECT_TRUE(session.write_close(CloseCode::going_away, "bye", output));
  EXPECT_EQ(session.closing(), Closing::close_sent);
  EXPECT_FALSE(session.can_send());
  EXPECT_FALSE(session.done_reading());
  const std::string own = frame(Opcode::close, close_body(1001, "bye"), {.masked = false});
  EXPECT_EQ(as_text(output.content()), own);

  std::string stream = frame(Opcode::ping, "p") + frame(Opcode::text, "still here") +
                       frame(Opcode::close, close_body(1001)) + frame(Opcode::text, "late");
  Bytes input = bytes_of(stream);
  transcript::Writer writer;
  while (true) {
    const auto event = session.next(input, output);
    ASSERT_TRUE(event);
    if (!*event) break;
    std::visit(std::ref(writer), **event);
  }
  EXPECT_THAT(writer.lines, ElementsAre("ping p", "text still here", "closed 1001 "));
  EXPECT_TRUE(input.empty());
  EXPECT_TRUE(session.done_reading());
  EXPECT_EQ(session.closing(), Closing::closed);
  EXPECT_EQ(as_text(output.content()), own) << "neither pong nor a second close";
  EXPECT_FALSE(session.write_close(CloseCode::normal, "", output));
  EXPECT_FALSE(session.write_message(Opcode::text, {}, output));
  EXPECT_FALSE(session.write_message_header(Opcode::text, 1, output));
  EXPECT_FALSE(session.write_fragment(Opcode::text, {}, true, output));
  EXPECT_FALSE(session.write_ping({}, output));
}

TEST(Session, SendsNoSecondCloseForAnErrorBehindItsOwn) {
  Session session(server_options);
  ByteQueue output;
  session.write_close(CloseCode::normal, "", output);
  const std::size_t written = output.size();
  std::string stream = "\x83";
  Bytes input = bytes_of(stream);
  EXPECT_FALSE(session.next(input, output));
  EXPECT_EQ(output.size(), written);
  EXPECT_EQ(session.closing(), Closing::closed);
}

}  // namespace
}  // namespace duplex::websocket

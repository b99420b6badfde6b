#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/websocket/deflate/deflate_samples.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/websocket/session.hpp>

namespace duplex::websocket {
namespace {

using test::close_body;
using test::error_frame;
using test::error_line;
using test::frame;
using testing::ElementsAre;

constexpr DeflateParameters keeping{};
constexpr DeflateParameters anew{.server_no_context_takeover = true,
                                 .client_no_context_takeover = true};

// RFC 7692 section 7.2.3: "Hello", and once more with the window of before.
const std::string hello = test::hex("f2 48 cd c9 c9 07 00");
const std::string hello_again = test::hex("f2 00 11 00 00");

const SessionOptions plain_options{};
const SessionOptions chunk_options{.deliver_chunks = true};

/// Checks that it is the same however the stream is cut, and whatever is agreed on and asked for.
transcript::Said say(std::string_view stream, const DeflateParameters& agreed,
                     const SessionOptions& options = plain_options) {
  const transcript::Said whole =
      transcript::listen(options, as_bytes(stream), transcript::whole(), agreed);
  EXPECT_EQ(transcript::listen(options, as_bytes(stream), transcript::steps(1), agreed), whole);
  for (std::size_t cut = 0; cut <= std::min<std::size_t>(stream.size(), 400); ++cut) {
    EXPECT_EQ(transcript::listen(options, as_bytes(stream), transcript::cut_at(cut), agreed), whole)
        << cut;
  }
  return whole;
}

/// The same for whole messages and chunks, with windows and without.
transcript::Said say_in_all_ways(std::string_view stream) {
  const transcript::Said said = say(stream, anew);
  EXPECT_EQ(say(stream, keeping), said);
  EXPECT_EQ(say(stream, anew, chunk_options), said);
  EXPECT_EQ(say(stream, keeping, chunk_options), said);
  return said;
}

std::string compressed(Opcode opcode, std::string_view payload, bool fin = true) {
  return frame(opcode, payload, {.fin = fin, .rsv1 = true});
}

/// Two ends in memory.
class Pair {
 public:
  Pair(const DeflateParameters& agreed, const SessionOptions& of_server,
       const SessionOptions& of_client)
      : server_options_(of_server),
        client_options_(of_client),
        server_(server_options_),
        client_(client_options_) {
    client_options_.role = Role::client;
    client_options_.masks = &masks_;
    client_ = Session(client_options_);
    server_.enable_deflate(agreed, server_workspace_);
    client_.enable_deflate(agreed, client_workspace_);
  }

  Session& server() { return server_; }
  Session& client() { return client_; }
  ByteQueue& to_server() { return to_server_; }
  ByteQueue& to_client() { return to_client_; }

  std::vector<std::string> server_hears() { return hear(server_, to_server_); }
  std::vector<std::string> client_hears() { return hear(client_, to_client_); }

 private:
  static std::vector<std::string> hear(Session& session, ByteQueue& stream) {
    transcript::Writer writer;
    ByteQueue answers;
    Bytes input = stream.content();
    while (true) {
      const auto event = session.next(input, answers);
      if (!event) {
        writer.lines.push_back(error_line(event.error()));
        break;
      }
      if (!*event) break;
      std::visit(std::ref(writer), **event);
    }
    EXPECT_TRUE(input.empty());
    stream.clear();
    return writer.lines;
  }

  MaskSource masks_{test::fill_with_example_mask};
  DeflateWorkspace server_workspace_;
  DeflateWorkspace client_workspace_;
  SessionOptions server_options_;
  SessionOptions client_options_;
  Session server_;
  Session client_;
  ByteQueue to_server_;
  ByteQueue to_client_;
};

/// Whether the frame at the front of `stream` says that its message is compressed.
bool begins_compressed(const ByteQueue& stream) {
  return (stream.content()[0] & std::byte{0x40}) != std::byte{0};
}

TEST(SessionDeflate, ReadsTheExamplesOfTheRfc) {
  const std::vector<std::string> heard{"text Hello"};
  const std::pair<const char*, std::string> examples[] = {
      {"7.2.3.1", compressed(Opcode::text, hello)},
      {"7.2.3.1, fragmented", compressed(Opcode::text, hello.substr(0, 3), false) +
                                  frame(Opcode::continuation, hello.substr(3))},
      {"7.2.3.3", compressed(Opcode::text, test::hex("00 05 00 fa ff 48 65 6c 6c 6f 00"))},
      {"7.2.3.4", compressed(Opcode::text, test::hex("f3 48 cd c9 c9 07 00 00"))},
      {"7.2.3.5", compressed(Opcode::text, test::hex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"))},
  };
  for (const auto& [section, stream] : examples) {
    SCOPED_TRACE(section);
    EXPECT_EQ(say_in_all_ways(stream).events, heard);
  }
  // 7.2.3.2
  const std::string two = compressed(Opcode::text, hello) + compressed(Opcode::text, hello_again);
  EXPECT_THAT(say(two, keeping).events, ElementsAre("text Hello", "text Hello"));
  EXPECT_THAT(say(two, anew).events,
              ElementsAre("text Hello", error_line(Error::compressed_data_invalid)));
  // 7.2.3.6
  EXPECT_THAT(say_in_all_ways(compressed(Opcode::text, std::string(1, '\0'))).events,
              ElementsAre("text "));
}

TEST(SessionDeflate, LetsControlFramesAndPlainMessagesBetween) {
  const std::string stream =
      compressed(Opcode::text, hello.substr(0, 2), false) + frame(Opcode::ping, "p") +
      frame(Opcode::continuation, "", {.fin = false}) + frame(Opcode::pong, "q") +
      frame(Opcode::continuation, hello.substr(2), {.fin = false}) +
      frame(Opcode::continuation, "") + frame(Opcode::binary, "plain") +
      compressed(Opcode::text, hello) + frame(Opcode::close, close_body(1000));
  const transcript::Said said = say_in_all_ways(stream);
  EXPECT_THAT(said.events, ElementsAre("ping p", "pong q", "text Hello", "binary plain",
                                       "text Hello", "closed 1000 "));
}

TEST(SessionDeflate, RefusesReservedBitsElsewhere) {
  const std::pair<const char*, std::string> cases[] = {
      {"ping", compressed(Opcode::ping, "")},
      {"pong", compressed(Opcode::pong, "")},
      {"close", compressed(Opcode::close, close_body(1000))},
      {"continuation",
       compressed(Opcode::text, hello, false) + compressed(Opcode::continuation, "")},
      {"RSV2", std::string("\xE1\x80") + std::string(4, '\0')},
      {"RSV3", std::string("\xD1\x80") + std::string(4, '\0')},
  };
  for (const auto& [what, stream] : cases) {
    SCOPED_TRACE(what);
    const transcript::Said said = say_in_all_ways(stream);
    EXPECT_THAT(said.events, ElementsAre(error_line(Error::reserved_bits_set)));
    EXPECT_EQ(said.output, error_frame(Error::reserved_bits_set));
  }
  // And everywhere, where nothing was agreed on.
  EXPECT_THAT(transcript::listen(plain_options, as_bytes(compressed(Opcode::text, hello)),
                                 transcript::whole())
                  .events,
              ElementsAre(error_line(Error::reserved_bits_set)));
}

TEST(SessionDeflate, RefusesWhatCannotBeInflated) {
  const std::string cases[] = {
      compressed(Opcode::binary, "\x07"),
      compressed(Opcode::binary, random_sample(200)),
      compressed(Opcode::binary, hello.substr(0, 4)),
      compressed(Opcode::binary, hello.substr(0, 3), false) +
          frame(Opcode::continuation, "\xFF\xFF"),
  };
  for (const std::string& stream : cases) {
    const transcript::Said said = say_in_all_ways(stream);
    EXPECT_THAT(said.events, ElementsAre(error_line(Error::compressed_data_invalid)));
    EXPECT_EQ(said.output, error_frame(Error::compressed_data_invalid));
  }
}

TEST(SessionDeflate, ChecksTheTextThatItInflates) {
  for (const std::string text : {"a\xFFz", "\xE2\x82", "\xED\xA0\x80"}) {
    ByteQueue stream;
    Pair sender(keeping, {}, {});
    sender.client().write_message(Opcode::text, as_bytes(text), stream, Compression::always);
    ASSERT_TRUE(begins_compressed(stream));
    const transcript::Said said = say_in_all_ways(as_text(stream.content()));
    EXPECT_THAT(said.events, ElementsAre(error_line(Error::text_not_utf8)));
    EXPECT_EQ(said.output, error_frame(Error::text_not_utf8));
  }
}

TEST(SessionDeflate, CountsWhatMessagesInflateTo) {
  const auto limited = [](std::uint64_t bytes_max, bool chunks) {
    return SessionOptions{.message_bytes_max = bytes_max, .deliver_chunks = chunks};
  };
  ByteQueue stream;
  Pair sender(anew, {}, {});
  sender.client().write_message(Opcode::binary, as_bytes(std::string(5'000'000, 'a')), stream);
  ASSERT_LT(stream.size(), 50'000U);
  const std::string bomb(as_text(stream.content()));
  for (const bool chunks : {false, true}) {
    for (const DeflateParameters& agreed : {anew, keeping}) {
      const SessionOptions tight = limited(5'000'000 - 1, chunks);
      EXPECT_THAT(transcript::listen(tight, as_bytes(bomb), transcript::whole(), agreed).events,
                  ElementsAre(error_line(Error::message_too_big)));
      const SessionOptions fitting = limited(5'000'000, chunks);
      EXPECT_THAT(transcript::listen(fitting, as_bytes(bomb), transcript::uneven(3), agreed).events,
                  ElementsAre("binary " + std::string(5'000'000, 'a')));
    }
  }
}

TEST(SessionDeflate, TakesMessagesThatGrowByBeingCompressed) {
  const std::string noise = random_sample(100'000);
  const SessionOptions tight{.message_bytes_max = 100'000};
  Pair pair(anew, tight, {});
  pair.client().write_message(Opcode::binary, as_bytes(noise), pair.to_server(),
                              Compression::always);
  ASSERT_TRUE(begins_compressed(pair.to_server()));
  ASSERT_GT(pair.to_server().size(), noise.size());
  EXPECT_THAT(pair.server_hears(), ElementsAre("binary " + noise));
  // But not any longer: what is refused anyway is not waited for.
  const std::string header = test::hex("c2 ff 00 00 00 00 00 02 00 00 37 fa 21 3d");
  EXPECT_THAT(transcript::listen(tight, as_bytes(header), transcript::whole(), anew).events,
              ElementsAre(error_line(Error::message_too_big)));
}

TEST(SessionDeflate, SpeaksBothWaysWhateverIsAgreedOn) {
  for (unsigned key = 0; key < 256; ++key) {
    const auto agreed = DeflateParameters::from_key(static_cast<std::uint8_t>(key));
    for (const bool keep : {false, true}) {
      for (const int level : {1, 6, 9}) {
        const SessionOptions options{.deflate = {.keep_send_window = keep,
                                                 .level = static_cast<std::uint8_t>(level),
                                                 .threshold_bytes = 10}};
        Pair pair(agreed, options, options);
        for (const std::size_t size : {0U, 9U, 10U, 1000U, 1000U, 5000U}) {
          const std::string text = json_sample(size);
          pair.client().write_message(Opcode::text, as_bytes(text), pair.to_server());
          const bool client_can = agreed.client_max_window_bits >= compressor_window_bits_min;
          // Ten bytes don't get shorter, but what the window has must be sent.
          const bool client_keeps = keep && !agreed.client_no_context_takeover;
          const std::size_t shortest = client_keeps ? 10 : 1000;
          EXPECT_EQ(begins_compressed(pair.to_server()), client_can && size >= shortest) << size;
          ASSERT_THAT(pair.server_hears(), ElementsAre("text " + text)) << key << ' ' << keep;
          pair.server().write_message(Opcode::text, as_bytes(text), pair.to_client());
          ASSERT_THAT(pair.client_hears(), ElementsAre("text " + text)) << key << ' ' << keep;
        }
      }
    }
  }
}

TEST(SessionDeflate, MakesAlikeMessagesSmallerWithAWindow) {
  const SessionOptions keep{.deflate = {.keep_send_window = true}};
  const std::string text = json_sample(1000);
  Pair pair(keeping, keep, {});
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 2; ++i) {
    pair.server().write_message(Opcode::text, as_bytes(text), pair.to_client());
    sizes.push_back(pair.to_client().size());
    EXPECT_THAT(pair.client_hears(), ElementsAre("text " + text));
  }
  EXPECT_LT(sizes[1] * 5, sizes[0]);
}

TEST(SessionDeflate, LeavesToTheSenderWhatIsCompressed) {
  Pair pair(anew, {}, {});
  const std::string json = json_sample(1000);
  const auto written = [&](std::string_view text, Compression compression) {
    pair.server().write_message(Opcode::binary, as_bytes(text), pair.to_client(), compression);
    const bool result = begins_compressed(pair.to_client());
    EXPECT_THAT(pair.client_hears(), ElementsAre("binary " + std::string(text)));
    return result;
  };
  EXPECT_TRUE(written(json, Compression::by_size));
  EXPECT_FALSE(written(json, Compression::never));
  EXPECT_FALSE(written(json.substr(0, 20), Compression::by_size));
  EXPECT_TRUE(written(json.substr(0, 20), Compression::always));
  EXPECT_TRUE(written("", Compression::always));
  // What does not get shorter.
  EXPECT_FALSE(written(random_sample(1000), Compression::by_size));
  EXPECT_TRUE(written(random_sample(1000), Compression::always));
}

TEST(SessionDeflate, CompressesMessagesInPieces) {
  for (const bool keep : {false, true}) {
    const SessionOptions options{.deflate = {.keep_send_window = keep}};
    const SessionOptions chunks{.deliver_chunks = true, .deflate = {.keep_send_window = keep}};
    for (const SessionOptions& of_client : {options, chunks}) {
      Pair pair(keep ? keeping : anew, options, of_client);
      const std::string json = json_sample(10'000);
      for (int message = 0; message < 3; ++message) {
        for (std::size_t at = 0; at < json.size(); at += 1000) {
          ASSERT_TRUE(pair.server().write_fragment(Opcode::text, as_bytes(json).subspan(at, 1000),
                                                   at + 1000 == json.size(), pair.to_client()));
          EXPECT_TRUE(begins_compressed(pair.to_client()));
        }
        EXPECT_LT(pair.to_client().size(), json.size() / 2);
        ASSERT_THAT(pair.client_hears(), ElementsAre("text " + json));
      }
      // Nothing at all, in pieces; and not compressed.
      for (const bool last : {false, false, true}) {
        pair.server().write_fragment(Opcode::text, {}, last, pair.to_client(), Compression::always);
      }
      ASSERT_THAT(pair.client_hears(), ElementsAre("text "));
      for (const bool last : {false, true}) {
        pair.server().write_fragment(Opcode::text, as_bytes(json), last, pair.to_client(),
                                     Compression::never);
      }
      EXPECT_FALSE(begins_compressed(pair.to_client()));
      ASSERT_THAT(pair.client_hears(), ElementsAre("text " + json + json));
    }
  }
}

TEST(SessionDeflate, HandsOutLargeChunksInParts) {
  const SessionOptions chunks{.message_bytes_max = 100'000'000, .deliver_chunks = true};
  ByteQueue stream;
  Pair pair(anew, chunks, {});
  pair.client().write_message(Opcode::binary, as_bytes(std::string(50'000'000, 'a')), stream);
  Bytes input = stream.content();
  ByteQueue output;
  std::size_t bytes = 0;
  while (true) {
    const auto event = pair.server().next(input, output);
    ASSERT_TRUE(event);
    if (!*event) break;
    const auto& chunk = std::get<Session::Chunk>(**event);
    EXPECT_LE(chunk.payload.size(), 5'000'000U);
    bytes += chunk.payload.size();
    if (chunk.last) break;
  }
  EXPECT_EQ(bytes, 50'000'000U);
}

TEST(SessionDeflate, HandsOutPlainChunksAsTheyCome) {
  // Payloads whose bytes look like the first of a compressed message.
  const SessionOptions client{.role = Role::client, .deliver_chunks = true};
  DeflateWorkspace workspace;
  Session session(client);
  session.enable_deflate(anew, workspace);
  std::string stream = frame(Opcode::binary, std::string(60'000, '\x7F'), {.masked = false});
  ByteQueue output;
  Bytes all(reinterpret_cast<std::byte*>(stream.data()), stream.size());
  Bytes first = all.first(20'000);
  Bytes second = all.subspan(20'000);
  const auto chunk_bytes = [&](Bytes& input) {
    const auto event = session.next(input, output);
    return std::get<Session::Chunk>(event.value().value()).payload.size();
  };
  EXPECT_EQ(chunk_bytes(first) + chunk_bytes(second), 60'000U);
  EXPECT_TRUE(second.empty());
}

TEST(SessionDeflate, LetsManySmallFragmentsMakeAMessage) {
  // Each takes more bytes on the wire than it holds; all that counts is what they inflate to.
  const SessionOptions tight{.message_bytes_max = 30'000};
  Pair pair(keeping, tight, {});
  std::string text;
  while (text.size() < 30'000) {
    text += "abc";
    pair.client().write_fragment(Opcode::text, as_bytes("abc"), text.size() == 30'000,
                                 pair.to_server(), Compression::always);
  }
  EXPECT_GT(pair.to_server().size(), 2 * text.size());
  EXPECT_THAT(pair.server_hears(), ElementsAre("text " + text));
}

TEST(SessionDeflate, CompressesFragmentsByTheSizeOfTheFirst) {
  const SessionOptions inflating{.deflate = {.threshold_bytes = 100'000}};
  Pair pair(anew, inflating, {});
  for (const bool last : {false, true}) {
    pair.server().write_fragment(Opcode::text, as_bytes(json_sample(1000)), last, pair.to_client());
  }
  EXPECT_FALSE(begins_compressed(pair.to_client()));
}

TEST(SessionDeflate, GivesBackWhatLargeMessagesNeeded) {
  const SessionOptions large{.message_bytes_max = 100'000'000};
  DeflateWorkspace workspace;
  Session session(large);
  session.enable_deflate(anew, workspace);
  ByteQueue stream;
  Pair sender(anew, {}, {});
  sender.client().write_message(Opcode::binary, as_bytes(std::string(50'000'000, 'a')), stream);
  ByteQueue output;
  Bytes input = stream.content();
  ASSERT_TRUE(session.next(input, output).value());
  const std::size_t before = mallinfo2().hblkhd;  // what large blocks have
  workspace.trim();
  // A sanitizer's allocator does not tell.
  if (before > 0) {
    EXPECT_LT(mallinfo2().hblkhd + 40'000'000, before);
  }
}

TEST(SessionDeflate, SharesWhatManyAreSent) {
  const std::string json = json_sample(1000);
  const auto message = PreparedMessage::text(json);
  Pair first(anew, {}, {});
  Pair second(anew, {}, {});
  const auto frame_of_first = first.server().shared_frame(message);
  const auto frame_of_second = second.server().shared_frame(message);
  ASSERT_TRUE(frame_of_first && frame_of_second);
  EXPECT_EQ(frame_of_first->bytes().data(), frame_of_second->bytes().data());
  EXPECT_LT(frame_of_first->size(), json.size() / 2);
  first.to_client().append(frame_of_first->bytes());
  EXPECT_THAT(first.client_hears(), ElementsAre("text " + json));

  // Another window, or none at all.
  Pair small({.server_no_context_takeover = true, .server_max_window_bits = 9}, {}, {});
  const auto frame_of_small = small.server().shared_frame(message);
  ASSERT_TRUE(frame_of_small);
  EXPECT_NE(frame_of_small->bytes().data(), frame_of_first->bytes().data());
  EXPECT_EQ(Session(plain_options).shared_frame(message)->bytes().data(),
            message.frame().bytes().data());

  // A window that was kept is this connection's alone, and a client has keys of its own.
  const SessionOptions keep{.deflate = {.keep_send_window = true}};
  Pair with_window(keeping, keep, {});
  EXPECT_FALSE(with_window.server().shared_frame(message));
  EXPECT_FALSE(with_window.client().shared_frame(message));
  // What is not worth it is the plain frame.
  const auto noise = PreparedMessage::binary(as_bytes(random_sample(1000)));
  EXPECT_EQ(first.server().shared_frame(noise)->bytes().data(), noise.frame().bytes().data());
  const auto secret = PreparedMessage::text(json, Compression::never);
  EXPECT_EQ(first.server().shared_frame(secret)->bytes().data(), secret.frame().bytes().data());
}

const DeflateWaiting by_waiting = {
    .wait = [](const std::atomic<bool>& made) noexcept { made.wait(false); },
    .wake = [](std::atomic<bool>& made) noexcept { made.notify_all(); }};

TEST(SessionDeflate, SharesWhatManyAreSentByManyThreads) {
  const std::string json = json_sample(50'000);
  const auto message = PreparedMessage::text(json);
  std::vector<const std::byte*> frames(8);
  std::vector<std::thread> threads;
  for (const std::byte*& frame : frames) {
    threads.emplace_back([&message, &frame] {
      DeflateWorkspace workspace(&by_waiting);
      Session session(plain_options);
      session.enable_deflate(anew, workspace);
      frame = session.shared_frame(message)->bytes().data();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(frames, testing::Each(frames.front()));
  EXPECT_NE(frames.front(), message.frame().bytes().data());
}

}  // namespace
}  // namespace duplex::websocket

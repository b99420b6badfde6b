#include "bench/echo_reader.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::app::bench {
namespace {

using websocket::Opcode;

/// A reader of messages of five bytes, which presents input as a connection does: before each read
/// there are as many messages under way as there should be, and one more for each that is held.
class Reading {
 public:
  explicit Reading(const MessageKind& kind = {.bytes = 5}, std::uint64_t depth = 4)
      : messages_(kind),
        rules_{.messages = &messages_, .inflater = &inflater_, .keep = kind.keep},
        depth_(depth) {
    reader_.begin(rules_, 0);
  }

  void take(std::string_view bytes) {
    std::string copy(bytes);
    Bytes input = std::as_writable_bytes(std::span(copy));
    answered_ += reader_.take_expected(rules_, input);
    if (!input.empty()) reader_.read_closely(rules_, input, depth_ + held_, findings);
    take_steps();
  }
  void give_up() {
    reader_.give_up(findings);
    take_steps();
  }
  void accept_held() {
    reader_.accept_held(findings);
    take_steps();
  }
  void step_back(std::uint64_t messages) { reader_.step_back(rules_, messages); }
  void set_depth(std::uint64_t messages) { depth_ = messages; }

  std::string echo(std::size_t number) const {
    return server_frame(messages_.opcode(), payload(number));
  }
  std::string echoes(std::initializer_list<std::size_t> numbers) const {
    std::string stream;
    for (const std::size_t number : numbers) stream += echo(number);
    return stream;
  }
  std::string payload(std::size_t number) const {
    return std::string(messages_.payload(number % messages_.count()));
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> result;
    for (const Fault& fault : findings.faults) result.push_back(fault.kind);
    return result;
  }
  /// How many messages were answered so far, right or wrong.
  std::uint64_t answered() const { return answered_; }
  /// Those that were passed over and may still come, and what may be answers.
  std::uint64_t passed_over() const { return passed_over_; }
  std::uint64_t held() const { return held_; }
  std::uint64_t wire_bytes() const { return wire_bytes_; }
  void accept_any_content() { rules_.length_only = true; }

  Findings findings;

 private:
  void take_steps() {
    for (const EchoStep& step : findings.steps) {
      wire_bytes_ += step.wire_bytes;
      switch (step.kind) {
        case EchoStep::Kind::answered: answered_ += step.messages; break;
        case EchoStep::Kind::passed_over: ++passed_over_; break;
        case EchoStep::Kind::belated:
          EXPECT_LT(step.place, passed_over_);
          ++answered_;
          --passed_over_;
          break;
        case EchoStep::Kind::lost: --passed_over_; break;
        case EchoStep::Kind::held: ++held_; break;
        case EchoStep::Kind::accepted:
          ++answered_;
          --held_;
          break;
        case EchoStep::Kind::refused: --held_; break;
      }
    }
    findings.steps.clear();
  }

  Messages messages_;
  Inflater inflater_{false};
  EchoRules rules_;
  EchoReader reader_;
  std::uint64_t depth_;
  std::uint64_t answered_ = 0;
  std::uint64_t passed_over_ = 0;
  std::uint64_t held_ = 0;
  std::uint64_t wire_bytes_ = 0;
};

using Kinds = std::vector<std::string>;

/// What the reader finds in `stream` until the end, whichever way it is cut in two, and byte by
/// byte; and that it expects the right messages behind it.
void expect_at_every_split(const MessageKind& kind, std::string_view stream, std::uint64_t answered,
                           const Kinds& kinds, std::uint64_t depth = 4) {
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    Reading reading(kind, depth);
    reading.take(stream.substr(0, at));
    reading.take(stream.substr(at));
    reading.give_up();
    EXPECT_EQ(reading.answered(), answered) << "cut at " << at;
    EXPECT_EQ(reading.kinds(), kinds) << "cut at " << at;
    EXPECT_EQ(reading.passed_over() + reading.held(), 0) << "cut at " << at;
  }
  Reading reading(kind, depth);
  for (const char byte : stream) reading.take({&byte, 1});
  reading.give_up();
  EXPECT_EQ(reading.answered(), answered);
  EXPECT_EQ(reading.kinds(), kinds);
}

const MessageKind small{.bytes = 5};

TEST(EchoReader, CountsEchoesInTheirOrder) {
  const Reading all(small);
  std::string stream;
  for (std::size_t i = 0; i < 150; ++i) stream += all.echo(i);
  expect_at_every_split(small, stream, 150, {});
}

TEST(EchoReader, ReadsAllThreeFormsOfLengths) {
  for (const std::size_t bytes : {0UZ, 125UZ, 126UZ, 65'535UZ, 65'536UZ}) {
    Reading reading({.bytes = bytes});
    reading.take(reading.echo(0) + reading.echo(1) + reading.echo(2));
    EXPECT_EQ(reading.answered(), 3) << bytes;
    EXPECT_TRUE(reading.findings.faults.empty()) << bytes;
  }
}

TEST(EchoReader, TakesEchoesThatTheServerHasCutIntoFrames) {
  const Reading all(small);
  const std::string first = all.payload(0);
  const std::string stream = std::string("\x02\x02", 2) + first.substr(0, 2) +
                             std::string("\x00\x00", 2) + std::string("\x80\x03", 2) +
                             first.substr(2) + all.echo(1);
  expect_at_every_split(small, stream, 2, {});
}

TEST(EchoReader, FindsPingsBetweenEchoesAndWithinThem) {
  const Reading all(small);
  const std::string ping = server_frame(Opcode::ping, "hi");
  const std::string first = all.payload(0);
  const std::string stream = ping + std::string("\x02\x02", 2) + first.substr(0, 2) + ping +
                             std::string("\x80\x03", 2) + first.substr(2) + all.echo(1) + ping +
                             all.echo(2);
  expect_at_every_split(small, stream, 3, {});
  Reading reading;
  reading.take(stream);
  EXPECT_EQ(reading.findings.pings, (std::vector<std::string>{"hi", "hi", "hi"}));
}

TEST(EchoReader, NoticesAnotherByte) {
  Reading all(small);
  std::string wrong = all.echo(1);
  wrong[4] ^= 1;
  expect_at_every_split(small, all.echo(0) + wrong + all.echo(2), 3, {"wrong content"});
  all.take(all.echo(0) + wrong);
  all.give_up();
  ASSERT_EQ(all.findings.faults.size(), 1);
  EXPECT_EQ(all.findings.faults[0].text, "a message of 5 bytes came back with another byte at 2");
}

TEST(EchoReader, NoticesAnotherMessage) {
  const Reading all(small);
  expect_at_every_split(small, all.echo(30) + all.echo(1), 2, {"wrong content"});
}

TEST(EchoReader, NoticesAnotherType) {
  const Reading all(small);
  expect_at_every_split(small, server_frame(Opcode::text, all.payload(0)) + all.echo(1), 2,
                        {"wrong content"});
}

TEST(EchoReader, NoticesAnotherLength) {
  const Reading all(small);
  expect_at_every_split(small,
                        server_frame(Opcode::binary, all.payload(0) + "x") +
                            server_frame(Opcode::binary, "") + all.echo(2),
                        3, {"wrong length", "wrong length"});
}

TEST(EchoReader, TakesAnyContentThatIsLongEnough) {
  Reading reading;
  reading.accept_any_content();
  reading.take(server_frame(Opcode::binary, "12345") + server_frame(Opcode::binary, "1234"));
  EXPECT_EQ(reading.kinds(), Kinds{"wrong length"});
}

TEST(EchoReader, TellsThatTheServerCloses) {
  Reading reading;
  reading.take(reading.echo(0) + server_frame(Opcode::close, std::string("\x03\xE9", 2) + "bye"));
  EXPECT_EQ(reading.answered(), 1);
  ASSERT_TRUE(reading.findings.closed);
  EXPECT_EQ(closed_fault(*reading.findings.closed).kind, "closed 1001");
  EXPECT_EQ(closed_fault("").kind, "closed");
}

TEST(EchoReader, TellsWhatRuleTheServerBreaks) {
  const Reading all(small);
  const std::string masked("\x82\x85\x01\x02\x03\x04zzzzz", 11);
  Reading reading;
  reading.take(all.echo(0) + masked);
  EXPECT_EQ(reading.kinds(), Kinds{"protocol"});
  EXPECT_TRUE(reading.findings.broken);
}

TEST(EchoReader, InflatesEchoesOfWhatWasCompressed) {
  for (const bool keep : {false, true}) {
    const MessageKind kind{.bytes = 200, .text = true, .compressed = true, .keep = keep};
    const Reading all(kind);
    Compressor compressor(keep);
    std::string stream;
    for (std::size_t i = 0; i < 3; ++i) {
      std::string frame = server_frame(Opcode::text, compressor.compressed(all.payload(i)));
      frame[0] = static_cast<char>(frame[0] | 0x40);
      stream += frame;
    }
    stream += all.echo(3);
    expect_at_every_split(kind, stream, 4, {});
  }
}

TEST(EchoReader, TellsWhatEchoesTookOnTheWire) {
  for (const bool keep : {false, true}) {
    const MessageKind kind{.bytes = 200, .compressed = true, .keep = keep};
    const Reading all(kind);
    const std::string first = Compressor(keep).compressed(all.payload(0));
    std::string in_two = server_frame(Opcode::binary, first.substr(0, 3));
    in_two[0] = 0x42;
    std::string rest = server_frame(Opcode::continuation, first.substr(3));
    const std::string stream =
        in_two + server_frame(Opcode::ping, "of no account") + rest + all.echo(1);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      Reading reading(kind);
      reading.take(std::string_view(stream).substr(0, at));
      reading.take(std::string_view(stream).substr(at));
      EXPECT_EQ(reading.wire_bytes(), first.size() + kind.bytes) << "cut at " << at;
    }
    Reading unfinished(kind);
    unfinished.take(in_two);
    EXPECT_EQ(unfinished.wire_bytes(), 0);
  }
}

TEST(EchoReader, InflatesWhatFollowsOneThatIsEmptyOrTooLong) {
  const MessageKind kind{.bytes = 20, .compressed = true, .keep = true};
  const Reading all(kind);
  Compressor compressor(true);
  std::string stream;
  for (const std::string& payload :
       {all.payload(0), std::string(), std::string(5000, 'a'), all.payload(3)}) {
    std::string frame = server_frame(Opcode::binary, compressor.compressed(payload));
    frame[0] = static_cast<char>(frame[0] | 0x40);
    stream += frame;
  }
  expect_at_every_split(kind, stream, 4, {"wrong length", "wrong length"});
}

TEST(EchoReader, NoticesWhatCannotBeInflated) {
  std::string frame = server_frame(Opcode::text, "\xFF\xFF\xFF");
  frame[0] = static_cast<char>(frame[0] | 0x40);
  for (const bool keep : {false, true}) {
    Reading reading({.bytes = 200, .text = true, .compressed = true, .keep = keep});
    reading.take(frame + frame);
    reading.give_up();
    // What follows in the same window can't be inflated, either.
    EXPECT_EQ(reading.findings.broken, keep);
    EXPECT_EQ(reading.kinds(), keep ? Kinds{"wrong content"} : Kinds(2, "wrong content"));
  }
}

TEST(EchoReader, CollectsNoMoreOfACompressedMessageThanItMayHave) {
  std::string frame =
      server_frame(Opcode::binary, std::string(compressed_bytes_max(20) + 1000, '\xFF'));
  frame[0] = static_cast<char>(frame[0] | 0x40);
  for (const bool keep : {false, true}) {
    Reading reading({.bytes = 20, .compressed = true, .keep = keep});
    for (std::size_t i = 0; i < frame.size(); i += 100) {
      reading.take(std::string_view(frame).substr(i, 100));
    }
    reading.give_up();
    EXPECT_EQ(reading.kinds(), Kinds{"wrong length"});
    EXPECT_EQ(reading.findings.broken, keep);
  }
}

TEST(EchoReader, NoticesThatALongMessageInflates) {
  Reading reading({.bytes = 20, .text = true, .compressed = true});
  std::string frame =
      server_frame(Opcode::text, Compressor(false).compressed(std::string(5000, 'a')));
  frame[0] = static_cast<char>(frame[0] | 0x40);
  reading.take(frame);
  reading.give_up();
  EXPECT_EQ(reading.kinds(), Kinds{"wrong length"});
}

}  // namespace
}  // namespace duplex::app::bench

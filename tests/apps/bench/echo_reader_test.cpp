#include "bench/echo_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "bench/echo_order.hpp"

namespace duplex::app::bench {
namespace {

using websocket::Opcode;

/// A reader of messages of five bytes, which presents input as a connection does: before each read
/// there are as many messages under way as there should be, and one more for each that is held.
class Reading {
 public:
  explicit Reading(const MessageKind& kind = {.bytes = 5}, std::uint64_t depth = 10)
      : messages_(kind),
        rules_{.messages = &messages_, .inflater = &inflater_, .keep = kind.keep},
        depth_(depth) {
    reader_.begin(rules_, 0);
  }

  void take(std::string_view bytes) {
    std::string copy(bytes);
    Bytes input = std::as_writable_bytes(std::span(copy));
    const std::uint64_t taken = reader_.take_expected(rules_, input);
    answered_ += taken;
    if (!input.empty()) {
      const std::uint64_t under_way = depth_ + held_ - std::min(taken, depth_);
      reader_.read_closely(rules_, input, under_way, findings);
    }
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
  bool takes_all_as_expected(std::string_view bytes) {
    std::string copy(bytes);
    Bytes input = std::as_writable_bytes(std::span(copy));
    answered_ += reader_.take_expected(rules_, input);
    return input.empty();
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
    result.reserve(findings.faults.size());
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
                           const Kinds& kinds, std::uint64_t depth = 10) {
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

/// Streams of small messages with something wrong about them, all of which are under way.
struct Course {
  const char* name;
  /// Numbers of messages that come, as they were sent; or what else comes.
  std::vector<std::string> comes;
  std::uint64_t answered;
  Kinds kinds;
};

std::vector<Course> courses() {
  const Reading all(small);
  const auto echo = [&all](std::size_t number) { return all.echo(number); };
  const auto says = [](std::string_view text) { return server_frame(Opcode::text, text); };
  const std::string other = server_frame(Opcode::binary, "?????");
  const std::string longer = server_frame(Opcode::binary, "???????");
  return {
      {"one is lost", {echo(0), echo(2), echo(3)}, 3, {"lost"}},
      {"the first is lost", {echo(1), echo(2)}, 2, {"lost"}},
      {"three are lost", {echo(0), echo(4), echo(5)}, 3, {"lost", "lost", "lost"}},
      {"two are lost apart", {echo(1), echo(3), echo(4)}, 3, {"lost", "lost"}},
      {"two are swapped", {echo(1), echo(0), echo(2)}, 3, {"out of order"}},
      {"one comes late", {echo(1), echo(2), echo(0), echo(3)}, 4, {"out of order"}},
      {"two come late, the other way round",
       {echo(2), echo(1), echo(0), echo(3)},
       4,
       {"out of order", "out of order"}},
      {"one comes late, another never", {echo(2), echo(1), echo(3)}, 3, {"out of order", "lost"}},
      {"one comes twice", {echo(0), echo(0), echo(1)}, 2, {"twice"}},
      {"one comes three times", {echo(0), echo(0), echo(0), echo(1)}, 2, {"twice", "twice"}},
      {"one comes again", {echo(0), echo(1), echo(2), echo(0), echo(3)}, 4, {"twice"}},
      {"all come again", {echo(0), echo(1), echo(0), echo(1), echo(2)}, 3, {"twice", "twice"}},
      {"one comes late and again",
       {echo(1), echo(0), echo(0), echo(2)},
       3,
       {"out of order", "twice"}},
      {"a greeting", {says("welcome"), echo(0), echo(1)}, 2, {"unasked"}},
      {"a greeting of the same length", {says("hello"), echo(0), echo(1)}, 2, {"unasked"}},
      {"an empty greeting", {says(""), echo(0)}, 1, {"unasked"}},
      {"greetings", {longer, other, says(""), echo(0)}, 1, {"unasked", "unasked", "unasked"}},
      {"something amidst others", {echo(0), other, echo(1), echo(2)}, 3, {"unasked"}},
      {"one is changed", {echo(0), other, echo(2)}, 3, {"wrong content"}},
      {"one is made of two that are under way",
       {server_frame(Opcode::binary, all.payload(0).substr(0, 2) + all.payload(3).substr(2)),
        echo(1)},
       2,
       {"wrong content"}},
      {"one has more behind it",
       {echo(0), server_frame(Opcode::binary, all.payload(2) + "!"), echo(2)},
       3,
       {"wrong length"}},
      {"one is longer", {echo(0), longer, echo(2)}, 3, {"wrong length"}},
      {"the last is changed", {echo(0), other}, 2, {"wrong content"}},
      {"all are changed",
       {other, longer, other, longer, other, longer, echo(6)},
       7,
       {"wrong content", "wrong length", "wrong content", "wrong length", "wrong content",
        "wrong length"}},
      {"one is changed, the next is lost", {other, echo(2)}, 2, {"wrong content", "lost"}},
      {"one is changed, and something said",
       {other, other, echo(1)},
       2,
       {"wrong content", "unasked"}},
      {"something is said between two that are swapped",
       {echo(1), other, echo(0), echo(2)},
       3,
       {"out of order", "unasked"}},
      {"something is said between one and the same again",
       {echo(0), other, echo(0), echo(1)},
       2,
       {"twice", "unasked"}},
      {"one of another type is behind one that is lost",
       {server_frame(Opcode::text, all.payload(1)), echo(2)},
       2,
       {"wrong content", "lost"}},
  };
}

TEST(EchoReader, TellsWhatHappenedAndGoesOnInStep) {
  for (const auto& [name, comes, answered, kinds] : courses()) {
    SCOPED_TRACE(name);
    std::string stream;
    for (const std::string& one : comes) stream += one;
    expect_at_every_split(small, stream, answered, kinds);
  }
}

TEST(EchoReader, IsAsFastAsEverWhenItIsInStepAgain) {
  const Reading all(small);
  const std::string lost = all.echo(1);
  Reading reading;
  reading.take(lost);
  for (std::size_t i = 2; i < 100; ++i) reading.take(all.echo(i));
  EXPECT_EQ(reading.kinds(), Kinds{"lost"});
  EXPECT_EQ(reading.passed_over(), 0);
  EXPECT_TRUE(reading.takes_all_as_expected(all.echo(100) + all.echo(101)));
}

TEST(EchoReader, SaysWhatHappened) {
  Reading reading;
  reading.take(reading.echoes({0, 0, 2, 1, 4}) + server_frame(Opcode::text, "hello you") +
               reading.echo(5));
  reading.give_up();
  std::vector<std::string> texts;
  texts.reserve(reading.findings.faults.size());
  for (const Fault& fault : reading.findings.faults) texts.push_back(fault.text);
  EXPECT_EQ(texts, (std::vector<std::string>{
                       "a message came back twice, the second time where one was due that was sent "
                       "1 later",
                       "a message came back behind one that was sent 1 later",
                       "a message of 9 bytes came that answers none",
                       "a message did not come back, and one that was sent later did",
                   }));
}

TEST(EchoReader, TakesNothingForAnAnswerWhileNothingIsUnderWay) {
  const Reading all(small);
  const std::string greeting = server_frame(Opcode::text, "welcome");
  Reading reading(small, 0);
  reading.take(greeting + server_frame(Opcode::binary, "?????"));
  EXPECT_EQ(reading.kinds(), Kinds(2, "unasked"));
  reading.set_depth(1);
  reading.take(all.echo(0));
  reading.set_depth(0);
  reading.take(all.echo(0));
  EXPECT_EQ(reading.kinds(), (Kinds{"unasked", "unasked", "twice"}));
  // Not even what is due.
  reading.take(server_frame(Opcode::text, "?") + all.echo(1));
  EXPECT_EQ(reading.kinds().size(), 5);
  EXPECT_EQ(reading.answered(), 1);
  reading.set_depth(1);
  reading.take(all.echo(1));
  EXPECT_EQ(reading.answered(), 2);
  EXPECT_EQ(reading.held(), 0);
}

TEST(EchoReader, TakesNoMoreForAnswersThanAreUnderWay) {
  Reading reading(small, 2);
  const std::string other = server_frame(Opcode::binary, "?????");
  reading.take(other + other + other);
  EXPECT_EQ(reading.held(), 2);
  EXPECT_EQ(reading.kinds(), Kinds{"unasked"});
  // Nor does it look further ahead, or it would be the fourth.
  Reading another(small, 3);
  another.take(another.echo(3));
  EXPECT_EQ(another.held(), 1);
  another.give_up();
  EXPECT_EQ(another.kinds(), Kinds{"wrong content"});
}

TEST(EchoReader, TellsWhatItCanOfTwoThatTakeTurns) {
  const MessageKind large{.bytes = 20'000};
  Reading reading(large, 20);
  reading.take(reading.echoes({0, 1, 0, 1, 1, 0, 1, 0}));
  reading.give_up();
  EXPECT_EQ(reading.kinds(), Kinds{"lost"});
  Reading one(large, 1);
  one.take(one.echo(0) + one.echo(1));
  one.take(one.echo(1));
  one.take(one.echo(0));
  EXPECT_EQ(one.kinds(), Kinds{"twice"});
  EXPECT_EQ(one.answered(), 3);
}

TEST(EchoReader, HoldsSomeThatItDoesNotKnowAndTakesTheRestForAnswers) {
  const std::string other = server_frame(Opcode::binary, "?????");
  Reading reading(small, 1);
  for (std::size_t i = 1; i <= EchoOrder::held_max; ++i) {
    reading.take(other);
    EXPECT_EQ(reading.held(), i);
  }
  EXPECT_EQ(reading.answered(), 0);
  for (std::size_t i = 1; i <= 3; ++i) {
    reading.take(other);
    EXPECT_EQ(reading.held(), 0);
    EXPECT_EQ(reading.answered(), EchoOrder::held_max + i);
  }
  reading.take(reading.echo(EchoOrder::held_max + 3));
  reading.take(other);
  EXPECT_EQ(reading.held(), 1);
  reading.accept_held();
  EXPECT_EQ(reading.answered(), EchoOrder::held_max + 5);
  EXPECT_EQ(reading.kinds(), Kinds(EchoOrder::held_max + 4, "wrong content"));
}

TEST(EchoReader, RemembersForAWhileWhatWasPassedOver) {
  for (const std::uint64_t behind : {EchoOrder::remembered - 2, EchoOrder::remembered}) {
    Reading reading(small, 4);
    for (std::uint64_t i = 1; i <= behind; ++i) reading.take(reading.echo(i));
    const bool remembered = behind < EchoOrder::remembered;
    EXPECT_EQ(reading.passed_over(), remembered ? 1 : 0);
    EXPECT_EQ(reading.kinds(), remembered ? Kinds{} : Kinds{"lost"});
    if (remembered) reading.take(reading.echo(0));
    reading.give_up();
    EXPECT_EQ(reading.kinds(), remembered ? Kinds{"out of order"} : Kinds{"lost"});
    EXPECT_EQ(reading.answered(), behind + (remembered ? 1 : 0));
  }
}

TEST(EchoReader, KnowsWhatCameTwiceForAWhile) {
  for (const std::size_t behind : {EchoOrder::repeated_max, EchoOrder::repeated_max + 1}) {
    Reading reading(small, 4);
    for (std::size_t i = 0; i < behind; ++i) reading.take(reading.echo(i));
    reading.take(reading.echo(0) + reading.echo(behind));
    EXPECT_EQ(reading.kinds(),
              behind == EchoOrder::repeated_max ? Kinds{"twice"} : Kinds{"unasked"});
    EXPECT_EQ(reading.answered(), behind + 1);
  }
}

TEST(EchoReader, StepsBackFromWhatNobodyAskedFor) {
  const Reading all(small);
  const std::string next = all.echo(1);
  for (std::size_t at = 0; at < next.size(); ++at) {
    Reading reading(small, 1);
    // The last whole one was not under way, though it is the next; nor is what begins behind it.
    reading.take(all.echoes({0, 1}) + all.echo(2).substr(0, at));
    reading.step_back(1);
    reading.take(all.echo(2).substr(at));
    for (const std::size_t number : {1UZ, 2UZ, 3UZ}) reading.take(all.echo(number));
    EXPECT_EQ(reading.kinds(), Kinds{"unasked"}) << at;
    EXPECT_EQ(reading.answered(), 5) << at;
    EXPECT_EQ(reading.held(), 0) << at;
  }
}

TEST(EchoReader, CanTellNothingApartThatIsAllTheSame) {
  const MessageKind same{.bytes = 5, .content = Content::own, .own = "hello"};
  const std::string echo = server_frame(Opcode::binary, "hello");
  const std::string other = server_frame(Opcode::binary, "Hello");
  const std::string longer = server_frame(Opcode::binary, "hello!");
  expect_at_every_split(same, echo + echo + other + longer + echo, 5,
                        {"wrong content", "wrong length"});
  Reading reading(same, 0);
  reading.take(other);
  EXPECT_EQ(reading.kinds(), Kinds{"unasked"});
}

TEST(EchoReader, TellsWhatHappenedToCompressedMessages) {
  for (const bool keep : {false, true}) {
    const MessageKind kind{.bytes = 200, .text = true, .compressed = true, .keep = keep};
    const Reading all(kind);
    Compressor compressor(keep);
    std::string stream;
    const auto add = [&](std::string_view payload) {
      std::string frame = server_frame(Opcode::text, compressor.compressed(payload));
      frame[0] = static_cast<char>(frame[0] | 0x40);
      stream += frame;
    };
    add("welcome");
    for (const std::size_t number : {0UZ, 0UZ, 2UZ, 3UZ, 5UZ, 4UZ}) add(all.payload(number));
    add(std::string(all.payload(6)).replace(150, 1, "?"));
    add(all.payload(7));
    expect_at_every_split(kind, stream, 7,
                          {"unasked", "twice", "out of order", "wrong content", "lost"});
  }
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

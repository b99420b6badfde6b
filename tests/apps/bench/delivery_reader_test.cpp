#include "bench/delivery_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "bench/known_deliveries.hpp"

namespace duplex::app::bench {
namespace {

using websocket::Opcode;
using Kinds = std::vector<std::string>;

/// A server's frame whose first bits are these besides: FIN, RSV1, an opcode.
std::string frame_with(unsigned bits, std::string_view payload) {
  std::string frame = server_frame(Opcode::binary, payload);
  frame[0] = static_cast<char>(bits);
  return frame;
}

constexpr unsigned fin = 0x80;
constexpr unsigned rsv1 = 0x40;
constexpr unsigned textual = 0x01;
constexpr unsigned binary = 0x02;
constexpr unsigned continuation = 0x00;

/// A compressed message in one frame.
std::string compressed_frame(std::string_view payload, unsigned opcode = binary) {
  return frame_with(fin | rsv1 | opcode, payload);
}

/// A subscriber of what two publish.
class Delivering {
 public:
  explicit Delivering(const MessageKind& kind = {.bytes = 40}, bool length_only = false)
      : Delivering(Messages(kind), length_only) {}
  explicit Delivering(const Messages& those, bool length_only = false)
      : messages(those),
        rules{.messages = &messages, .publishers = 2, .length_only = length_only, .known = &known},
        reader(rules) {}

  std::string payload(std::uint16_t publisher, std::uint64_t sequence, Time time = 7) const {
    std::string payload(messages.payload(0));
    Stamp{.publisher = publisher, .sequence = sequence, .time = time}.write(payload.data(),
                                                                            messages.kind().text);
    return payload;
  }
  std::string message(std::uint16_t publisher, std::uint64_t sequence, Time time = 7) const {
    return server_frame(messages.opcode(), payload(publisher, sequence, time));
  }

  void take(std::string_view bytes) {
    std::string copy(bytes);
    reader.read(std::as_writable_bytes(std::span(copy)), arrivals, findings);
  }

  Kinds kinds() const {
    Kinds kinds;
    for (const Fault& fault : findings.faults) kinds.push_back(fault.kind);
    return kinds;
  }
  std::string kind() const {
    return findings.faults.size() == 1 ? findings.faults.front().kind : "";
  }
  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> sequences;
    for (const Arrival& arrival : arrivals) sequences.push_back(arrival.stamp.sequence);
    return sequences;
  }

  Messages messages;
  KnownDeliveries known;
  DeliveryRules rules;
  DeliveryReader reader;
  std::vector<Arrival> arrivals;
  Findings findings;
};

/// What a reader finds in `stream`, whichever way it is cut in two, and byte by byte.
struct Expected {
  std::vector<std::uint64_t> sequences = {};
  Kinds kinds = {};
  std::size_t pings = 0;
  bool broken = false;
};

void expect_found(const Delivering& delivering, const Expected& expected) {
  EXPECT_EQ(delivering.sequences(), expected.sequences);
  EXPECT_EQ(delivering.kinds(), expected.kinds);
  EXPECT_EQ(delivering.findings.pings.size(), expected.pings);
  EXPECT_EQ(delivering.findings.broken, expected.broken);
}

void expect_at_every_split(const MessageKind& kind, std::string_view stream,
                           const Expected& expected) {
  const Messages messages(kind);
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    SCOPED_TRACE(at);
    Delivering delivering(messages);
    delivering.take(stream.substr(0, at));
    delivering.take(stream.substr(at));
    expect_found(delivering, expected);
  }
  Delivering delivering(messages);
  for (const char byte : stream) delivering.take({&byte, 1});
  expect_found(delivering, expected);
}

TEST(DeliveryReader, ReadsStampsAtEverySplit) {
  for (const bool text : {false, true}) {
    const MessageKind kind{.bytes = 40, .text = text};
    const Delivering all(kind);
    const std::string stream = all.message(0, 0, 123'456'789'012) + all.message(1, 5) +
                               server_frame(Opcode::ping, "") + all.message(0, 1);
    for (std::size_t at = 0; at <= stream.size(); ++at) {
      Delivering delivering(kind);
      delivering.take(stream.substr(0, at));
      delivering.take(stream.substr(at));
      ASSERT_TRUE(delivering.findings.faults.empty());
      ASSERT_EQ(delivering.arrivals.size(), 3);
      EXPECT_EQ(delivering.arrivals[0].stamp.time, 123'456'789'012);
      EXPECT_EQ(delivering.arrivals[1].stamp.publisher, 1);
      EXPECT_EQ(delivering.arrivals[1].stamp.sequence, 5);
      EXPECT_EQ(delivering.arrivals[2].stamp.sequence, 1);
      EXPECT_EQ(delivering.findings.pings.size(), 1);
    }
  }
}

TEST(DeliveryReader, TakesGapsForLossAndRefusesWhatIsOutOfOrder) {
  Delivering delivering;
  delivering.take(delivering.message(0, 3) + delivering.message(0, 9));
  EXPECT_EQ(delivering.arrivals.size(), 2);
  EXPECT_TRUE(delivering.findings.faults.empty());
  delivering.take(delivering.message(0, 9));
  EXPECT_EQ(delivering.kind(), "out of order");
}

TEST(DeliveryReader, RefusesWhatNobodyHerePublished) {
  Delivering unknown;
  unknown.take(unknown.message(2, 0));
  EXPECT_EQ(unknown.kind(), "wrong content");
  Delivering changed;
  std::string message = changed.message(0, 0);
  message.back() ^= 1;
  changed.take(message);
  EXPECT_EQ(changed.kind(), "wrong content");
  Delivering text({.bytes = 40, .text = true});
  text.take(server_frame(Opcode::text, std::string(40, 'z')));
  EXPECT_EQ(text.kind(), "wrong content");
}

TEST(DeliveryReader, RefusesAnotherLength) {
  for (const std::size_t bytes : {0UZ, 15UZ, 39UZ, 41UZ}) {
    Delivering delivering;
    delivering.take(server_frame(Opcode::binary, std::string(bytes, 'a')));
    EXPECT_EQ(delivering.kind(), "wrong length") << bytes;
  }
}

const MessageKind compressed{.bytes = 40, .compressed = true};
const MessageKind compressed_and_kept{.bytes = 40, .compressed = true, .keep = true};

TEST(DeliveryReader, InflatesWhatIsDelivered) {
  for (const bool is_text : {false, true}) {
    for (const bool keep : {false, true}) {
      const MessageKind kind{.bytes = 200, .text = is_text, .compressed = true, .keep = keep};
      const Delivering all(kind);
      Compressor compressor(keep);
      std::string stream;
      for (const std::uint64_t sequence : {0U, 1U, 4U}) {
        stream += compressed_frame(compressor.compressed(all.payload(1, sequence)),
                                   is_text ? textual : binary);
        stream += server_frame(Opcode::ping, "");
      }
      ASSERT_LT(stream.size(), 3 * kind.bytes);
      expect_at_every_split(kind, stream, {.sequences = {0, 1, 4}, .pings = 3});
    }
  }
}

TEST(DeliveryReader, NoticesThatTextBecomesBinaryAndTheOtherWayRound) {
  const Delivering all;
  const std::string payload = all.payload(0, 0);
  const std::string stream = frame_with(fin | textual, payload) +
                             frame_with(textual, payload.substr(0, 9)) +
                             frame_with(fin | continuation, payload.substr(9)) + all.message(0, 1);
  expect_at_every_split({.bytes = 40}, stream,
                        {.sequences = {1}, .kinds = {"wrong content", "wrong content"}});
  const MessageKind compressed_text{.bytes = 40, .text = true, .compressed = true};
  const Delivering others(compressed_text);
  expect_at_every_split(compressed_text,
                        compressed_frame(Compressor(false).compressed(others.payload(0, 0))),
                        {.kinds = {"wrong content"}});
}

TEST(DeliveryReader, TakesThatTheServerChoosesForEachMessage) {
  for (const MessageKind& kind : {compressed, compressed_and_kept}) {
    const Delivering all(kind);
    Compressor compressor(kind.keep);
    std::string stream = all.message(0, 0);
    stream += compressed_frame(compressor.compressed(all.payload(0, 1)));
    stream += all.message(0, 2);
    stream += compressed_frame(compressor.compressed(all.payload(0, 3)));
    expect_at_every_split(kind, stream, {.sequences = {0, 1, 2, 3}});
  }
}

TEST(DeliveryReader, TellsWhatEachMessageTookOnTheWire) {
  for (const MessageKind& kind : {compressed, compressed_and_kept}) {
    Delivering delivering(kind);
    Compressor compressor(kind.keep);
    const std::string first = compressor.compressed(delivering.payload(0, 0));
    const std::string second = compressor.compressed(delivering.payload(0, 1));
    delivering.take(compressed_frame(first) + delivering.message(1, 0));
    delivering.take(frame_with(rsv1 | binary, second.substr(0, 5)) +
                    frame_with(fin | continuation, second.substr(5)));
    ASSERT_EQ(delivering.arrivals.size(), 3);
    EXPECT_EQ(delivering.arrivals[0].wire_bytes, first.size());
    EXPECT_EQ(delivering.arrivals[1].wire_bytes, kind.bytes);
    EXPECT_EQ(delivering.arrivals[2].wire_bytes, second.size());
  }
}

TEST(DeliveryReader, CollectsFragmentsOfWhatIsCompressed) {
  for (const MessageKind& kind : {compressed, compressed_and_kept}) {
    const Delivering all(kind);
    const std::string whole = Compressor(false).compressed(all.payload(0, 0));
    const std::string ping = server_frame(Opcode::ping, "hi");
    std::string stream = frame_with(rsv1 | binary, "");
    stream += ping + frame_with(continuation, whole.substr(0, 1));
    stream += frame_with(continuation, whole.substr(1, 9)) + ping;
    stream += frame_with(fin | continuation, whole.substr(10));
    stream += all.message(0, 1);
    stream += frame_with(rsv1 | binary, Compressor(false).compressed(all.payload(0, 2)));
    stream += frame_with(fin | continuation, "");
    expect_at_every_split(kind, stream, {.sequences = {0, 1, 2}, .pings = 2});
  }
}

TEST(DeliveryReader, RefusesCompressionThatWasNotAgreedOn) {
  const Delivering all;
  const std::string stream =
      all.message(0, 0) + compressed_frame(Compressor(false).compressed(all.payload(0, 1)));
  expect_at_every_split({.bytes = 40}, stream,
                        {.sequences = {0}, .kinds = {"protocol"}, .broken = true});
}

TEST(DeliveryReader, NoticesWhatCannotBeInflated) {
  const Delivering all(compressed);
  const std::string stream = compressed_frame("\xFF\xFF\xFF") +
                             compressed_frame(Compressor(false).compressed(all.payload(0, 1)));
  expect_at_every_split(compressed, stream, {.sequences = {1}, .kinds = {"wrong content"}});
  // Which, where windows are kept, is the end of all that could be read.
  expect_at_every_split(compressed_and_kept, stream, {.kinds = {"wrong content"}, .broken = true});
}

TEST(DeliveryReader, NoticesThatCompressedMessagesHaveAnotherLength) {
  for (const MessageKind& kind : {compressed, compressed_and_kept}) {
    for (const std::size_t bytes : {0UZ, 15UZ, 39UZ, 41UZ, 20'000UZ}) {
      SCOPED_TRACE(bytes);
      const Delivering all(kind);
      Compressor compressor(kind.keep);
      std::string stream = compressed_frame(compressor.compressed(all.payload(0, 0)));
      stream += compressed_frame(compressor.compressed(std::string(bytes, 'a')));
      // It may refer to that.
      stream += compressed_frame(compressor.compressed(all.payload(0, 1)));
      expect_at_every_split(kind, stream, {.sequences = {0, 1}, .kinds = {"wrong length"}});
    }
  }
}

TEST(DeliveryReader, CollectsNoMoreThanCompressingMakesOfAMessage) {
  const Delivering all(compressed);
  // A block of no bytes, again and again.
  std::string endless;
  while (endless.size() < 5000) endless += std::string("\x00\x00\x00\xFF\xFF", 5);
  const std::string stream = frame_with(rsv1 | binary, endless) +
                             frame_with(continuation, endless) +
                             frame_with(fin | continuation, endless) +
                             compressed_frame(Compressor(false).compressed(all.payload(0, 1)));
  for (const std::size_t at : {0UZ, 100UZ, 5000UZ, 5010UZ, 14'000UZ}) {
    Delivering delivering(compressed);
    delivering.take(stream.substr(0, at));
    delivering.take(stream.substr(at));
    expect_found(delivering, {.sequences = {1}, .kinds = {"wrong length"}});
  }
  Delivering kept(compressed_and_kept);
  kept.take(stream);
  expect_found(kept, {.kinds = {"wrong length"}, .broken = true});
}

TEST(DeliveryReader, RefusesCompressedMessagesThatNobodyHerePublished) {
  for (const MessageKind& kind : {compressed, compressed_and_kept}) {
    const Delivering all(kind);
    Compressor compressor(kind.keep);
    std::string changed = all.payload(0, 0);
    changed.back() ^= 1;
    std::string stream = compressed_frame(compressor.compressed(changed));
    stream += compressed_frame(compressor.compressed(all.payload(2, 0)));
    stream += compressed_frame(compressor.compressed(all.payload(1, 0)));
    expect_at_every_split(kind, stream,
                          {.sequences = {0}, .kinds = {"wrong content", "wrong content"}});
  }
}

TEST(DeliveryReader, RefusesTheSameBytesASecondTime) {
  const Delivering all(compressed);
  const std::string message = compressed_frame(Compressor(false).compressed(all.payload(0, 5)));
  expect_at_every_split(compressed, message + message,
                        {.sequences = {5}, .kinds = {"out of order"}});
}

TEST(DeliveryReader, TakesAnyCompressedContentThatIsLongEnough) {
  Delivering delivering(compressed, true);
  std::string changed = delivering.payload(0, 0);
  changed.back() ^= 1;
  delivering.take(compressed_frame(Compressor(false).compressed(changed)));
  expect_found(delivering, {.sequences = {0}});
}

TEST(DeliveryReader, SharesWhatIsKnownWithTheOthersOfItsThread) {
  Delivering delivering(compressed);
  const std::string stream =
      compressed_frame(Compressor(false).compressed(delivering.payload(0, 0))) +
      compressed_frame(Compressor(false).compressed(delivering.payload(0, 1)));
  delivering.take(stream);
  DeliveryReader other(delivering.rules);
  std::string copy = stream;
  other.read(std::as_writable_bytes(std::span(copy)), delivering.arrivals, delivering.findings);
  expect_found(delivering, {.sequences = {0, 1, 0, 1}});
  EXPECT_EQ(delivering.known.count(), 2);
}

}  // namespace
}  // namespace duplex::app::bench

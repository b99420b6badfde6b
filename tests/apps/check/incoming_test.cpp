#include "check/incoming.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "check/payloads.hpp"

namespace duplex::app::check {
namespace {

using testing::HasSubstr;

constexpr MaskKey key{1, 2, 3, 4};

/// Everything that comes of `bytes`, in words, when they come in pieces of `piece`.
std::vector<std::string> read(std::string_view bytes, End sender, std::size_t piece) {
  Log log;
  Incoming incoming(sender, std::nullopt, log);
  std::string buffer;
  std::vector<std::string> events;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    buffer += bytes.substr(0, piece);
    std::string_view rest = buffer;
    while (const auto event = incoming.next(rest)) events.push_back(describe(*event));
    buffer.erase(0, buffer.size() - rest.size());
  }
  EXPECT_TRUE(buffer.empty());
  return events;
}

TEST(CheckIncoming, PutsMessagesTogetherHoweverTheyAreCut) {
  for (const End sender : {End::client, End::server}) {
    std::string bytes = encode({.opcode = Opcode::ping, .payload = "p"}, sender, key);
    for (const Frame& frame : fragments(text("hello"), 2)) bytes += encode(frame, sender, key);
    bytes += encode(whole(binary(binary_payload(300))), sender, key);
    bytes += encode({.opcode = Opcode::pong}, sender, key);
    bytes += encode({.opcode = Opcode::close, .payload = close_payload(1000, "bye")}, sender, key);
    const auto expected = read(bytes, sender, bytes.size());
    ASSERT_EQ(expected.size(), 5);
    EXPECT_EQ(expected[0], "a ping");
    EXPECT_EQ(expected[1], "a text message of 5 bytes, \"hello\"");
    EXPECT_THAT(expected[2], HasSubstr("a binary message of 300 bytes"));
    EXPECT_EQ(expected[4], "a close frame with 1000 (\"bye\")");
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
      EXPECT_EQ(read(bytes, sender, piece), expected);
    }
  }
}

/// What is wrong with `bytes` of a server.
std::string fault_of(std::string_view bytes, const std::optional<DeflateParameters>& deflate = {}) {
  Log log;
  Incoming incoming(End::server, deflate, log);
  try {
    while (incoming.next(bytes)) {
    }
  } catch (const PeerFault& fault) {
    return fault.what();
  }
  return "none";
}

std::string fault_of(const std::vector<Frame>& frames,
                     const std::optional<DeflateParameters>& deflate = {}) {
  std::string bytes;
  for (const Frame& frame : frames) bytes += encode(frame, End::server, key);
  return fault_of(bytes, deflate);
}

TEST(CheckIncoming, FindsEachFault) {
  const auto close = [](std::string payload) {
    return Frame{.opcode = Opcode::close, .payload = std::move(payload)};
  };
  const struct {
    std::vector<Frame> frames;
    std::string_view words;
  } cases[] = {
      {{{.masking = Masking::always}}, "masked, though a server never masks"},
      {{{.reserved = rsv::one}}, "reserved bit"},
      {{{.reserved = rsv::two}}, "reserved bit"},
      {{{.opcode = Opcode::ping, .reserved = rsv::three}}, "reserved bit"},
      {{{.opcode = Opcode{3}}}, "reserved opcode 0x3"},
      {{{.opcode = Opcode{15}}}, "reserved opcode 0xf"},
      {{{.form = LengthForm::two_bytes}}, "the length 0 in 2 bytes"},
      {{{.payload = std::string(125, 'a'), .form = LengthForm::two_bytes}}, "the length 125"},
      {{{.payload = std::string(65535, 'a'), .form = LengthForm::eight_bytes}}, "in 8 bytes"},
      {{{.claimed_length = std::uint64_t{1} << 63}}, "more than"},
      {{{.opcode = Opcode::ping, .fin = false}}, "in fragments"},
      {{{.opcode = Opcode::pong, .payload = std::string(126, 'a')}}, "125 are allowed"},
      {{{.opcode = Opcode::continuation}}, "without a message"},
      {{{.fin = false}, {}}, "inside of another"},
      {{{.payload = "\xc3"}}, "not UTF-8"},
      {{{.payload = "\xc3", .fin = false}, {.opcode = Opcode::continuation, .payload = "a"}},
       "not UTF-8"},
      {{close("a")}, "one byte"},
      {{close(close_payload(999))}, "999"},
      {{close(close_payload(1004))}, "1004"},
      {{close(close_payload(1005))}, "1005"},
      {{close(close_payload(1006))}, "1006"},
      {{close(close_payload(1015))}, "1015"},
      {{close(close_payload(2999))}, "2999"},
      {{close(close_payload(5000))}, "5000"},
      {{close(close_payload(1000, "\xff"))}, "reason"},
      {{close(close_payload(1000)), {.payload = "more"}}, "behind its close frame"},
  };
  for (const auto& [frames, words] : cases) EXPECT_THAT(fault_of(frames), HasSubstr(words));
  Log log;
  Incoming from_client(End::client, std::nullopt, log);
  const std::string unmasked = encode({.payload = "a"}, End::server, key);
  std::string_view view = unmasked;
  EXPECT_THROW(from_client.next(view), PeerFault);
}

TEST(CheckIncoming, LetsGoodFramesBe) {
  constexpr std::uint16_t codes[] = {1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999};
  for (const std::uint16_t code : codes) {
    EXPECT_EQ(fault_of({{.opcode = Opcode::close, .payload = close_payload(code)}}), "none");
  }
  EXPECT_EQ(fault_of({{.opcode = Opcode::close}}), "none");
  EXPECT_EQ(fault_of({{.fin = false}, {.opcode = Opcode::ping}, {.opcode = Opcode::continuation}}),
            "none");
}

TEST(CheckIncoming, DecompressesWhatMayBeCompressed) {
  const DeflateParameters parameters;
  const std::string packed = Deflater(parameters.from_server).compress("hello");
  EXPECT_EQ(fault_of({{.payload = packed, .reserved = rsv::one}, {.payload = "plain"}}, parameters),
            "none");
  EXPECT_THAT(fault_of({{.payload = "\xff\xff", .reserved = rsv::one}}, parameters),
              HasSubstr("can't be decompressed"));
  EXPECT_THAT(fault_of({{.payload = packed.substr(0, 3), .reserved = rsv::one}}, parameters),
              HasSubstr("ends in the middle of a block"));
  EXPECT_THAT(fault_of({{.opcode = Opcode::ping, .reserved = rsv::one}}, parameters),
              HasSubstr("reserved bit"));
  EXPECT_THAT(fault_of({{.payload = packed, .fin = false, .reserved = rsv::one},
                        {.opcode = Opcode::continuation, .reserved = rsv::one}},
                       parameters),
              HasSubstr("reserved bit"));
}

TEST(CheckIncoming, TellsWhatIsIncompleteAtTheEnd) {
  Log log;
  Incoming incoming(End::server, std::nullopt, log);
  EXPECT_EQ(incoming.what_is_incomplete(""), "");
  const std::string bytes = encode({.payload = "a", .fin = false}, End::server, key);
  std::string_view view = bytes;
  EXPECT_FALSE(incoming.next(view));
  EXPECT_EQ(incoming.what_is_incomplete(view), "in the middle of a message");
  EXPECT_EQ(incoming.what_is_incomplete("\x81"), "in the middle of a frame");
  ASSERT_EQ(log.entries().size(), 1);
  EXPECT_EQ(log.entries()[0].text, "text, 1 byte  \"a\"");
}

}  // namespace
}  // namespace duplex::app::check

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

#include "fuzz/websocket/frame_parser_properties.hpp"
#include "tests/websocket/support.hpp"
#include <duplex/base/ascii.hpp>
#include <duplex/websocket/frame_parser.hpp>

namespace duplex::websocket {
namespace {

using test::hex;

/// Where `parse_frame_header` refuses the front of `input` first, byte by byte; 0 for never.
std::size_t refused_after(std::string_view input, Role role) {
  for (std::size_t size = 0; size <= input.size(); ++size) {
    if (!parse_frame_header(as_bytes(input.substr(0, size)), role)) return size;
  }
  return 0;
}

TEST(FrameParser, RefusesEachBrokenRuleAtItsByte) {
  struct Case {
    Role role;
    std::string_view bytes;
    Error error;
    std::size_t at;
  };
  using enum Role;
  const Case cases[] = {
      {server, "c1 80 00 00 00 00", Error::reserved_bits_set, 1},
      {server, "a1 80 00 00 00 00", Error::reserved_bits_set, 1},
      {client, "92 00", Error::reserved_bits_set, 1},
      {server, "f9 80 00 00 00 00", Error::reserved_bits_set, 1},
      {server, "83 80 00 00 00 00", Error::reserved_opcode, 1},
      {server, "04 80 00 00 00 00", Error::reserved_opcode, 1},
      {client, "85 00", Error::reserved_opcode, 1},
      {client, "86 00", Error::reserved_opcode, 1},
      {client, "87 00", Error::reserved_opcode, 1},
      {client, "8b 00", Error::reserved_opcode, 1},
      {client, "8c 00", Error::reserved_opcode, 1},
      {client, "8d 00", Error::reserved_opcode, 1},
      {client, "8e 00", Error::reserved_opcode, 1},
      {client, "8f 00", Error::reserved_opcode, 1},
      {server, "08 80 00 00 00 00", Error::control_frame_fragmented, 1},
      {server, "09 80 00 00 00 00", Error::control_frame_fragmented, 1},
      {client, "0a 00", Error::control_frame_fragmented, 1},
      {server, "81 05 48 65 6c 6c 6f", Error::unmasked_frame_from_client, 2},
      {server, "89 7e 01 00", Error::unmasked_frame_from_client, 2},
      {client, "81 85 37 fa 21 3d", Error::masked_frame_from_server, 2},
      {client, "89 7e 00 7e", Error::control_frame_too_long, 2},
      {server, "88 fe 00 7e 00 00 00 00", Error::control_frame_too_long, 2},
      {server, "8a ff 00 00 00 00 00 01 00 00 00 00 00 00", Error::control_frame_too_long, 2},
      {client, "82 7e 00 7d", Error::length_not_minimal, 4},
      {client, "82 7e 00 00", Error::length_not_minimal, 4},
      {server, "82 fe 00 7d 00 00 00 00", Error::length_not_minimal, 4},
      {client, "82 7f 00 00 00 00 00 00 ff ff", Error::length_not_minimal, 8},
      {client, "82 7f 00 00 00 00 00 00 00 00", Error::length_not_minimal, 8},
      {client, "82 7f 80 00 00 00 00 01 00 00", Error::length_too_large, 3},
      {client, "82 7f ff ff ff ff ff ff ff ff", Error::length_too_large, 3},
  };
  for (const Case& each : cases) {
    const std::string bytes = hex(each.bytes);
    const auto parsed = parse_frame_header(as_bytes(bytes), each.role);
    ASSERT_FALSE(parsed) << each.bytes;
    EXPECT_EQ(parsed.error(), each.error) << each.bytes << ": " << describe(parsed.error());
    EXPECT_EQ(refused_after(bytes, each.role), each.at) << each.bytes;

    std::string copy = bytes;
    Bytes input(reinterpret_cast<std::byte*>(copy.data()), copy.size());
    FrameParser parser(each.role);
    for (int again = 0; again < 2; ++again) {
      const auto frame = parser.next(input);
      ASSERT_FALSE(frame);
      EXPECT_EQ(frame.error(), each.error);
    }
  }
}

TEST(FrameParser, ReadsWhatTheEncoderWrites) {
  const std::uint64_t lengths[] = {0,     1,     125,        126,        127,
                                   65535, 65536, 0xFFFFFFFF, 1ULL << 32, (1ULL << 63) - 1};
  for (Role role : {Role::server, Role::client}) {
    for (std::uint64_t length : lengths) {
      for (Opcode opcode : {Opcode::continuation, Opcode::text, Opcode::binary, Opcode::close,
                            Opcode::ping, Opcode::pong}) {
        if (is_control(opcode) && length > control_payload_bytes_max) continue;
        FrameHeader header{.opcode = opcode, .fin = true, .payload_bytes = length};
        if (role == Role::server) {
          header.masked = true;
          header.mask_key = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
        }
        std::array<std::byte, frame_header_bytes_max> bytes;
        const std::size_t size = encode_frame_header(header, bytes);
        for (std::size_t part = 0; part < size; ++part) {
          const auto parsed = parse_frame_header(ConstBytes(bytes).first(part), role);
          ASSERT_TRUE(parsed && !*parsed) << length << " at " << part;
        }
        const auto parsed = parse_frame_header(bytes, role);
        ASSERT_TRUE(parsed && *parsed);
        EXPECT_EQ((*parsed)->size, size);
        EXPECT_EQ((*parsed)->header.opcode, opcode);
        EXPECT_EQ((*parsed)->header.payload_bytes, length);
        EXPECT_EQ((*parsed)->header.mask_key, header.mask_key);
        EXPECT_TRUE((*parsed)->header.fin);
      }
    }
  }
}

TEST(FrameParser, EncodesTheCompressionBitButDoesNotTakeIt) {
  std::array<std::byte, frame_header_bytes_max> bytes;
  encode_frame_header({.opcode = Opcode::text, .rsv1 = true}, bytes);
  EXPECT_EQ(bytes[0], std::byte{0xC1});
  EXPECT_EQ(parse_frame_header(bytes, Role::client).error(), Error::reserved_bits_set);
}

TEST(FrameParser, ReadsTheExamplesOfTheSpecification) {
  std::ifstream file(DUPLEX_VECTORS "/rfc6455_frames.txt");
  ASSERT_TRUE(file);
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t first = line.find('|');
    const std::size_t second = line.find('|', first + 1);
    const std::string_view sender = trim(std::string_view(line).substr(0, first));
    std::string stream = hex(trim(std::string_view(line).substr(first + 1, second - first - 1)));
    std::string expected(trim(std::string_view(line).substr(second + 1)));
    if (expected.ends_with(" bytes")) {
      const std::string payload(parse_decimal(expected.substr(0, expected.find(' '))).value(), 'x');
      stream += payload;
      expected = "binary " + payload;
    }
    CountingMasks masks;
    const SessionOptions options{.role = sender == "server" ? Role::client : Role::server,
                                 .masks = &masks};
    for (const auto& pace : {transcript::whole(), transcript::steps(1)}) {
      EXPECT_THAT(transcript::listen(options, as_bytes(stream), pace).events,
                  testing::ElementsAre(expected));
    }
    ++count;
  }
  EXPECT_EQ(count, 7U);
}

TEST(FrameParser, SeesTheSameFramesHoweverTheyAreCut) {
  const std::string stream = test::fragment(Opcode::text, "one") +
                             test::frame(Opcode::ping, "in between") +
                             test::frame(Opcode::continuation, std::string(300, 'x')) +
                             test::frame(Opcode::binary, "") + "\x81\x85trailing";
  const ParsedStream whole = parse_stream(Role::server, as_bytes(stream), transcript::whole());
  EXPECT_EQ(whole.frames, 5U);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    EXPECT_EQ(parse_stream(Role::server, as_bytes(stream), transcript::cut_at(cut)), whole) << cut;
  }
  EXPECT_EQ(parse_stream(Role::server, as_bytes(stream), transcript::steps(1)), whole);
}

TEST(FrameParser, HandsOutPiecesInPlaceAndUnmasked) {
  std::string stream = test::frame(Opcode::binary, "abcdefghij");
  const Bytes all(reinterpret_cast<std::byte*>(stream.data()), stream.size());
  FrameParser parser(Role::server);
  EXPECT_TRUE(parser.between_frames());

  Bytes input = all.first(6);
  auto frame = parser.next(input);
  ASSERT_TRUE(frame && *frame);
  EXPECT_TRUE((*frame)->begins);
  EXPECT_FALSE((*frame)->ends);
  EXPECT_TRUE((*frame)->payload.empty());
  EXPECT_EQ((*frame)->header.payload_bytes, 10U);
  EXPECT_FALSE(parser.between_frames());
  EXPECT_FALSE(parser.next(input)->has_value());

  input = all.subspan(6, 3);
  frame = parser.next(input);
  ASSERT_TRUE(frame && *frame);
  EXPECT_FALSE((*frame)->begins);
  EXPECT_FALSE((*frame)->ends);
  EXPECT_EQ(as_text((*frame)->payload), "abc");
  EXPECT_EQ((*frame)->payload.data(), all.data() + 6);

  input = all.subspan(9);
  frame = parser.next(input);
  ASSERT_TRUE(frame && *frame);
  EXPECT_TRUE((*frame)->ends);
  EXPECT_EQ((*frame)->header.payload_bytes, 7U);
  EXPECT_EQ(as_text((*frame)->payload), "defghij");
  EXPECT_TRUE(parser.between_frames());
}

TEST(FrameParser, DeliversControlFramesOnlyWhole) {
  std::string stream = test::frame(Opcode::ping, std::string(125, 'p'));
  const Bytes all(reinterpret_cast<std::byte*>(stream.data()), stream.size());
  FrameParser parser(Role::server);
  for (std::size_t size = 0; size < all.size(); ++size) {
    Bytes input = all.first(size);
    const auto frame = parser.next(input);
    ASSERT_TRUE(frame && !*frame);
    EXPECT_EQ(input.size(), size);
  }
  Bytes input = all;
  const auto frame = parser.next(input);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(as_text((*frame)->payload), std::string(125, 'p'));
}

}  // namespace
}  // namespace duplex::websocket

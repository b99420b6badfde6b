#include <gtest/gtest.h>

#include <algorithm>
#include <expected>
#include <string>
#include <vector>

#include "tests/websocket/deflate/deflate_samples.hpp"
#include "websocket/deflate/stream_deflater.hpp"
#include "websocket/deflate/stream_inflater.hpp"
#include <duplex/base/bytes.hpp>

namespace duplex::websocket {
namespace {

constexpr std::uint64_t enough = std::uint64_t{64} * 1024 * 1024;

std::string deflated(StreamDeflater& deflater, std::string_view piece, bool last = true) {
  ByteQueue output;
  deflater.deflate(as_bytes(piece), last, output);
  return std::string(as_text(output.content()));
}

/// What comes of a message in pieces of `piece_bytes`.
std::expected<std::string, Error> inflated(StreamInflater& inflater, std::string_view compressed,
                                           std::size_t piece_bytes = SIZE_MAX) {
  ByteQueue output;
  bool last = false;
  while (!last) {
    const std::string_view piece = compressed.substr(0, piece_bytes);
    compressed.remove_prefix(piece.size());
    last = compressed.empty();
    const auto error = inflater.inflate(as_bytes(piece), last, enough - output.size(), output);
    if (error) return std::unexpected(*error);
  }
  return std::string(as_text(output.content()));
}

TEST(StreamDeflater, RefersToMessagesBefore) {
  StreamDeflater deflater({.level = 6});
  StreamInflater inflater(15);
  // RFC 7692 section 7.2.3.2.
  EXPECT_EQ(deflated(deflater, "Hello"), "\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0'));
  EXPECT_EQ(deflated(deflater, "Hello"), std::string("\xf2\x00\x11\x00\x00", 5));
  StreamDeflater again({.level = 6});
  for (const std::size_t size : {5U, 1000U, 1000U, 70'000U, 300'000U}) {
    const std::string sample = json_sample(size);
    EXPECT_EQ(inflated(inflater, deflated(again, sample)), sample);
  }
}

TEST(StreamDeflater, StartsAnewAfterReset) {
  StreamDeflater deflater({});
  const std::string first = deflated(deflater, "Hello");
  EXPECT_NE(deflated(deflater, "Hello"), first);
  deflater.reset();
  EXPECT_EQ(deflated(deflater, "Hello"), first);
}

TEST(StreamDeflater, LetsEachPieceBeInflatedAtOnce) {
  StreamDeflater deflater({});
  StreamInflater inflater(15);
  const std::string sample = json_sample(10'000);
  ByteQueue output;
  for (std::size_t at = 0; at < sample.size(); at += 1000) {
    const bool last = at + 1000 >= sample.size();
    const std::string piece = deflated(deflater, std::string_view(sample).substr(at, 1000), last);
    ASSERT_FALSE(inflater.inflate(as_bytes(piece), last, enough, output));
    ASSERT_EQ(output.size(), std::min(at + 1000, sample.size()));
  }
  EXPECT_EQ(as_text(output.content()), sample);
}

TEST(StreamDeflater, MakesMessagesOfNothing) {
  StreamDeflater deflater({});
  StreamInflater inflater(15);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(inflated(inflater, deflated(deflater, "")), "");
  // An empty piece behind others.
  std::string message = deflated(deflater, "Hello", false);
  message += deflated(deflater, "", false);
  message += deflated(deflater, "", true);
  EXPECT_EQ(inflated(inflater, message), "Hello");
  EXPECT_EQ(inflated(inflater, deflated(deflater, "Hello")), "Hello");
}

TEST(StreamInflater, TakesMessagesCutAnywhere) {
  StreamDeflater deflater({});
  const std::string sample = json_sample(600);
  std::vector<std::string> messages;
  for (int i = 0; i < 3; ++i) messages.push_back(deflated(deflater, sample));
  for (std::size_t piece_bytes = 1; piece_bytes <= messages[0].size(); ++piece_bytes) {
    StreamInflater inflater(15);
    for (const std::string& message : messages) {
      ASSERT_EQ(inflated(inflater, message, piece_bytes), sample) << piece_bytes;
    }
  }
}

TEST(StreamInflater, KeepsTheWindowBehindALastBlock) {
  StreamInflater inflater(15);
  EXPECT_EQ(inflated(inflater, std::string("\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8)), "Hello");
  // The second message of section 7.2.3.2, which refers to the first one.
  EXPECT_EQ(inflated(inflater, std::string("\xf2\x00\x11\x00\x00", 5)), "Hello");
}

TEST(StreamInflater, HoldsNoMoreThanTheLimit) {
  StreamDeflater deflater({.level = 9});
  const std::string bomb = deflated(deflater, std::string(10'000'000, 'a'));
  ByteQueue output;
  StreamInflater inflater(15);
  EXPECT_EQ(inflater.inflate(as_bytes(bomb), true, 100'000, output), Error::message_too_big);
  EXPECT_LE(output.size(), 100'000U);
  EXPECT_LE(output.capacity(), 300'000U);
  inflater.reset();
  output.release();
  EXPECT_FALSE(inflater.inflate(as_bytes(bomb), true, 10'000'000, output));
  EXPECT_EQ(output.size(), 10'000'000U);
}

TEST(StreamInflater, RefusesWhatIsCutOff) {
  StreamDeflater deflater({});
  const std::string good = deflated(deflater, json_sample(600));
  for (std::size_t size = 1; size + 1 < good.size(); ++size) {
    StreamInflater inflater(15);
    EXPECT_EQ(inflated(inflater, std::string_view(good).substr(0, size)).error(),
              Error::compressed_data_invalid)
        << size;
  }
}

}  // namespace
}  // namespace duplex::websocket

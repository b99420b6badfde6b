#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <expected>
#include <string>
#include <vector>

#include "tests/websocket/deflate/deflate_samples.hpp"
#include "websocket/deflate/stream_deflater.hpp"
#include "websocket/deflate/stream_inflater.hpp"
#include "websocket/deflate/tail.hpp"
#include "websocket/deflate/whole_deflater.hpp"
#include "websocket/deflate/whole_inflater.hpp"

namespace duplex::websocket {
namespace {

constexpr std::uint64_t enough = std::uint64_t{64} * 1024 * 1024;

std::string deflated(std::string_view text, const DeflateEffort& effort = {}) {
  WholeDeflater deflater;
  ByteQueue output;
  deflater.deflate(as_bytes(text), effort, output);
  return std::string(as_text(output.content()));
}

std::expected<std::string, Error> inflated(std::string_view compressed,
                                           std::uint64_t bytes_max = enough) {
  WholeInflater inflater;
  const auto result = inflater.inflate(as_bytes(compressed), bytes_max);
  if (!result) return std::unexpected(result.error());
  return std::string(as_text(*result));
}

std::expected<std::string, Error> inflated_with_window(std::string_view compressed, int bits) {
  StreamInflater inflater(bits);
  ByteQueue output;
  if (const auto error = inflater.inflate(as_bytes(compressed), true, enough, output)) {
    return std::unexpected(*error);
  }
  return std::string(as_text(output.content()));
}

/// By a window that has no more than it must have: zlib takes references to what it still has in
/// the output, which is one byte here.
std::string inflated_byte_by_byte(std::string compressed, int bits) {
  compressed += as_text(flush_tail);
  z_stream stream{};
  inflateInit2(&stream, -bits);
  stream.next_in = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  while (true) {
    char byte = 0;
    stream.next_out = reinterpret_cast<Bytef*>(&byte);
    stream.avail_out = 1;
    if (inflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_out != 0) break;
    text.push_back(byte);
  }
  inflateEnd(&stream);
  return text;
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::vector<std::string> samples() {
  std::vector<std::string> all = {"a", "Hello", std::string(100, 'a')};
  for (const std::size_t size : {2047U, 2048U, 5000U, 70'000U, 300'000U}) {
    all.push_back(json_sample(size));
    all.push_back(random_sample(size));
    all.emplace_back(size, '\0');
  }
  return all;
}

TEST(WholeDeflater, MakesWhatBothInflatersTakeAtEveryLevelAndSize) {
  for (int level = 1; level <= 9; ++level) {
    for (const std::string& sample : samples()) {
      const std::string compressed = deflated(sample, {.level = level});
      EXPECT_EQ(inflated(compressed), sample) << level << ' ' << sample.size();
      EXPECT_EQ(inflated_with_window(compressed, 15), sample) << level << ' ' << sample.size();
    }
  }
}

TEST(WholeDeflater, RefersNoFartherBackThanTheWindow) {
  // Repeats at all distances, those next to each window's size among them.
  const std::string part = random_sample(700, 7);
  std::string text;
  for (const std::size_t gap : {100U, 300U, 900U, 2000U, 5000U, 12'000U, 30'000U}) {
    text += part + random_sample(gap, static_cast<unsigned>(gap));
  }
  for (int bits = 9; bits <= 15; ++bits) {
    for (const int level : {1, 2, 6, 9}) {
      for (const std::string& sample : {text, text.substr(0, 2000), json_sample(100'000)}) {
        const std::string compressed = deflated(sample, {.level = level, .window_bits = bits});
        EXPECT_EQ(inflated_byte_by_byte(compressed, bits), sample) << bits << ' ' << level;
      }
    }
  }
}

TEST(WholeDeflater, MakesOneByteOfAnEmptyMessage) {
  // RFC 7692 section 7.2.3.6.
  for (const int level : {1, 9}) EXPECT_EQ(deflated("", {.level = level}), bytes_of({0x00}));
}

TEST(WholeDeflater, TakesTheTailAway) {
  for (const std::string& sample : samples()) {
    EXPECT_FALSE(deflated(sample).ends_with(as_text(flush_tail)));
  }
}

TEST(WholeDeflater, ShrinksJson) {
  const std::string json = json_sample(1024);
  EXPECT_LT(deflated(json).size(), 450U);
  EXPECT_LT(deflated(json, {.level = 2}).size(), 350U);
  EXPECT_LE(deflated(json, {.level = 9}).size(), deflated(json, {.level = 2}).size());
}

TEST(WholeInflater, ReadsTheExamplesOfTheRfc) {
  struct Example {
    const char* section;
    std::string compressed;
  };
  const Example examples[] = {
      {"7.2.3.1", bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00})},
      {"7.2.3.3", bytes_of({0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00})},
      {"7.2.3.4", bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00})},
      {"7.2.3.5",
       bytes_of({0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00})},
  };
  for (const Example& example : examples) {
    EXPECT_EQ(inflated(example.compressed), "Hello") << example.section;
    EXPECT_EQ(inflated_with_window(example.compressed, 15), "Hello") << example.section;
  }
  EXPECT_EQ(inflated(bytes_of({0x00})), "");
  EXPECT_EQ(inflated_with_window(bytes_of({0x00}), 15), "");
}

TEST(WholeInflater, TakesWhatEndsWithoutAnEmptyBlock) {
  // As in 7.2.3.4, without the byte behind the last block.
  const std::string final_block = bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  EXPECT_EQ(inflated(final_block), "Hello");
  // As of 7.2.3.1, flushed, with the tail sent and nothing behind.
  const std::string flushed =
      bytes_of({0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff});
  EXPECT_EQ(inflated(flushed), "Hello");
  EXPECT_EQ(inflated(""), "");
}

TEST(WholeInflater, GoesOnBehindALastBlock) {
  const std::string final_block = bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  std::string many;
  for (int i = 0; i < 1000; ++i) many += final_block;
  std::string hellos;
  for (int i = 0; i < 1000; ++i) hellos += "Hello";
  EXPECT_EQ(inflated(many), hellos);
  EXPECT_EQ(inflated(many + bytes_of({0x00})), hellos);
}

TEST(WholeInflater, RefusesWhatIsBroken) {
  const std::string good = deflated(json_sample(3000));
  EXPECT_EQ(inflated(good.substr(0, good.size() / 2)).error(), Error::compressed_data_invalid);
  // The third kind of block is reserved.
  EXPECT_EQ(inflated(bytes_of({0x07, 0x00})).error(), Error::compressed_data_invalid);
  // A stored block whose length and its complement don't fit.
  EXPECT_EQ(inflated(bytes_of({0x00, 0x05, 0x00, 0x00, 0x00, 0x48})).error(),
            Error::compressed_data_invalid);
  // It refers to what is before the beginning.
  EXPECT_EQ(inflated(bytes_of({0x02, 0x13, 0x00, 0x00})).error(), Error::compressed_data_invalid);
  EXPECT_EQ(inflated(random_sample(300, 3)).error(), Error::compressed_data_invalid);
}

TEST(WholeInflater, HoldsNoMoreThanTheLimit) {
  const std::string zeros(20'000'000, '\0');
  const std::string bomb = deflated(zeros, {.level = 9});
  ASSERT_LT(bomb.size(), 30'000U);
  EXPECT_EQ(inflated(bomb, 1'000'000).error(), Error::message_too_big);
  EXPECT_EQ(inflated(bomb, zeros.size() - 1).error(), Error::message_too_big);
  EXPECT_EQ(inflated(bomb, zeros.size()), zeros);
  EXPECT_EQ(inflated(deflated("Hello"), 4).error(), Error::message_too_big);
  EXPECT_EQ(inflated(deflated("Hello"), 5), "Hello");
  EXPECT_EQ(inflated(deflated(""), 0), "");
  // The same where zlib decides.
  const std::string final_block = bytes_of({0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00});
  EXPECT_EQ(inflated(final_block, 4).error(), Error::message_too_big);
  EXPECT_EQ(inflated(final_block, 5), "Hello");
}

}  // namespace
}  // namespace duplex::websocket

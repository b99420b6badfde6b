#include "client/content_decoder.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/client/content_decoder_properties.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::client {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// The lines of a file of vectors, each taken apart at its bars.
std::vector<std::vector<std::string>> read_vectors(const std::string& file) {
  std::ifstream in(DUPLEX_VECTORS "/" + file);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, '|');) rows.back().emplace_back(trim(cell));
  }
  return rows;
}

struct Vector {
  std::string name, coding, text, content;
};

const std::string& text() {
  static const std::string text = [] {
    std::string result;
    for (int i = 0; i < 3; ++i) result += "A protocol is a value: bytes in, events and bytes out. ";
    return result + "No sockets, no clock, no threads.\n";
  }();
  return text;
}

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = [] {
    std::vector<Vector> result;
    for (const auto& row : read_vectors("content_codings.txt")) {
      std::string repeated;
      for (int i = 0; i < std::stoi(row.at(2)); ++i) repeated += text();
      result.push_back({row.at(0), row.at(1), repeated, from_hex(row.at(3))});
    }
    return result;
  }();
  return all;
}

std::string content_of(std::string_view name) {
  for (const Vector& vector : vectors()) {
    if (vector.name == name) return vector.content;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(ContentDecoder, DecodesWhatOthersHaveCoded) {
  EXPECT_GT(vectors().size(), 20U);
  for (const Vector& vector : vectors()) {
    const Decoded expected = {.content = vector.text, .error = {}};
    EXPECT_EQ(decode_whole(vector.coding, vector.content), expected) << vector.name;
    EXPECT_EQ(decode_in_pieces(vector.coding, vector.content, 1), expected) << vector.name;
    for (std::size_t cut = 0; cut <= vector.content.size(); ++cut) {
      EXPECT_EQ(decode_in_two(vector.coding, vector.content, cut), expected)
          << vector.name << ' ' << cut;
    }
  }
}

TEST(ContentDecoder, NoticesContentThatEndsEarly) {
  for (const Vector& vector : vectors()) {
    for (std::size_t size = 1; size < vector.content.size(); ++size) {
      const std::string_view part = std::string_view(vector.content).substr(0, size);
      const Decoded whole = decode_whole(vector.coding, part);
      EXPECT_TRUE(vector.text.starts_with(whole.content)) << vector.name << ' ' << size;
      EXPECT_EQ(decode_in_pieces(vector.coding, part, 1), whole) << vector.name << ' ' << size;
      // Several members or frames: where one ends, the content may.
      if (!whole.error && vector.content.size() - size >= 8) {
        EXPECT_TRUE(vector.name.find("members") != std::string::npos ||
                    vector.name.find("frames") != std::string::npos)
            << vector.name << ' ' << size;
        continue;
      }
      EXPECT_EQ(whole.error, DecodeError::incomplete) << vector.name << ' ' << size;
    }
  }
}

TEST(ContentDecoder, RefusesWhatFollowsTheEnd) {
  for (const Vector& vector : vectors()) {
    for (const std::string_view tail : {std::string_view("\0", 1), std::string_view("x"),
                                        std::string_view("\0\0\0\0\0\0\0\0", 8)}) {
      const std::string longer = vector.content + std::string(tail);
      const Decoded bytewise = decode_in_pieces(vector.coding, longer, 1);
      EXPECT_EQ(bytewise.error, DecodeError::trailing_data) << vector.name;
      EXPECT_EQ(bytewise.content, vector.text) << vector.name;
      for (std::size_t cut = 0; cut <= longer.size(); ++cut) {
        EXPECT_EQ(decode_in_two(vector.coding, longer, cut).error, DecodeError::trailing_data)
            << vector.name << ' ' << cut;
      }
    }
  }
}

TEST(ContentDecoder, TakesNoContentAtAllForComplete) {
  for (const std::string_view coding :
       {"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "zstd, deflate"}) {
    EXPECT_EQ(decode_whole(coding, ""), Decoded()) << coding;
    ContentFeeder feeder(coding, {});
    for (int i = 0; i < 40; ++i) feeder.feed("");  // nobody minds being asked often
    EXPECT_EQ(feeder.take(), Decoded()) << coding;
  }
}

TEST(ContentDecoder, PassesThroughWhatHasNoCoding) {
  for (const std::string_view coding : {"", "identity", "Identity", "none", ", identity,"}) {
    auto decoder = ContentDecoder::make(coding);
    ASSERT_TRUE(decoder) << coding;
    EXPECT_FALSE(decoder->decodes());
    const std::string large(200'000, 'x');
    ConstBytes input = as_bytes(large);
    const auto piece = decoder->next(input);
    ASSERT_TRUE(piece);
    EXPECT_EQ(piece->data(), as_bytes(large).data());
    EXPECT_EQ(piece->size(), large.size());
    EXPECT_TRUE(input.empty());
    EXPECT_TRUE(decoder->finish());
  }
  EXPECT_EQ(decode_whole("", "12345", {.decoded_bytes_max = 5}).content, "12345");
  EXPECT_EQ(decode_in_pieces("", "123456", 1, {.decoded_bytes_max = 5}),
            (Decoded{"12345", DecodeError::content_too_large}));
}

TEST(ContentDecoder, KnowsItsCodingsInAnyCase) {
  for (const std::string_view coding : {"gzip", "GZip", "X-GZIP", " gzip ,, identity"}) {
    EXPECT_EQ(decode_whole(coding, content_of("gzip")).content, text()) << coding;
  }
  EXPECT_EQ(accepted_codings(), "gzip, deflate, br, zstd");
  std::string_view list = accepted_codings();
  while (const auto token = next_element(list)) {
    const auto decoder = ContentDecoder::make(*token);
    ASSERT_TRUE(decoder) << *token;
    EXPECT_TRUE(decoder->decodes()) << *token;
  }
}

TEST(ContentDecoder, NamesACodingThatItDoesNotKnow) {
  for (const auto& [value, name] : std::vector<std::pair<std::string, std::string>>{
           {"compress", "compress"}, {"gzip, dcb", "dcb"}, {"gzip;q=1, br", "gzip;q=1"}}) {
    const auto decoder = ContentDecoder::make(value);
    ASSERT_FALSE(decoder) << value;
    EXPECT_EQ(decoder.error().error, DecodeError::unknown_coding);
    EXPECT_EQ(decoder.error().coding, name);
  }
}

TEST(ContentDecoder, HasALimitOfCodings) {
  EXPECT_TRUE(ContentDecoder::make("br, br, identity, br, br"));
  const auto decoder = ContentDecoder::make("br, br, br, br, gzip");
  ASSERT_FALSE(decoder);
  EXPECT_EQ(decoder.error().error, DecodeError::too_many_codings);
  EXPECT_EQ(decoder.error().coding, "gzip");
}

TEST(ContentDecoder, NamesTheRuleThatIsBroken) {
  const std::string gzip = content_of("gzip");
  const std::string optional = content_of("gzip_every_optional_field");
  const std::string zlib = content_of("zlib");
  const std::string zstd = content_of("zstd_without_size");
  const auto changed = [](std::string content, std::size_t place, char change) {
    content.at(place) = static_cast<char>(content.at(place) ^ change);
    return content;
  };
  struct Case {
    std::string_view coding;
    std::string content;
    DecodeError error;
  };
  const std::vector<Case> cases = {
      {"gzip", "<html>", DecodeError::not_gzip},
      {"gzip", changed(gzip, 1, 1), DecodeError::not_gzip},
      {"gzip", changed(gzip, 2, 1), DecodeError::unknown_gzip_method},
      {"gzip", changed(gzip, 3, 0x20), DecodeError::reserved_gzip_flag},
      {"gzip", changed(gzip, 3, '\x80'), DecodeError::reserved_gzip_flag},
      {"gzip", changed(optional, 4, 1), DecodeError::gzip_header_mismatch},
      {"gzip", changed(optional, 13, 1), DecodeError::gzip_header_mismatch},
      {"gzip", changed(gzip, gzip.size() - 8, 1), DecodeError::gzip_content_mismatch},
      {"gzip", changed(gzip, gzip.size() - 1, 1), DecodeError::gzip_size_mismatch},
      {"gzip", changed(gzip, 10, 0x06), DecodeError::invalid_deflate},
      {"deflate", "\x07\x07", DecodeError::invalid_deflate},
      {"deflate", changed(zlib, 2, 0x06), DecodeError::invalid_deflate},
      {"deflate", "\x78\xbb....", DecodeError::zlib_dictionary},
      {"deflate", changed(zlib, zlib.size() - 1, 1), DecodeError::zlib_content_mismatch},
      {"br", std::string(8, '\xff'), DecodeError::invalid_brotli},
      {"br", gzip, DecodeError::invalid_brotli},
      // A window that only the "large window" of brotli's own has.
      {"br", "\x11\x1e....", DecodeError::invalid_brotli},
      {"zstd", "<html>", DecodeError::not_zstd},
      {"zstd", changed(zstd, 3, 1), DecodeError::not_zstd},
      // Of a format before the RFC, that the library knows.
      {"zstd", "\x27\xb5\x2f\xfd....", DecodeError::not_zstd},
      {"zstd", changed(zstd, 4, 0x08), DecodeError::invalid_zstd},
      // Window_Descriptor: 16 MiB; 8 MiB and an eighth.
      {"zstd", from_hex("28b52ffd0070010000"), DecodeError::zstd_window_too_large},
      {"zstd", from_hex("28b52ffd0069010000"), DecodeError::zstd_window_too_large},
      // A single segment of 16 MiB.
      {"zstd", from_hex("28b52ffda000000001010000"), DecodeError::zstd_window_too_large},
      {"zstd", from_hex("28b52ffd012007010000"), DecodeError::zstd_dictionary},
      {"zstd", changed(zstd, zstd.size() - 1, 1), DecodeError::zstd_content_mismatch},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decode_whole(c.coding, c.content).error, c.error)
        << c.coding << ' ' << testing::PrintToString(c.content);
    EXPECT_EQ(decode_in_pieces(c.coding, c.content, 1).error, c.error)
        << c.coding << ' ' << testing::PrintToString(c.content);
  }
}

TEST(ContentDecoder, TakesAWindowOfEightMebibytes) {
  // An empty last block behind a Window_Descriptor of 8 MiB; and a stored block of one byte.
  EXPECT_EQ(decode_whole("zstd", from_hex("28b52ffd0068010000")), Decoded());
  EXPECT_EQ(decode_whole("zstd", from_hex("28b52ffd006809000078")), (Decoded{"x", {}}));
}

TEST(ContentDecoder, FindsAnErrorInAnInnerCoding) {
  // Brotli, uncompressed, around what is not gzip.
  const std::string content = from_hex("0b028068656c6c6f03");
  EXPECT_EQ(decode_whole("br", content), (Decoded{"hello", {}}));
  EXPECT_EQ(decode_whole("gzip, br", content).error, DecodeError::not_gzip);
  EXPECT_EQ(decode_in_pieces("gzip, br", content, 1).error, DecodeError::not_gzip);
}

TEST(ContentDecoder, CountsWhatIsDecoded) {
  for (const Vector& vector : vectors()) {
    const std::uint64_t size = vector.text.size();
    const Decoded expected = {.content = vector.text, .error = {}};
    EXPECT_EQ(decode_whole(vector.coding, vector.content, {.decoded_bytes_max = size}), expected)
        << vector.name;
    if (size == 0) continue;
    EXPECT_EQ(decode_whole(vector.coding, vector.content, {.decoded_bytes_max = size - 1}).error,
              DecodeError::content_too_large)
        << vector.name;
  }
}

/// A bomb that goes on until it is refused.
struct Explosion {
  std::size_t wire_bytes = 0;
  std::uint64_t decoded_bytes = 0;
  std::optional<DecodeError> error;
};

Explosion explode(const std::vector<std::string>& row, const DecodeLimits& limits) {
  Explosion result;
  ContentDecoder decoder = *ContentDecoder::make(row.at(1), limits);
  std::string content = from_hex(row.at(2));
  const std::string more = row.size() > 3 ? from_hex(row.at(3)) : std::string();
  for (int i = 0; i < 1000; ++i) {
    ConstBytes input = as_bytes(content);
    for (;;) {
      const std::size_t before = input.size();
      const auto piece = decoder.next(input);
      result.wire_bytes += before - input.size();
      if (!piece) {
        result.error = piece.error();
        return result;
      }
      if (piece->empty()) break;
      result.decoded_bytes += piece->size();
    }
    content = more;
  }
  return result;
}

TEST(ContentDecoder, RefusesContentThatExpandsWithoutEnd) {
  const auto bombs = read_vectors("content_bombs.txt");
  EXPECT_GT(bombs.size(), 5U);
  const DecodeLimits limits;
  for (const auto& bomb : bombs) {
    const Explosion explosion = explode(bomb, limits);
    EXPECT_EQ(explosion.error, DecodeError::expands_too_much) << bomb.at(0);
    EXPECT_LE(explosion.decoded_bytes, limits.expansion_free_bytes) << bomb.at(0);
    EXPECT_LT(explosion.wire_bytes, 16'000U) << bomb.at(0);
  }
}

TEST(ContentDecoder, RefusesContentThatIsTooLargeInTheEnd) {
  const DecodeLimits limits = {.decoded_bytes_max = 3'000'000, .expansion_max = UINT64_MAX};
  for (const auto& bomb : read_vectors("content_bombs.txt")) {
    const Explosion explosion = explode(bomb, limits);
    EXPECT_LE(explosion.decoded_bytes, limits.decoded_bytes_max) << bomb.at(0);
    if (bomb.at(0) == "nothing_in_the_end") continue;
    EXPECT_EQ(explosion.error, DecodeError::content_too_large) << bomb.at(0);
    EXPECT_GT(explosion.decoded_bytes + ContentDecoder::piece_bytes_max, limits.decoded_bytes_max)
        << bomb.at(0);
  }
}

TEST(ContentDecoder, LetsThroughWhatExpandsWithinTheLimit) {
  for (const auto& bomb : read_vectors("content_bombs.txt")) {
    if (bomb.at(0) != "gzip") continue;
    const std::string mebibyte = from_hex(bomb.at(3));
    // One is free of charge; of two the expansion counts.
    EXPECT_FALSE(decode_whole("gzip", mebibyte).error);
    EXPECT_EQ(decode_whole("gzip", mebibyte + mebibyte).error, DecodeError::expands_too_much);
    EXPECT_FALSE(decode_whole("gzip", mebibyte + mebibyte, {.expansion_max = 1200}).error);
  }
}

TEST(ContentDecoder, CanBeMoved) {
  const std::string content = content_of("gzip_under_brotli");
  ContentDecoder first = *ContentDecoder::make("gzip, br");
  std::string decoded;
  ConstBytes begin = as_bytes(content).first(content.size() / 2);
  for (auto piece = first.next(begin); piece && !piece->empty(); piece = first.next(begin)) {
    decoded += as_text(*piece);
  }
  ContentDecoder second = std::move(first);
  ConstBytes rest = as_bytes(content).subspan(content.size() / 2);
  for (auto piece = second.next(rest); piece && !piece->empty(); piece = second.next(rest)) {
    decoded += as_text(*piece);
  }
  EXPECT_TRUE(second.finish());
  EXPECT_EQ(decoded, text());
}

}  // namespace
}  // namespace duplex::client

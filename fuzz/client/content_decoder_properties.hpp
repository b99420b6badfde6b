#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "client/content_decoder.hpp"

/// What holds of a content decoder, whatever a server sends. Shared by the fuzz target and tests.
namespace duplex::client {

/// What became of coded content.
struct Decoded {
  std::string content;
  /// Also what `finish` said.
  std::optional<DecodeError> error;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Feeds a decoder content in pieces, as a connection does, and looks after its contract.
class ContentFeeder {
 public:
  ContentFeeder(std::string_view content_encoding, const DecodeLimits& limits)
      : decoder_(*ContentDecoder::make(content_encoding, limits)), limits_(limits) {}

  void feed(std::string_view piece) {
    if (decoded_.error) return;
    // A block of its own, so that a sanitizer sees who reads beyond it.
    const auto block = std::make_unique<std::byte[]>(piece.size());
    if (!piece.empty()) std::memcpy(block.get(), piece.data(), piece.size());
    ConstBytes input(block.get(), piece.size());
    for (;;) {
      const std::size_t before = input.size();
      const auto decoded = decoder_.next(input);
      require(input.size() <= before);
      require(input.empty() || input.data() + input.size() == block.get() + piece.size());
      if (!decoded) {
        decoded_.error = decoded.error();
        require_refusal();
        return;
      }
      if (decoded->empty()) break;
      require(!decoder_.decodes() || decoded->size() <= ContentDecoder::piece_bytes_max);
      decoded_.content += as_text(*decoded);
      require(decoded_.content.size() <= limits_.decoded_bytes_max);
    }
    require(input.empty());
  }

  Decoded take() {
    const auto finished = decoder_.finish();
    require(finished || !decoded_.error || finished.error() == *decoded_.error);
    require(!finished || !decoded_.error);
    if (!finished) decoded_.error = finished.error();
    if (decoded_.error) require_refusal();
    return std::move(decoded_);
  }

 private:
  static void require(bool condition) {
    if (!condition) std::abort();
  }
  void require_refusal() {
    ConstBytes more = as_bytes("more");
    const auto refused = decoder_.next(more);
    require(!refused && refused.error() == *decoded_.error && more.size() == 4);
  }

  ContentDecoder decoder_;
  DecodeLimits limits_;
  Decoded decoded_;
};

/// `content` in pieces of at most `piece_bytes`.
inline Decoded decode_in_pieces(std::string_view content_encoding, std::string_view content,
                                std::size_t piece_bytes, const DecodeLimits& limits = {}) {
  ContentFeeder feeder(content_encoding, limits);
  while (!content.empty()) {
    const std::string_view piece = content.substr(0, piece_bytes);
    feeder.feed(piece);
    content.remove_prefix(piece.size());
  }
  return feeder.take();
}

inline Decoded decode_whole(std::string_view content_encoding, std::string_view content,
                            const DecodeLimits& limits = {}) {
  return decode_in_pieces(content_encoding, content, SIZE_MAX, limits);
}

inline Decoded decode_in_two(std::string_view content_encoding, std::string_view content,
                             std::size_t cut, const DecodeLimits& limits = {}) {
  ContentFeeder feeder(content_encoding, limits);
  feeder.feed(content.substr(0, cut));
  feeder.feed(content.substr(cut));
  return feeder.take();
}

/// Whether cutting has changed nothing but how much was heard before a fault. Where exactly content
/// expands too much depends on how far a decoder has read ahead; and when there is more than one
/// fault in several codings, the one that is found first on how much of it comes together.
inline bool agree(const Decoded& left, const Decoded& right, bool several_codings) {
  const auto limited = [](const Decoded& decoded) {
    return decoded.error == DecodeError::expands_too_much ||
           decoded.error == DecodeError::content_too_large;
  };
  const std::size_t common = std::min(left.content.size(), right.content.size());
  if (left.content.compare(0, common, right.content, 0, common) != 0) return false;
  if (limited(left) || limited(right)) return true;
  if (left.error.has_value() != right.error.has_value()) return false;
  if (left.error && several_codings) return true;
  if (left.error != right.error) return false;
  const bool all_heard = !left.error || *left.error == DecodeError::incomplete;
  return !all_heard || left.content.size() == right.content.size();
}

/// The first byte chooses the codings, the second how small the pieces are; the others are the
/// content. Aborts when a property is broken.
inline void check_content_decoder(std::string_view input) {
  constexpr std::array<std::string_view, 9> codings = {"gzip",
                                                       "deflate",
                                                       "br",
                                                       "zstd",
                                                       "gzip, br",
                                                       "zstd, gzip",
                                                       "deflate, deflate",
                                                       "br, zstd",
                                                       "br, deflate, zstd, gzip"};
  // Small, so that both are met; and so that no input takes long.
  const DecodeLimits limits = {.decoded_bytes_max = std::uint64_t{1} << 20U,
                               .expansion_max = 100,
                               .expansion_free_bytes = std::uint64_t{1} << 17U};
  if (input.size() < 2) return;
  const std::string_view coding = codings[static_cast<std::uint8_t>(input[0]) % codings.size()];
  const std::size_t chosen = static_cast<std::uint8_t>(input[1]);
  const std::string_view content = input.substr(2);
  const Decoded whole = decode_whole(coding, content, limits);
  const bool several = coding.find(',') != std::string_view::npos;
  const Decoded pieces = decode_in_pieces(coding, content, 1 + chosen % 64, limits);
  const Decoded two = decode_in_two(coding, content, content.size() * chosen / 256, limits);
  const bool same = agree(whole, pieces, several) && agree(whole, two, several);
  if (!same) std::abort();
}

}  // namespace duplex::client

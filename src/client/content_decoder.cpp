#include "client/content_decoder.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "client/content_decoder_stage.hpp"
#include <duplex/base/ascii.hpp>

namespace duplex::client {
namespace {

std::unique_ptr<CodingStage> make_stage(http::ContentCoding coding) {
  switch (coding) {
    case http::ContentCoding::identity: break;
    case http::ContentCoding::gzip: return make_gzip_stage();
    case http::ContentCoding::zstd: return make_zstd_stage();
    case http::ContentCoding::br: return make_brotli_stage();
    case http::ContentCoding::deflate: return make_deflate_stage();
  }
  return nullptr;
}

}  // namespace

std::string_view accepted_codings() noexcept {
  return "gzip, deflate, br, zstd";
}

std::expected<ContentDecoder, RefusedCoding> ContentDecoder::make(std::string_view content_encoding,
                                                                  const DecodeLimits& limits) {
  std::array<http::ContentCoding, codings_max> codings{};
  std::size_t count = 0;
  while (const auto token = next_element(content_encoding)) {
    // `identity` is for Accept-Encoding only (RFC 9110 section 8.4.1), but some say it here, and
    // some say `none`.
    if (equals_ignoring_case(*token, "none")) continue;
    const auto coding = http::parse_content_coding(*token);
    if (!coding) {
      return std::unexpected(
          RefusedCoding{.error = DecodeError::unknown_coding, .coding = std::string(*token)});
    }
    if (*coding == http::ContentCoding::identity) continue;
    if (count == codings_max) {
      return std::unexpected(
          RefusedCoding{.error = DecodeError::too_many_codings, .coding = std::string(*token)});
    }
    codings[count++] = *coding;
  }
  return ContentDecoder(std::span(codings).first(count), limits);
}

ContentDecoder::ContentDecoder(std::span<const http::ContentCoding> codings,
                               const DecodeLimits& limits)
    : limits_(limits) {
  links_.reserve(codings.size());
  // Listed in the order in which they were applied (RFC 9110 section 8.4).
  for (std::size_t i = codings.size(); i > 0; --i) {
    links_.push_back({.stage = make_stage(codings[i - 1]), .buffer = {}, .unread = {}});
  }
}

ContentDecoder::ContentDecoder(ContentDecoder&& other) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&& other) noexcept = default;
ContentDecoder::~ContentDecoder() = default;

std::expected<ConstBytes, DecodeError> ContentDecoder::next(ConstBytes& input) {
  if (error_) return std::unexpected(*error_);
  auto piece = links_.empty() ? pass(input) : pull(links_.size() - 1, input);
  if (!piece) error_ = piece.error();
  return piece;
}

std::expected<ConstBytes, DecodeError> ContentDecoder::pass(ConstBytes& input) noexcept {
  if (input.size() > limits_.decoded_bytes_max - wire_bytes_) {
    return std::unexpected(DecodeError::content_too_large);
  }
  wire_bytes_ += input.size();
  return std::exchange(input, {});
}

/// What the link at `index` makes of what those before it make of `input`.
std::expected<ConstBytes, DecodeError> ContentDecoder::pull(std::size_t index, ConstBytes& input) {
  Link& link = links_[index];
  if (!link.buffer) link.buffer = std::make_unique_for_overwrite<std::byte[]>(piece_bytes_max);
  const Bytes buffer(link.buffer.get(), piece_bytes_max);
  ConstBytes& source = index == 0 ? input : links_[index - 1].unread;
  for (;;) {
    const std::size_t before = source.size();
    const auto written = link.stage->decode(source, buffer);
    if (!written) return std::unexpected(written.error());
    if (index == 0) wire_bytes_ += before - source.size();
    if (*written > 0) {
      link.decoded_bytes += *written;
      if (const auto error = broken_limit(link)) return std::unexpected(*error);
      return buffer.first(*written);
    }
    assert(source.empty());
    if (index == 0) return ConstBytes{};
    const auto more = pull(index - 1, input);
    if (!more || more->empty()) return more;
    source = *more;
  }
}

/// The expansion counts at every link: content of several codings can be huge in between, and
/// nothing in the end. How large it may be counts in the end only.
std::optional<DecodeError> ContentDecoder::broken_limit(const Link& link) const noexcept {
  if (&link == &links_.back() && link.decoded_bytes > limits_.decoded_bytes_max) {
    return DecodeError::content_too_large;
  }
  if (link.decoded_bytes <= limits_.expansion_free_bytes) return std::nullopt;
  const std::uint64_t expansion = link.decoded_bytes / std::max<std::uint64_t>(wire_bytes_, 1);
  if (expansion < limits_.expansion_max) return std::nullopt;
  return DecodeError::expands_too_much;
}

std::expected<void, DecodeError> ContentDecoder::finish() {
  if (error_) return std::unexpected(*error_);
  for (const Link& link : links_) {
    if (!link.stage->complete() || !link.unread.empty()) error_ = DecodeError::incomplete;
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace duplex::client

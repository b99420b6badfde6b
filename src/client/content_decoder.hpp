#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <duplex/base/bytes.hpp>
#include <duplex/client/decode_error.hpp>
#include <duplex/http/content_coding.hpp>

namespace duplex::client {

/// What one response's content may become.
struct DecodeLimits {
  /// All of it, decoded. None of its own: content is delivered in pieces and not kept here. Who
  /// collects it has a limit, and tells it.
  std::uint64_t decoded_bytes_max = UINT64_MAX;
  /// How many times larger than what came over the wire. Apache's mod_deflate has 200
  /// (DeflateInflateRatioLimit). Text reaches some tens; deflate itself can't exceed 1032, while
  /// brotli and zstd make gigabytes of a kilobyte.
  std::uint64_t expansion_max = 200;
  /// So much is let through before the expansion counts: small content may repeat itself as much
  /// as it likes, and does no harm.
  std::uint64_t expansion_free_bytes = std::uint64_t{1} << 20U;
};

/// Why content was refused before any of it came.
struct RefusedCoding {
  /// `unknown_coding` or `too_many_codings`.
  DecodeError error = DecodeError::unknown_coding;
  /// The coding at which it was refused, as the peer wrote it.
  std::string coding;
};

/// The value for Accept-Encoding: all that is decoded here, in the order in which browsers say it,
/// since servers are tried with those.
std::string_view accepted_codings() noexcept;

/// One coding, as a transformation of bytes.
class CodingStage;

/// Decodes the content of one response: gzip (RFC 1952; several members too), deflate (RFC 1950,
/// and the bare RFC 1951 that some servers mean by it), br (RFC 7932), zstd (RFC 8878, windows as
/// in RFC 9659; several frames, and skippable ones), and up to four of them one over the other.
/// Without a coding it passes through what comes.
///
/// What it holds is bounded, whatever comes: a buffer for each coding, and its window: 32 KiB for
/// gzip and deflate, 16 MiB for br, 8 MiB for zstd; br and zstd take it as large as the content
/// says that it needs.
///
/// Strict, where browsers are not: content that ends early is an error, and so is anything behind
/// the end of what is coded, also behind gzip. (curl refuses that too, even a second member;
/// Chromium ignores it.) Content of no bytes at all is complete under any coding, as everywhere:
/// servers send that with HEAD, 304, or by mistake.
///
/// Throws std::bad_alloc when memory runs out, and nothing else. One thread at a time.
class ContentDecoder {
 public:
  /// So many bytes at most are in a piece, except where there is no coding.
  static constexpr std::size_t piece_bytes_max = std::size_t{64} * 1024;
  static constexpr std::size_t codings_max = 4;

  /// For content with this Content-Encoding, several lines joined by commas; empty, or `identity`:
  /// no coding.
  static std::expected<ContentDecoder, RefusedCoding> make(std::string_view content_encoding,
                                                           const DecodeLimits& limits = {});

  ContentDecoder(ContentDecoder&& other) noexcept;
  ContentDecoder& operator=(ContentDecoder&& other) noexcept;
  ~ContentDecoder();

  /// Whether there is a coding at all; if not, what comes is what there is, and its length stands.
  bool decodes() const noexcept { return !links_.empty(); }

  /// Consumes a prefix of `input` and returns a piece of decoded content.
  /// Empty: all of `input` is consumed and nothing further comes of it; else call again, even when
  /// `input` is empty by now.
  /// unexpected: the content broke the named rule, or a limit; what was decoded since the last
  /// piece is dropped, and this object refuses all further input.
  /// The view holds until the next call; without a coding it is a view of `input`.
  std::expected<ConstBytes, DecodeError> next(ConstBytes& input);

  /// Whether the content may end here, when `next` has returned an empty piece.
  /// unexpected: `incomplete`, or what `next` has returned already.
  std::expected<void, DecodeError> finish();

 private:
  struct Link {
    std::unique_ptr<CodingStage> stage;
    std::unique_ptr<std::byte[]> buffer;  // what it decodes into, from the first time on
    ConstBytes unread;                    // decoded, and not yet taken by the next link
    std::uint64_t decoded_bytes = 0;
  };

  ContentDecoder(std::span<const http::ContentCoding> codings, const DecodeLimits& limits);

  std::expected<ConstBytes, DecodeError> pull(std::size_t index, ConstBytes& input);
  std::expected<ConstBytes, DecodeError> pass(ConstBytes& input) noexcept;
  std::optional<DecodeError> broken_limit(const Link& link) const noexcept;

  DecodeLimits limits_;
  std::vector<Link> links_;  // the first decodes what was coded last
  std::uint64_t wire_bytes_ = 0;
  std::optional<DecodeError> error_;
};

}  // namespace duplex::client

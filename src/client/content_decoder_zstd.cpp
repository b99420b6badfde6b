#include <zstd.h>
#include <zstd_errors.h>

#include <array>
#include <cstdint>
#include <new>
#include <optional>

#include "client/content_decoder_stage.hpp"

namespace duplex::client {
namespace {

/// RFC 8878: frames, and skippable ones, one after another. The library would also decode formats
/// from before the RFC, which HTTP never had; a frame reaches it only when its magic number is of
/// the RFC.
class ZstdStage final : public CodingStage {
 public:
  ZstdStage() : context_(ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
    // RFC 9659 section 3: 8 MiB.
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 23);
  }

  std::expected<std::size_t, DecodeError> decode(ConstBytes& input, Bytes output) override {
    std::size_t written = 0;
    for (;;) {
      if (in_frame_) {
        // The library takes a call that gets nowhere for a mistake.
        const bool full = written == output.size();
        if (full || (input.empty() && !unwritten_)) return written;
        const auto progress = decompress(input, output.subspan(written));
        if (!progress) return progress;
        written += *progress;
      } else {
        if (input.empty()) return written;
        const auto error = read_magic(input.front());
        if (error) return std::unexpected(*error);
        input = input.subspan(1);
      }
    }
  }

  bool complete() const noexcept override { return !in_frame_ && magic_size_ == 0; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };

  static constexpr std::size_t magic_bytes = 4;

  /// The next byte of a magic number (RFC 8878 sections 3.1.1 and 3.1.2), little-endian.
  std::optional<DecodeError> read_magic(std::byte byte) {
    constexpr std::array<std::uint8_t, magic_bytes> frame = {0x28, 0xb5, 0x2f, 0xfd};
    constexpr std::array<std::uint8_t, magic_bytes> skippable = {0x50, 0x2a, 0x4d, 0x18};
    const auto value = std::to_integer<std::uint8_t>(byte);
    if (magic_size_ == 0) skippable_ = (value & 0xf0U) == skippable[0];
    // Sixteen numbers say that a frame is to be skipped.
    const bool right = skippable_ ? magic_size_ == 0 || value == skippable[magic_size_]
                                  : value == frame[magic_size_];
    if (!right) return not_first_ ? DecodeError::trailing_data : DecodeError::not_zstd;
    magic_[magic_size_++] = byte;
    if (magic_size_ < magic_bytes) return std::nullopt;
    magic_size_ = 0;
    in_frame_ = true;
    ConstBytes magic(magic_);
    std::byte nowhere{};
    const auto progress = decompress(magic, {&nowhere, 0});
    return progress ? std::nullopt : std::optional(progress.error());
  }

  std::expected<std::size_t, DecodeError> decompress(ConstBytes& input, Bytes output) {
    ZSTD_inBuffer in{.src = input.data(), .size = input.size(), .pos = 0};
    ZSTD_outBuffer out{.dst = output.data(), .size = output.size(), .pos = 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0) return std::unexpected(fail(result));
    input = input.subspan(in.pos);
    unwritten_ = out.pos == out.size && output.size() > 0;
    if (result == 0) {
      in_frame_ = false;
      not_first_ = true;
      unwritten_ = false;
    }
    return out.pos;
  }

  static DecodeError fail(std::size_t result) {
    switch (ZSTD_getErrorCode(result)) {
      case ZSTD_error_memory_allocation: throw std::bad_alloc();
      case ZSTD_error_frameParameter_windowTooLarge: return DecodeError::zstd_window_too_large;
      case ZSTD_error_dictionary_wrong: return DecodeError::zstd_dictionary;
      case ZSTD_error_checksum_wrong: return DecodeError::zstd_content_mismatch;
      default: return DecodeError::invalid_zstd;
    }
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::array<std::byte, magic_bytes> magic_{};
  std::size_t magic_size_ = 0;
  bool skippable_ = false;
  bool in_frame_ = false;
  bool unwritten_ = false;  // the output was full: there may be more to write
  bool not_first_ = false;  // a frame has ended before
};

}  // namespace

std::unique_ptr<CodingStage> make_zstd_stage() {
  return std::make_unique<ZstdStage>();
}

}  // namespace duplex::client

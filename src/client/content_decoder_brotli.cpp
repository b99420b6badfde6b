#include <brotli/decode.h>

#include <cstdint>
#include <new>

#include "client/content_decoder_stage.hpp"

namespace duplex::client {
namespace {

/// RFC 7932. The decoder's own default leaves out "large window", which is not of the RFC: no
/// window is larger than 16 MiB.
class BrotliStage final : public CodingStage {
 public:
  BrotliStage() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }

  std::expected<std::size_t, DecodeError> decode(ConstBytes& input, Bytes output) override {
    if (ended_) {
      if (!input.empty()) return std::unexpected(DecodeError::trailing_data);
      return 0;
    }
    begun_ = begun_ || !input.empty();
    std::size_t input_left = input.size();
    std::size_t room_left = output.size();
    const auto* in = reinterpret_cast<const std::uint8_t*>(input.data());
    auto* out = reinterpret_cast<std::uint8_t*>(output.data());
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state_.get(), &input_left, &in, &room_left, &out, nullptr);
    if (result == BROTLI_DECODER_RESULT_ERROR) return std::unexpected(fail());
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    if (ended_ && input_left > 0) return std::unexpected(DecodeError::trailing_data);
    input = input.last(input_left);
    return output.size() - room_left;
  }

  bool complete() const noexcept override { return ended_ || !begun_; }

 private:
  struct Free {
    void operator()(BrotliDecoderState* state) const noexcept {
      BrotliDecoderDestroyInstance(state);
    }
  };

  DecodeError fail() const {
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_.get());
    const bool memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                        code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    if (memory) throw std::bad_alloc();
    return DecodeError::invalid_brotli;
  }

  std::unique_ptr<BrotliDecoderState, Free> state_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<CodingStage> make_brotli_stage() {
  return std::make_unique<BrotliStage>();
}

}  // namespace duplex::client

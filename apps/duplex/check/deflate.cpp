#include "deflate.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace duplex::app::check {
namespace {

/// What ends each message before it is cut off (section 7.2.1).
constexpr std::string_view tail("\0\0\xff\xff", 4);

/// zlib's count of what it may read or write at once.
uInt count(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, 1U << 30));
}

Bytef* input_of(std::string_view bytes) {
  // zlib reads it only, whatever its type says.
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

}  // namespace

Deflater::Deflater(DeflateDirection direction, Blocks blocks)
    : keeps_context_(direction.keeps_context),
      blocks_(blocks),
      stream_(std::make_unique<z_stream>()) {
  // zlib's windows have 9 bits at least. Without matches, which are what looks back, the window
  // does not matter.
  const bool tiny = direction.window_bits < 9;
  const int bits = std::max(direction.window_bits, 9);
  constexpr int memory_level = 8;
  if (deflateInit2(stream_.get(), blocks.level, Z_DEFLATED, -bits, memory_level,
                   tiny ? Z_HUFFMAN_ONLY : blocks.strategy) != Z_OK) {
    throw std::runtime_error("zlib can't compress: out of memory");
  }
}

Deflater::~Deflater() {
  if (stream_) deflateEnd(stream_.get());
}

Deflater::Deflater(Deflater&&) noexcept = default;

std::string Deflater::compress(std::string_view message) {
  std::string result;
  while (blocks_.flush_every != 0 && message.size() > blocks_.flush_every) {
    write(message.substr(0, blocks_.flush_every), blocks_.flush, result);
    message.remove_prefix(blocks_.flush_every);
  }
  write(message, blocks_.final ? Z_FINISH : Z_SYNC_FLUSH, result);
  if (blocks_.final || !keeps_context_) deflateReset(stream_.get());
  if (blocks_.final) return result;
  if (result.ends_with(tail)) result.resize(result.size() - tail.size());
  // Section 7.2.3.6: an empty message is an empty block that is not compressed, less its tail.
  if (result.empty()) result.push_back('\0');
  return result;
}

void Deflater::write(std::string_view bytes, int flush, std::string& result) {
  stream_->next_in = input_of(bytes);
  stream_->avail_in = count(bytes.size());
  std::array<char, 16384> buffer;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_->avail_out = count(buffer.size());
    deflate(stream_.get(), flush);
    result.append(buffer.data(), buffer.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

std::string deflated(std::string_view message, Blocks blocks) {
  return Deflater({}, blocks).compress(message);
}

Inflater::Inflater(DeflateDirection direction)
    : keeps_context_(direction.keeps_context),
      // zlib looks for what is further back than its window in what the same call has written,
      // too. Only by single bytes is a peer found out that looks back further than agreed on; no
      // data can look back further than the largest window.
      step_(direction.window_bits < 15 ? 1 : 16384),
      stream_(std::make_unique<z_stream>()) {
  if (inflateInit2(stream_.get(), -direction.window_bits) != Z_OK) {
    throw std::runtime_error("zlib can't decompress: out of memory");
  }
}

Inflater::~Inflater() {
  if (stream_) inflateEnd(stream_.get());
}

Inflater::Inflater(Inflater&&) noexcept = default;

Inflated Inflater::decompress(std::string_view payload, std::size_t bytes_max) {
  Inflated inflated;
  inflated.fault = read(payload, bytes_max, inflated.bytes);
  if (inflated.fault != Inflated::Fault::none) return inflated;
  const std::size_t size = inflated.bytes.size();
  inflated.fault = read(tail, bytes_max, inflated.bytes);
  // The tail ends a block without a byte in it, and nothing of it is left: zlib has 128 here
  // between blocks, plus the bits that it has not used. Elsewhere the tail was read as a part of
  // the data.
  const bool complete = stream_->data_type == 128 && inflated.bytes.size() == size;
  if (!complete && inflated.fault == Inflated::Fault::none) {
    inflated.fault = Inflated::Fault::incomplete;
  }
  if (!keeps_context_) inflateReset(stream_.get());
  return inflated;
}

Inflated::Fault Inflater::read(std::string_view bytes, std::size_t bytes_max, std::string& result) {
  stream_->next_in = input_of(bytes);
  stream_->avail_in = count(bytes.size());
  std::array<char, 16384> buffer;
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_->avail_out = step_;
    const int status = inflate(stream_.get(), Z_SYNC_FLUSH);
    result.append(buffer.data(), step_ - stream_->avail_out);
    if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) {
      return Inflated::Fault::invalid;
    }
    if (result.size() > bytes_max) return Inflated::Fault::too_long;
    if (status == Z_STREAM_END) begin_anew();
  } while (stream_->avail_in > 0 || stream_->avail_out == 0);
  return Inflated::Fault::none;
}

/// Behind a final block (section 7.2.3.4). What follows may look back beyond it: zlib forgets, and
/// is reminded.
void Inflater::begin_anew() {
  std::array<Bytef, 32768> window;
  uInt window_bytes = 0;
  inflateGetDictionary(stream_.get(), window.data(), &window_bytes);
  inflateReset(stream_.get());
  inflateSetDictionary(stream_.get(), window.data(), window_bytes);
}

}  // namespace duplex::app::check

#include "websocket/deflate/stream_deflater.hpp"

#include <zlib.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <new>

#include "websocket/deflate/tail.hpp"

namespace duplex::websocket {

namespace {

// What zlib is offered, and asked for, at a time; its counts have 32 bits.
constexpr std::size_t piece_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t room_bytes_max = std::size_t{64} * 1024;
/// Memory for zlib's tables of symbols and of earlier places, where 8 is what it takes by itself:
/// less for a small window, as much as the window itself.
int memory_level(int window_bits) noexcept {
  return std::min(window_bits - 6, 8);
}

}  // namespace

struct StreamDeflater::Stream : z_stream {};

StreamDeflater::StreamDeflater(const DeflateEffort& effort) : stream_(std::make_unique<Stream>()) {
  // Negative bits: no header and no checksum around the blocks.
  const int status = deflateInit2(stream_.get(), effort.level, Z_DEFLATED, -effort.window_bits,
                                  memory_level(effort.window_bits), Z_DEFAULT_STRATEGY);
  if (status != Z_OK) throw std::bad_alloc();
}

StreamDeflater::~StreamDeflater() {
  deflateEnd(stream_.get());
}

void StreamDeflater::reset() noexcept {
  deflateReset(stream_.get());
}

void StreamDeflater::deflate(ConstBytes piece, bool last, ByteQueue& output) {
  const std::size_t size_before = output.size();
  bool flushed = false;
  while (!flushed) {
    const std::size_t piece_bytes = std::min(piece.size(), piece_bytes_max);
    const bool all = piece_bytes == piece.size();
    // zlib does not write there, whatever its types say.
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(piece.data()));
    stream_->avail_in = static_cast<uInt>(piece_bytes);
    const std::size_t room_bytes = std::min(piece_bytes + 64, room_bytes_max);
    stream_->next_out = reinterpret_cast<Bytef*>(output.prepare(room_bytes).data());
    stream_->avail_out = static_cast<uInt>(room_bytes);
    const int status = ::deflate(stream_.get(), all ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    // Z_BUF_ERROR says that nothing was left to flush.
    assert(status == Z_OK || status == Z_BUF_ERROR);
    output.commit(room_bytes - stream_->avail_out);
    piece = piece.subspan(piece_bytes - stream_->avail_in);
    flushed = all && stream_->avail_in == 0 && (stream_->avail_out > 0 || status == Z_BUF_ERROR);
  }
  if (!last) return;
  // Where nothing new was to flush, zlib repeats no empty block.
  if (output.size() == size_before) {
    output.append(ConstBytes(&empty_block, 1));
  } else {
    output.retract(flush_tail.size());
  }
}

}  // namespace duplex::websocket

#include "websocket/deflate/whole_deflater.hpp"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "websocket/deflate/stream_deflater.hpp"
#include "websocket/deflate/tail.hpp"

namespace duplex::websocket {

namespace {

// Below this many bytes a code made for the message costs more time than its shorter result is
// worth at level 1: for 1 KiB of JSON, 5 µs instead of 1 for a result that is a fifth shorter.
constexpr std::size_t own_code_bytes_min = 2048;
constexpr int zlib_level_min = 7;

// What is offered to igzip at a time, and asked of the output; its counts have 32 bits.
constexpr std::size_t piece_bytes_max = std::size_t{1} << 20U;

/// igzip's own levels: 0 without a search, 1 with one, 3 with a lazy one.
std::uint32_t igzip_level(int level, std::size_t payload_bytes) noexcept {
  if (level <= 1 && payload_bytes < own_code_bytes_min) return 0;
  return level <= 3 ? 1 : 3;
}

}  // namespace

struct WholeDeflater::Igzip {
  isal_zstream stream;
  std::array<std::uint8_t, std::max(ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL3_DEFAULT)> work;
};

WholeDeflater::WholeDeflater() noexcept = default;
WholeDeflater::~WholeDeflater() = default;

void WholeDeflater::deflate(ConstBytes payload, const DeflateEffort& effort, ByteQueue& output) {
  if (payload.empty()) {
    output.append(ConstBytes(&empty_block, 1));
  } else if (effort.level < zlib_level_min) {
    deflate_by_igzip(payload, effort, output);
  } else {
    if (!zlib_ || zlib_effort_ != effort) {
      zlib_ = std::make_unique<StreamDeflater>(effort);
      zlib_effort_ = effort;
    }
    zlib_->reset();
    zlib_->deflate(payload, true, output);
  }
}

void WholeDeflater::deflate_by_igzip(ConstBytes payload, const DeflateEffort& effort,
                                     ByteQueue& output) {
  if (!igzip_) {
    // Not value-initialised: it is a third of a MiB, of which igzip sets what it reads.
    igzip_.reset(new Igzip);
    isal_deflate_init(&igzip_->stream);
  }
  isal_zstream& stream = igzip_->stream;
  isal_deflate_reset(&stream);
  stream.level = igzip_level(effort.level, payload.size());
  stream.level_buf = igzip_->work.data();
  stream.level_buf_size = static_cast<std::uint32_t>(igzip_->work.size());
  stream.hist_bits = static_cast<std::uint16_t>(effort.window_bits);
  stream.gzip_flag = IGZIP_DEFLATE;
  stream.end_of_stream = 0;
  if (stream.level == 0) isal_deflate_set_hufftables(&stream, nullptr, IGZIP_HUFFTABLE_STATIC);

  bool flushed = false;
  while (!flushed) {
    const std::size_t piece_bytes = std::min(payload.size(), piece_bytes_max);
    const bool last = piece_bytes == payload.size();
    stream.flush = last ? SYNC_FLUSH : NO_FLUSH;
    // It does not write there, whatever its types say.
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(payload.data()));
    stream.avail_in = static_cast<std::uint32_t>(piece_bytes);
    const Bytes room = output.prepare(piece_bytes + 64);
    const auto room_bytes = static_cast<std::uint32_t>(std::min(room.size(), piece_bytes_max));
    stream.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    stream.avail_out = room_bytes;
    isal_deflate(&stream);
    output.commit(room_bytes - stream.avail_out);
    payload = payload.subspan(piece_bytes - stream.avail_in);
    flushed = last && stream.avail_in == 0 && stream.avail_out > 0;
  }
  output.retract(flush_tail.size());
}

}  // namespace duplex::websocket

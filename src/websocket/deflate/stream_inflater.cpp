#include "websocket/deflate/stream_inflater.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <new>

#include "websocket/deflate/tail.hpp"

namespace duplex::websocket {

namespace {

// What zlib is offered, and asked for, at a time; its counts have 32 bits.
constexpr std::size_t piece_bytes_max = std::size_t{1} << 20U;
constexpr std::size_t room_bytes_min = std::size_t{4} * 1024;
constexpr std::size_t room_bytes_max = std::size_t{64} * 1024;

// In `data_type`: the next bit that is read begins a block; how many bits were read ahead.
constexpr int block_begins = 128;
constexpr int bits_ahead = 63;

}  // namespace

struct StreamInflater::Stream : z_stream {};

StreamInflater::StreamInflater(int window_bits) : stream_(std::make_unique<Stream>()) {
  // Negative bits: no header and no checksum around the blocks.
  if (inflateInit2(stream_.get(), -window_bits) != Z_OK) throw std::bad_alloc();
}

StreamInflater::~StreamInflater() {
  inflateEnd(stream_.get());
}

void StreamInflater::reset() noexcept {
  inflateReset(stream_.get());
  stream_ended_ = false;
  between_blocks_ = true;
}

std::optional<Error> StreamInflater::inflate(ConstBytes piece, bool last, std::uint64_t bytes_max,
                                             ByteQueue& output) {
  if (const auto error = inflate_bytes(piece, bytes_max, output)) return error;
  // A block ends with the message when it is marked as its stream's last one, or was flushed
  // before, and its tail sent. Both may be (RFC 7692 sections 7.2.1 and 7.2.3.4) with an empty
  // block behind; for senders who forget that, the tail is not put where it would begin one.
  if (!last || between_blocks_) return std::nullopt;
  if (const auto error = inflate_bytes(flush_tail, bytes_max, output)) return error;
  if (!between_blocks_) return Error::compressed_data_invalid;
  return std::nullopt;
}

std::optional<Error> StreamInflater::inflate_bytes(ConstBytes bytes, std::uint64_t& bytes_max,
                                                   ByteQueue& output) {
  bool more = !bytes.empty();
  while (more) {
    if (stream_ended_) {
      // What follows begins anew, but may refer to what was before it: all the messages of a peer
      // are one sequence of blocks. Unlike inflateReset this keeps the window.
      inflateResetKeep(stream_.get());
      stream_ended_ = false;
    }
    const std::size_t piece_bytes = std::min(bytes.size(), piece_bytes_max);
    // zlib does not write there, whatever its types say.
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream_->avail_in = static_cast<uInt>(piece_bytes);
    // One more than allowed shows that there is more.
    const auto room_bytes = static_cast<std::size_t>(
        std::min<std::uint64_t>({bytes_max + (bytes_max < UINT64_MAX ? 1 : 0), room_bytes_max,
                                 std::max(room_bytes_min, piece_bytes * 4)}));
    const Bytes room = output.prepare(room_bytes);
    stream_->next_out = reinterpret_cast<Bytef*>(room.data());
    stream_->avail_out = static_cast<uInt>(room_bytes);
    const int status = ::inflate(stream_.get(), Z_SYNC_FLUSH);
    const std::size_t written_bytes = room_bytes - stream_->avail_out;
    const std::size_t taken_bytes = std::min<std::uint64_t>(written_bytes, bytes_max);
    output.commit(taken_bytes);
    bytes_max -= taken_bytes;
    if (written_bytes > taken_bytes) return Error::message_too_big;
    bytes = bytes.subspan(piece_bytes - stream_->avail_in);
    // Z_BUF_ERROR says that nothing was left to do.
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      return Error::compressed_data_invalid;
    }
    stream_ended_ = status == Z_STREAM_END;
    between_blocks_ =
        stream_ended_ || (stream_->data_type & (block_begins | bits_ahead)) == block_begins;
    more = !bytes.empty() || (stream_->avail_out == 0 && !stream_ended_);
  }
  return std::nullopt;
}

}  // namespace duplex::websocket

#include "websocket/deflate/whole_inflater.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <new>

#include "websocket/deflate/buffers.hpp"
#include "websocket/deflate/stream_inflater.hpp"
#include "websocket/deflate/tail.hpp"

namespace duplex::websocket {

namespace {

// Behind the tail: an empty stored block that is the stream's last, for which libdeflate looks.
constexpr std::array last_block{std::byte{0x01}, std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                std::byte{0xFF}};

// Where the first try for room begins: enough for nearly all messages in one.
constexpr std::size_t room_bytes_min = std::size_t{16} * 1024;

}  // namespace

void WholeInflater::Free::operator()(libdeflate_decompressor* decompressor) const noexcept {
  libdeflate_free_decompressor(decompressor);
}

WholeInflater::WholeInflater() noexcept = default;
WholeInflater::~WholeInflater() = default;

std::expected<Bytes, Error> WholeInflater::inflate(ConstBytes compressed, std::uint64_t bytes_max) {
  // No data at all, where RFC 7692 section 7.2.3.6 has one byte for an empty message.
  if (compressed.empty()) return Bytes();
  if (!libdeflate_) {
    libdeflate_.reset(libdeflate_alloc_decompressor());
    if (!libdeflate_) throw std::bad_alloc();
  }
  trim_buffer(input_);
  input_.append(compressed);
  input_.append(flush_tail);
  input_.append(last_block);
  const ConstBytes input = input_.content();

  trim_buffer(output_);
  std::uint64_t room_bytes = std::max<std::uint64_t>(
      {room_bytes_min, output_.capacity(), std::uint64_t{compressed.size()} * 4});
  while (true) {
    room_bytes = std::min(room_bytes, bytes_max);
    const Bytes room = output_.prepare(static_cast<std::size_t>(room_bytes));
    std::size_t read_bytes = 0;
    std::size_t written_bytes = 0;
    const libdeflate_result result = libdeflate_deflate_decompress_ex(
        libdeflate_.get(), input.data(), input.size(), room.data(),
        static_cast<std::size_t>(room_bytes), &read_bytes, &written_bytes);
    if (result == LIBDEFLATE_SUCCESS && read_bytes == input.size()) {
      output_.commit(written_bytes);
      return output_.content();
    }
    // Broken, or with a last block of its own, or without the empty one at the end.
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return inflate_by_zlib(compressed, bytes_max);
    if (room_bytes == bytes_max) return std::unexpected(Error::message_too_big);
    room_bytes *= 2;
  }
}

void WholeInflater::trim() noexcept {
  trim_buffer(input_);
  trim_buffer(output_);
}

std::expected<Bytes, Error> WholeInflater::inflate_by_zlib(ConstBytes compressed,
                                                           std::uint64_t bytes_max) {
  if (!zlib_) zlib_ = std::make_unique<StreamInflater>(15);
  zlib_->reset();
  output_.clear();
  if (const auto error = zlib_->inflate(compressed, true, bytes_max, output_)) {
    return std::unexpected(*error);
  }
  return output_.content();
}

}  // namespace duplex::websocket

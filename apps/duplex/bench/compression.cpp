#include "compression.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace duplex::app::bench {
namespace {

constexpr int raw_window_bits = -15;
constexpr int level = 6;
constexpr int memory_level = 8;

/// The end of each message, which is not sent.
constexpr std::string_view tail("\x00\x00\xFF\xFF", 4);

std::shared_ptr<z_stream> new_stream(int (*end)(z_stream*)) {
  return {new z_stream{}, [end](z_stream* stream) {
            end(stream);
            delete stream;
          }};
}

Bytef* input(std::string_view bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

Compressor::Compressor(bool keep) : stream_(new_stream(deflateEnd)), keep_(keep) {
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, raw_window_bits, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

std::string Compressor::compressed(std::string_view message) {
  // Of nothing new zlib makes nothing; that is how an empty block begins (RFC 7692
  // section 7.2.3.6).
  if (message.empty()) return std::string(1, '\0');
  z_stream& stream = *stream_;
  if (!keep_) deflateReset(&stream);
  std::string result(deflateBound(&stream, message.size()) + 16, '\0');
  stream.next_in = input(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_SYNC_FLUSH);
  result.resize(result.size() - stream.avail_out);
  if (result.ends_with(tail)) result.resize(result.size() - tail.size());
  return result;
}

Inflater::Inflater(bool keep) : stream_(new_stream(inflateEnd)), keep_(keep) {
  if (inflateInit2(stream_.get(), raw_window_bits) != Z_OK) throw std::bad_alloc();
}

bool Inflater::inflate(std::string_view compressed, std::size_t bytes_max, std::string& message) {
  z_stream& stream = *stream_;
  if (!keep_) inflateReset(&stream);
  const std::size_t before = message.size();
  message.resize(before + bytes_max + 1);
  stream.next_out = reinterpret_cast<Bytef*>(message.data() + before);
  stream.avail_out = static_cast<uInt>(bytes_max + 1);
  // What nobody wants to have may be what later messages refer to.
  std::array<Bytef, 4096> unwanted;
  bool valid = true;
  bool too_long = false;
  for (const std::string_view part : {compressed, tail}) {
    stream.next_in = input(part);
    stream.avail_in = static_cast<uInt>(part.size());
    int result = ::inflate(&stream, Z_SYNC_FLUSH);
    while (keep_ && result == Z_OK && stream.avail_out == 0) {
      too_long = true;
      stream.next_out = unwanted.data();
      stream.avail_out = static_cast<uInt>(unwanted.size());
      result = ::inflate(&stream, Z_SYNC_FLUSH);
    }
    // Z_STREAM_END: a last block, which is allowed; what follows begins anew.
    if (result == Z_STREAM_END) {
      inflateReset(&stream);
      break;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) valid = false;
  }
  if (!too_long) message.resize(message.size() - stream.avail_out);
  return valid;
}

}  // namespace duplex::app::bench

// gzip and deflate. zlib inflates and sums up; the formats around that are read here, so that what
// is wrong with them has a name, members can follow each other, and bare deflate is understood.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdint>
#include <new>
#include <optional>

#include "client/content_decoder_stage.hpp"

namespace duplex::client {
namespace {

/// zlib reads through a pointer that is not const, and leaves what is there as it is.
Bytef* zlib_pointer(ConstBytes bytes) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

/// zlib counts in `unsigned`.
uInt zlib_size(ConstBytes bytes) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(bytes.size(), UINT_MAX));
}

std::uint8_t take_byte(ConstBytes& input) noexcept {
  const auto byte = std::to_integer<std::uint8_t>(input.front());
  input = input.subspan(1);
  return byte;
}

/// One deflate stream after another (RFC 1951), without anything around it.
class Inflater {
 public:
  Inflater() {
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// As `CodingStage::decode`, except that it stops at the end of the stream.
  std::expected<std::size_t, DecodeError> inflate(ConstBytes& input, Bytes output) {
    std::size_t written = 0;
    while (!ended_) {
      const ConstBytes room = output.subspan(written);
      stream_.next_in = zlib_pointer(input);
      stream_.avail_in = zlib_size(input);
      stream_.next_out = zlib_pointer(room);
      stream_.avail_out = zlib_size(room);
      const uInt size_before = stream_.avail_in;
      const uInt room_before = stream_.avail_out;
      const int result = ::inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result == Z_STREAM_END) {
        ended_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return std::unexpected(DecodeError::invalid_deflate);
      }
      input = input.subspan(size_before - stream_.avail_in);
      written += room_before - stream_.avail_out;
      // Neither has moved: it waits for input, or for room.
      if (stream_.avail_in == size_before && stream_.avail_out == room_before) break;
    }
    return written;
  }

  bool ended() const noexcept { return ended_; }

  /// For the next stream; keeps its memory.
  void restart() noexcept {
    inflateReset(&stream_);
    ended_ = false;
  }

 private:
  z_stream stream_{};
  bool ended_ = false;
};

/// RFC 1952.
class GzipStage final : public CodingStage {
 public:
  std::expected<std::size_t, DecodeError> decode(ConstBytes& input, Bytes output) override {
    std::size_t written = 0;
    for (;;) {
      if (state_ == State::data) {
        const auto inflated = inflater_.inflate(input, output.subspan(written));
        if (!inflated) return inflated;
        note(output.subspan(written, *inflated));
        written += *inflated;
        if (!inflater_.ended()) return written;
        enter(State::trailer);
      }
      if (input.empty()) return written;
      if (const auto error = read(take_byte(input))) return std::unexpected(*error);
    }
  }

  bool complete() const noexcept override {
    return state_ == State::fixed_header && position_ == 0;
  }

 private:
  enum class State : std::uint8_t {
    fixed_header,  // where it begins, and where it ends
    extra_size,
    extra,
    name,
    comment,
    header_sum,
    data,
    trailer,
  };

  // FLG, RFC 1952 section 2.3.1.
  static constexpr unsigned flag_header_sum = 0x02;
  static constexpr unsigned flag_extra = 0x04;
  static constexpr unsigned flag_name = 0x08;
  static constexpr unsigned flag_comment = 0x10;
  static constexpr unsigned flags_reserved = 0xe0;

  void enter(State state) noexcept {
    state_ = state;
    position_ = 0;
    number_ = 0;
  }

  /// Enters the first part of the header that is there, of those that come from `state` on.
  void enter_optional(State state) noexcept {
    if (state <= State::extra_size && (flags_ & flag_extra) != 0) return enter(State::extra_size);
    if (state <= State::name && (flags_ & flag_name) != 0) return enter(State::name);
    if (state <= State::comment && (flags_ & flag_comment) != 0) return enter(State::comment);
    if (state <= State::header_sum && (flags_ & flag_header_sum) != 0) {
      return enter(State::header_sum);
    }
    sum_ = crc32(0, nullptr, 0);
    size_ = 0;
    inflater_.restart();
    enter(State::data);
  }

  /// Counts decoded data.
  void note(ConstBytes data) noexcept {
    sum_ = crc32(sum_, zlib_pointer(data), zlib_size(data));
    size_ += static_cast<std::uint32_t>(data.size());  // ISIZE is modulo 2^32
  }

  /// One byte of a header or trailer; numbers are little-endian.
  std::optional<DecodeError> read(std::uint8_t byte) noexcept {
    const std::size_t position = position_++;
    number_ |= std::uint64_t{byte} << (8 * (position % 8));
    if (state_ < State::header_sum) sum_ = crc32(sum_, &byte, 1);
    switch (state_) {
      case State::fixed_header: return read_fixed_header(position, byte);
      case State::extra_size:
        if (position < 1) break;
        extra_bytes_ = static_cast<std::size_t>(number_);
        if (extra_bytes_ == 0) {
          enter_optional(State::name);
        } else {
          enter(State::extra);
        }
        break;
      case State::extra:
        if (position_ == extra_bytes_) enter_optional(State::name);
        break;
      case State::name:
        if (byte == 0) enter_optional(State::comment);
        break;
      case State::comment:
        if (byte == 0) enter_optional(State::header_sum);
        break;
      case State::header_sum:
        if (position < 1) break;
        if (number_ != (sum_ & 0xffff)) return DecodeError::gzip_header_mismatch;
        enter_optional(State::data);
        break;
      case State::data: break;  // the inflater's
      case State::trailer:
        if (position == 3 && number_ != sum_) return DecodeError::gzip_content_mismatch;
        if (position == 7) {
          if (number_ >> 32U != size_) return DecodeError::gzip_size_mismatch;
          not_first_ = true;
          sum_ = crc32(0, nullptr, 0);
          enter(State::fixed_header);
        }
        break;
    }
    return std::nullopt;
  }

  std::optional<DecodeError> read_fixed_header(std::size_t position, std::uint8_t byte) noexcept {
    constexpr std::array<std::uint8_t, 2> magic = {0x1f, 0x8b};
    if (position < magic.size() && byte != magic[position]) {
      return not_first_ ? DecodeError::trailing_data : DecodeError::not_gzip;
    }
    if (position == 2 && byte != Z_DEFLATED) return DecodeError::unknown_gzip_method;
    if (position == 3) {
      flags_ = byte;
      if ((flags_ & flags_reserved) != 0) return DecodeError::reserved_gzip_flag;
    }
    if (position == 9) enter_optional(State::extra_size);  // behind MTIME, XFL and OS
    return std::nullopt;
  }

  Inflater inflater_;
  State state_ = State::fixed_header;
  std::size_t position_ = 0;  // in the state
  std::uint64_t number_ = 0;  // what the last bytes of the state are, little-endian
  unsigned flags_ = 0;
  std::size_t extra_bytes_ = 0;
  uLong sum_ = crc32(0, nullptr, 0);  // of the header, then of the data
  std::uint32_t size_ = 0;
  bool not_first_ = false;  // a member has ended before
};

/// The zlib format (RFC 1950), or bare deflate when it does not begin as that.
class DeflateStage final : public CodingStage {
 public:
  std::expected<std::size_t, DecodeError> decode(ConstBytes& input, Bytes output) override {
    std::size_t written = 0;
    for (;;) {
      switch (state_) {
        case State::header:
          if (input.empty()) return written;
          header_[position_++] = static_cast<std::byte>(take_byte(input));
          if (position_ < header_.size()) break;
          if (const auto error = read_header()) return std::unexpected(*error);
          break;
        case State::data: {
          // What was taken for a header, and is bare deflate; the shortest is as long as that.
          ConstBytes& source = held_.empty() ? input : held_;
          const bool held = !held_.empty();
          const auto inflated = inflater_.inflate(source, output.subspan(written));
          if (!inflated) return inflated;
          const ConstBytes data = output.subspan(written, *inflated);
          if (!bare_) sum_ = adler32(sum_, zlib_pointer(data), zlib_size(data));
          written += *inflated;
          if (inflater_.ended()) {
            state_ = bare_ ? State::end : State::trailer;
            position_ = 0;
          } else if (!held || !held_.empty()) {
            return written;
          }
          break;
        }
        case State::trailer:
          if (input.empty()) return written;
          stated_sum_ = stated_sum_ << 8U | take_byte(input);
          if (++position_ < 4) break;
          if (stated_sum_ != sum_) return std::unexpected(DecodeError::zlib_content_mismatch);
          state_ = State::end;
          break;
        case State::end:
          if (!input.empty()) return std::unexpected(DecodeError::trailing_data);
          return written;
      }
    }
  }

  bool complete() const noexcept override {
    return state_ == State::end || (state_ == State::header && position_ == 0);
  }

 private:
  enum class State : std::uint8_t { header, data, trailer, end };

  /// RFC 1950 section 2.2: CMF and FLG are a multiple of 31, CM is deflate, CINFO at most 7. Bare
  /// deflate would have to begin with a stored block whose padding is not zero to look like that.
  std::optional<DecodeError> read_header() noexcept {
    state_ = State::data;
    const auto method = std::to_integer<unsigned>(header_[0]);
    const auto flags = std::to_integer<unsigned>(header_[1]);
    bare_ = (method * 256 + flags) % 31 != 0 || method % 16 != Z_DEFLATED || method / 16 > 7;
    if (bare_) held_ = header_;
    if (!bare_ && (flags & 0x20U) != 0) return DecodeError::zlib_dictionary;
    return std::nullopt;
  }

  Inflater inflater_;
  State state_ = State::header;
  std::array<std::byte, 2> header_{};
  std::size_t position_ = 0;  // in the header, or trailer
  ConstBytes held_;
  bool bare_ = false;
  uLong sum_ = adler32(0, nullptr, 0);
  uLong stated_sum_ = 0;
};

}  // namespace

std::unique_ptr<CodingStage> make_gzip_stage() {
  return std::make_unique<GzipStage>();
}

std::unique_ptr<CodingStage> make_deflate_stage() {
  return std::make_unique<DeflateStage>();
}

}  // namespace duplex::client

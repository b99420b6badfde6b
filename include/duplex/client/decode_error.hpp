#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace duplex::client {

/// Why a response's content could not be decoded, one enumerator a rule. The values of a
/// std::error_code's category of its own, named "content": compare with
/// `error == duplex::client::DecodeError::expands_too_much`.
enum class DecodeError : std::uint8_t {
  // Content-Encoding
  unknown_coding = 1,  ///< RFC 9110 section 8.4.1: one that we did not offer, and can't undo
  too_many_codings,    ///< RFC 9110 section 8.4 sets no limit; four are more than anybody applies
  // Limits
  content_too_large,  ///< RFC 9110 section 8.4 sets no limit; `DecodeLimits::decoded_bytes_max`
  expands_too_much,   ///< The same, for what is a bomb; `DecodeLimits::expansion_max`
  // Where coded content ends
  incomplete,     ///< RFC 9112 section 8: the content ends before what is coded does
  trailing_data,  ///< RFC 1952 section 2.2, RFC 8878 section 3: something else comes behind it
  // gzip
  not_gzip,               ///< RFC 1952 section 2.3.1: ID1, ID2
  unknown_gzip_method,    ///< RFC 1952 section 2.3.1: CM is not 8, deflate
  reserved_gzip_flag,     ///< RFC 1952 section 2.3.1.2: "must give an error indication"
  gzip_header_mismatch,   ///< RFC 1952 section 2.3.1: CRC16
  gzip_content_mismatch,  ///< RFC 1952 section 2.3.1: CRC32
  gzip_size_mismatch,     ///< RFC 1952 section 2.3.1: ISIZE
  // deflate
  invalid_deflate,        ///< RFC 1951 section 3.2: a block, code or distance that can't be
  zlib_dictionary,        ///< RFC 1950 section 2.2: FDICT, and HTTP has no such dictionary
  zlib_content_mismatch,  ///< RFC 1950 section 2.2: ADLER32
  // br
  invalid_brotli,  ///< RFC 7932 section 10: "the stream should be rejected as invalid"
  // zstd
  not_zstd,               ///< RFC 8878 section 3.1: Magic_Number
  invalid_zstd,           ///< RFC 8878 section 3.1.1: a header or block that can't be
  zstd_window_too_large,  ///< RFC 9659 section 3: more than 8 MiB
  zstd_dictionary,        ///< RFC 8878 section 3.1.1.1.3: Dictionary_ID, and there is none
  zstd_content_mismatch,  ///< RFC 8878 section 3.1.1: Content_Checksum
};

/// How many errors there are; their values run from 1 to this, inclusive.
inline constexpr std::size_t decode_error_count =
    static_cast<std::size_t>(DecodeError::zstd_content_mismatch);

/// One sentence, without its full stop, for whoever asked for the content. Text of the program;
/// never echoes what the peer sent.
std::string_view describe(DecodeError error) noexcept;

/// The category of `DecodeError`; its messages are what `describe` says. Lives for ever; any
/// thread.
const std::error_category& content_category() noexcept;

/// For std::error_code, which finds it by itself.
std::error_code make_error_code(DecodeError error) noexcept;

}  // namespace duplex::client

template <>
struct std::is_error_code_enum<duplex::client::DecodeError> : std::true_type {};

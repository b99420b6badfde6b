#include <string>

#include <duplex/client/decode_error.hpp>

namespace duplex::client {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "content"; }
  std::string message(int value) const override {
    return std::string(describe(static_cast<DecodeError>(value)));
  }
};

}  // namespace

std::string_view describe(DecodeError error) noexcept {
  switch (error) {
    case DecodeError::unknown_coding:
      return "the content has a coding that was not asked for and is not known here";
    case DecodeError::too_many_codings: return "the content has more than four codings";
    case DecodeError::content_too_large:
      return "the decoded content is larger than what is accepted: raise the limit, or read it in "
             "pieces";
    case DecodeError::expands_too_much:
      return "the content expands like a decompression bomb: ask for it without a coding, or raise "
             "the limit";
    case DecodeError::incomplete: return "the content ends before its coding does";
    case DecodeError::trailing_data:
      return "something else follows where the coded content has ended";
    case DecodeError::not_gzip: return "the content is said to be gzip and does not begin as such";
    case DecodeError::unknown_gzip_method:
      return "the gzip content is compressed by another method than deflate";
    case DecodeError::reserved_gzip_flag: return "a reserved flag is set in a gzip header";
    case DecodeError::gzip_header_mismatch: return "a gzip header does not match its checksum";
    case DecodeError::gzip_content_mismatch:
      return "what was decoded from gzip does not match its checksum";
    case DecodeError::gzip_size_mismatch:
      return "what was decoded from gzip does not have the size that is stated";
    case DecodeError::invalid_deflate: return "the compressed data is not valid deflate";
    case DecodeError::zlib_dictionary:
      return "the deflate content wants a dictionary, and there is none";
    case DecodeError::zlib_content_mismatch:
      return "what was decoded from deflate does not match its checksum";
    case DecodeError::invalid_brotli: return "the compressed data is not valid brotli";
    case DecodeError::not_zstd: return "the content is said to be zstd and does not begin as such";
    case DecodeError::invalid_zstd: return "the compressed data is not valid zstd";
    case DecodeError::zstd_window_too_large:
      return "the zstd content wants a window of more than 8 MiB";
    case DecodeError::zstd_dictionary:
      return "the zstd content wants a dictionary, and there is none";
    case DecodeError::zstd_content_mismatch:
      return "what was decoded from zstd does not match its checksum";
  }
  return "unknown error of a content coding";
}

const std::error_category& content_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(DecodeError error) noexcept {
  return {static_cast<int>(error), content_category()};
}

}  // namespace duplex::client

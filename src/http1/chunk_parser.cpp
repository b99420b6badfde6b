#include <algorithm>

#include <duplex/http1/chunk_parser.hpp>

namespace duplex::http1 {

namespace {

/// The value of a hexadecimal digit; 16 for any other character.
constexpr std::uint8_t hex_value(char character) noexcept {
  if (character >= '0' && character <= '9') return static_cast<std::uint8_t>(character - '0');
  if (character >= 'a' && character <= 'f') return static_cast<std::uint8_t>(character - 'a' + 10);
  if (character >= 'A' && character <= 'F') return static_cast<std::uint8_t>(character - 'A' + 10);
  return 16;
}

/// Leading zeros count too, so that a size line has an end.
constexpr std::uint8_t digits_max = 16;

}  // namespace

std::expected<ChunkParser::Step, Error> ChunkParser::next(Bytes& input, Bytes& data,
                                                          Allowance& allowance) noexcept {
  while (!input.empty()) {
    if (part_ == Part::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      data = input.first(size);
      input = input.subspan(size);
      left_ -= size;
      if (left_ == 0) part_ = Part::data_carriage_return;
      return Step::data;
    }
    const auto character = static_cast<char>(input.front());
    input = input.subspan(1);
    const auto last = take(character, allowance);
    if (!last) return std::unexpected(last.error());
    if (*last) return Step::last_chunk;
  }
  return Step::need_more;
}

std::expected<bool, Error> ChunkParser::take(char character, Allowance& allowance) noexcept {
  switch (part_) {
    case Part::size: {
      if (const std::uint8_t digit = hex_value(character); digit < 16) {
        if (digits_ == digits_max) return std::unexpected(Error::chunk_size_overflow);
        ++digits_;
        left_ = left_ << 4 | digit;
        return false;
      }
      if (digits_ == 0) return std::unexpected(Error::invalid_chunk_size);
      if (character == '\r') {
        part_ = Part::size_line_feed;
      } else if (character == ';') {
        part_ = Part::extension;
      } else if (character == ' ' || character == '\t') {
        part_ = Part::space_before_extension;
      } else {
        return std::unexpected(character == '\n' ? Error::bare_line_feed
                                                 : Error::invalid_chunk_size);
      }
      return false;
    }
    case Part::space_before_extension:
      // RFC 9112 section 7.1.1 allows "bad whitespace" before an extension, not before the CR.
      if (allowance.extension_bytes == 0) return std::unexpected(Error::chunk_extension_too_large);
      --allowance.extension_bytes;
      if (character == ';') {
        part_ = Part::extension;
      } else if (character != ' ' && character != '\t') {
        return std::unexpected(Error::invalid_chunk_size);
      }
      return false;
    case Part::extension:
      if (character == '\r') {
        part_ = Part::size_line_feed;
        return false;
      }
      if (character == '\n') return std::unexpected(Error::bare_line_feed);
      if ((static_cast<unsigned char>(character) < 0x20 && character != '\t') ||
          character == 0x7f) {
        return std::unexpected(Error::invalid_chunk_extension);
      }
      if (allowance.extension_bytes == 0) return std::unexpected(Error::chunk_extension_too_large);
      --allowance.extension_bytes;
      return false;
    case Part::size_line_feed:
      if (character != '\n') return std::unexpected(Error::bare_carriage_return);
      digits_ = 0;
      if (left_ > allowance.content_bytes) return std::unexpected(Error::content_too_large);
      allowance.content_bytes -= left_;
      part_ = left_ == 0 ? Part::size : Part::data;
      return left_ == 0;
    case Part::data_carriage_return:
      if (character != '\r') return std::unexpected(Error::missing_chunk_end);
      part_ = Part::data_line_feed;
      return false;
    case Part::data_line_feed:
      if (character != '\n') return std::unexpected(Error::missing_chunk_end);
      part_ = Part::size;
      return false;
    case Part::data: break;  // not framing: `next` takes it whole
  }
  return false;
}

}  // namespace duplex::http1

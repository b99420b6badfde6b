#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace duplex::http {

/// A part of a representation, in bytes; never empty.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

/// What a Range field comes to for a representation of a known size.
class RangeSelection {
 public:
  enum class Kind : std::uint8_t {
    whole,          ///< Ignore the field: it is malformed, of another unit, or asks for too much.
    partial,        ///< Answer 206 with `ranges()`.
    unsatisfiable,  ///< Answer 416: no range has a byte of the representation.
  };

  /// Ranges that one request may ask for. A request for more is answered with the whole
  /// representation (RFC 9110 section 14.2): nobody but an attacker wants hundreds of parts, each
  /// of which costs more than it carries (CVE-2011-3192).
  static constexpr std::size_t count_max = 16;

  Kind kind() const noexcept { return kind_; }
  std::span<const ByteRange> ranges() const noexcept { return {ranges_.data(), count_}; }

 private:
  friend RangeSelection select_ranges(std::string_view value, std::uint64_t size) noexcept;
  void coalesce() noexcept;

  Kind kind_ = Kind::whole;
  std::size_t count_ = 0;
  std::array<ByteRange, count_max> ranges_;
};

/// Resolves the value of a Range field (RFC 9110 section 14.1.2) against a representation of `size`
/// bytes. Ranges without any byte are left out. The rest come in the order asked for, unless some
/// overlap or touch: then all are sorted and joined, so that no byte is sent twice
/// (section 15.3.7.2).
RangeSelection select_ranges(std::string_view value, std::uint64_t size) noexcept;

/// The Content-Range of one part (RFC 9110 section 14.4): `bytes 0-4/10`.
std::string format_content_range(ByteRange range, std::uint64_t size);

/// The Content-Range of a 416: `bytes */10`.
std::string format_unsatisfied_range(std::uint64_t size);

/// What a Content-Range field says.
struct ContentRange {
  /// Which part has come; nullopt in a 416, where none has.
  std::optional<ByteRange> range;
  /// The size of the whole representation; nullopt when its sender doesn't know it.
  std::optional<std::uint64_t> size;
  bool operator==(const ContentRange&) const = default;
};

/// Parses the value of a Content-Range field in bytes (RFC 9110 section 14.4). nullopt for anything
/// else, also for ranges that are empty or exceed the size: a recipient must not put together what
/// it has with what comes then.
std::optional<ContentRange> parse_content_range(std::string_view value) noexcept;

/// What stands before the bytes of each part of multipart/byteranges content (RFC 9110 section
/// 14.6), the first one too: line break, boundary, the part's fields and an empty line.
std::string format_part_head(std::string_view boundary, std::string_view media_type,
                             ByteRange range, std::uint64_t size);

/// What stands behind the last part.
std::string format_multipart_end(std::string_view boundary);

}  // namespace duplex::http

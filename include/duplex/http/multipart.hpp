#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include <duplex/base/bytes.hpp>

namespace duplex::http {

/// What a form may come to, beside the bytes that its content may have.
struct MultipartLimits {
  std::size_t parts_max = 256;
  /// The fields of one part.
  std::size_t part_head_bytes_max = 8 * 1024;
  /// The name of one part, and its file name.
  std::size_t name_bytes_max = 1024;
};

/// Why content is no form of `multipart/form-data`.
enum class MultipartError : std::uint8_t {
  not_multipart,        ///< RFC 7578 section 4: the media type is another
  malformed_boundary,   ///< RFC 2046 section 5.1.1: none, of more than 70 bytes, or of others
  no_delimiter,         ///< RFC 2046 section 5.1.1: no part begins
  incomplete,           ///< RFC 2046 section 5.1.1: no delimiter says that it ends
  malformed_part_head,  ///< RFC 2046 section 5.1, RFC 2183 section 2: what is no field, or is twice
  unnamed_part,        ///< RFC 7578 section 4.2: no Content-Disposition of a form, or no name in it
  part_head_too_long,  ///< `MultipartLimits::part_head_bytes_max`
  name_too_long,       ///< `MultipartLimits::name_bytes_max`
  too_many_parts,      ///< `MultipartLimits::parts_max`
};

/// A sentence, without its full stop, for whoever sent it.
std::string_view describe(MultipartError error) noexcept;

/// One part of a form: a field, or a file. Views of the content.
struct FormPart {
  /// As it was sent, which browsers do with quotes and line breaks percent-encoded (`%22`), others
  /// with a backslash before a quote. The same name may come several times.
  std::string_view name;
  /// The same of a file; nullopt for a field. Never to be used as a path: it is the client's word.
  std::optional<std::string_view> filename;
  /// `text/plain` where nothing is said (RFC 7578 section 4.4).
  std::string_view content_type = "text/plain";
  std::string_view content;

  ConstBytes bytes() const noexcept { return as_bytes(content); }
  bool operator==(const FormPart&) const = default;
};

/// The boundary that the value of a Content-Type field names, a view of it.
std::expected<std::string_view, MultipartError> multipart_boundary(
    std::string_view content_type) noexcept;

/// Reads a form of `multipart/form-data` (RFC 7578) out of content that is there as a whole. Takes
/// no memory, and a time in proportion to the content. What stands before the first part and behind
/// the last one is ignored, and so are a part's other fields: no Content-Transfer-Encoding is
/// undone, and no `filename*` read, which section 4.2 forbids.
class MultipartParser {
 public:
  /// `content` outlives the parser and its parts. `boundary` is `multipart_boundary`'s.
  MultipartParser(std::string_view content, std::string_view boundary,
                  const MultipartLimits& limits = {}) noexcept;

  /// The next part; nullopt at the end of the form. Behind an error there is nothing but that
  /// error.
  std::expected<std::optional<FormPart>, MultipartError> next() noexcept;

 private:
  struct Delimiter {
    std::size_t begin;
    std::size_t end;  // behind its line
    bool last;
  };

  std::optional<Delimiter> find_delimiter(std::string_view text) const noexcept;
  std::expected<FormPart, MultipartError> read_head() noexcept;
  std::expected<std::optional<FormPart>, MultipartError> fail(MultipartError error) noexcept;

  static constexpr std::size_t boundary_bytes_max = 70;

  std::string_view rest_;
  MultipartLimits limits_;
  std::array<char, 4 + boundary_bytes_max> delimiter_;  // with the line break before it
  std::size_t delimiter_bytes_ = 0;
  std::size_t parts_ = 0;
  bool begun_ = false;
  bool over_ = false;
  std::optional<MultipartError> error_;
};

}  // namespace duplex::http

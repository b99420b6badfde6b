#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duplex::http {

/// What `+` means where percent-encoded text is decoded.
enum class Plus : std::uint8_t {
  literal,  ///< Itself, as RFC 3986 has it: in paths.
  space,    ///< A space, as in application/x-www-form-urlencoded: in queries and forms.
};

/// Decodes percent-encoded text (RFC 3986 section 2.1) into bytes, which may be anything, also NUL.
/// nullopt when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::literal);

/// Encodes every byte of `text` that is neither unreserved (RFC 3986 section 2.3: letters, digits
/// and `-._~`) nor in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});

/// Encodes what may not stand in a URI (RFC 3986 appendix A): every byte of `text` that is neither
/// unreserved nor reserved, and each `%` that is not followed by two hexadecimal digits. What is
/// encoded already stays as it is.
std::string percent_encode_uri(std::string_view text);

/// The decoded byte at the front of `text`, which is cut off it. Returns -1 and leaves `text` as it
/// is when there is a bad escape or nothing at all. For comparing without an allocation.
int next_decoded_byte(std::string_view& text) noexcept;

/// Splits a path at its slashes and decodes each segment: `/a/b%20c/` is `a`, `b c` and an empty
/// one. The path must begin with a slash, which is not part of any segment.
///
/// nullopt for what names nothing, or names different things to different readers: bad escapes, an
/// encoded slash or NUL, and the segments `.` and `..` in any spelling. Clients resolve those
/// before they send (RFC 3986 section 5.2.4); one that does not is looking for a way out.
std::optional<std::vector<std::string>> decode_path(std::string_view path);

}  // namespace duplex::http

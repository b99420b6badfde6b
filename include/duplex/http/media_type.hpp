#pragma once

#include <string_view>

namespace duplex::http {

/// The media type of a file by the extension of its name, in any case: `text/html; charset=utf-8`
/// for `a/b.HTML`. Text is said to be UTF-8. `application/octet-stream` for all that is unknown.
/// The text lives for ever.
std::string_view media_type_of(std::string_view file_name) noexcept;

/// `text/html` of `Text/HTML; charset=utf-8`: a media type without its parameters, a view of it.
std::string_view essence_of(std::string_view media_type) noexcept;

}  // namespace duplex::http
